"""How the neurons of each framework step, for files that it wrote: `--written-by`.

NIR leaves open how a step is taken, what one unit of input adds, where a membrane starts, whether it fires at the
threshold, and what a reset takes off when. Each choice here is read in the exporter's source and held to the
framework's own run (benchmarks/conformance/foreign.py, docs/foreign.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snnhw.errors import InputError, unknown
from snnhw.graph.firing import Reset

Form = Literal["euler", "euler-whole", "exponential"]
StepInR = Literal["", "tau/dt", "1 - dt/tau", "tau exp(-dt/tau)/dt"]

RESETS: dict[Reset, str] = {
    "hard": "to v_reset, 0 where the file has none, in the step of the spike",
    "subtract": "the threshold is taken off at once, before the decay of the next step",
    "subtract-late": "the threshold is taken off in the next step, after the decay",
    "none": "the membrane stays as it is",
}


@dataclass(frozen=True)
class Convention:
    """What one framework does where NIR leaves a choice. It stands here only if its exporter has been looked at.

    Attributes:
        name: of the framework, as `--written-by` takes it.
        form: "euler" decay = 1 - dt/tau, the input times R dt/tau; "euler-whole" the same decay, the input whole;
            "exponential" decay = exp(-dt/tau), the input whole.
        current: what one unit of input adds to the current of a CubaLIF: "written" w_in dt/tau_syn (by form), "whole"
            1, "decayed" exp(-dt/tau_syn); the last holds for leaky integrators without spikes too.
        reset: of membranes; None is what the file says.
        reset_of_currents: of the membrane of a CubaLIF, where it is another one.
        fires_at_threshold: fires at u >= theta.
        fires_late: what a neuron sends arrives one step after its membrane has crossed.
        starts_at: the field that holds the membrane before the first step; "" starts at 0.
        dt: in the unit in which it writes time constants, where that is fixed, or where r tells nothing.
        dt_below: that dt holds only where all time constants are below this.
        step_in_r: what r holds, from which dt follows; r = 1/dt of an integrator with "tau/dt".
        channels_last: its matrices behind a flatten take height, width, channels in this order.
        feeds_recurrence: its exporter leads the input of a recurrent layer into the recurrent weights.
        sums_padding: it writes the zeros of both sides of a pool as those of one.
        readout: how networks trained with it are usually read; the mean over time is taken, whatever stands here.
        lost: arguments of its neurons that its files do not hold, so that no reader can be right about them.
        several: its neurons may send several spikes in one step unless told otherwise; here they send one.
        beware: what else its users should know.
    """

    name: str
    form: Form = "euler"
    current: Literal["written", "whole", "decayed"] = "written"
    reset: Reset | None = None
    reset_of_currents: Reset | None = None
    fires_at_threshold: bool = False
    fires_late: bool = False
    starts_at: Literal["", "v_reset", "v_leak"] = ""
    dt: float | None = None
    dt_below: float = float("inf")
    step_in_r: StepInR = ""
    channels_last: bool = False
    feeds_recurrence: bool = False
    sums_padding: bool = False
    readout: str = ""
    lost: tuple[str, ...] = ()
    several: bool = False
    beware: str = ""

    @property
    def limits(self) -> str:
        """What the reader cannot know or do, in one sentence."""
        lost = f"its files do not hold {', '.join(self.lost)}" if self.lost else ""
        several = "several spikes in one step become one" if self.several else ""
        return "; ".join(text for text in (lost, several, self.beware) if text)

    @property
    def differences(self) -> tuple[str, ...]:
        """In what it departs from the forward Euler step of NIR's equations, as parts of a sentence."""
        said = (
            (self.fires_at_threshold, "it fires at v >= v_threshold"),
            (self.reset is not None, f"it resets by {self.reset!r}"),
            (self.form == "exponential", "it decays by exp(-dt/tau) and ignores r"),
            (self.form == "euler-whole", "it ignores r"),
            (self.current != "written", "it does not scale the input of a CubaLIF by w_in dt/tau_syn"),
            (self.fires_late, "its spikes come one step later"),
            (bool(self.starts_at), f"its membranes start at {self.starts_at}"),
            (self.channels_last, "its matrices behind a flatten read channels last"),
            (self.feeds_recurrence, "the input of its recurrent layers does not pass the recurrent weights"),
            (self.dt is not None, f"its time step is {self.dt:g}" if self.dt else ""),
        )
        return tuple(text for differs, text in said if differs)


CONVENTIONS: dict[str, Convention] = {
    "nir": Convention("nir"),
    "lava-dl": Convention(
        "lava-dl",
        reset="hard",
        fires_late=True,
        dt=1e-4,
        readout="spike count",
        lost=("delay_shift", "delays of axons", "graded_spike"),
        beware="written by NIR's example lava_to_nir.py; spikes reach the next block one step later unless it was made "
        "with delay_shift=False: then give --written-by nir --dt 0.0001; its states are cut to multiples of 1/4096 in "
        "every step, so spikes may differ where decays are no powers of two; weights of its convolutions are 64 times "
        "too large",
    ),
    "norse": Convention(
        "norse",
        current="whole",
        reset="hard",
        starts_at="v_leak",
        dt=1e-6,
        dt_below=1e-3,
        readout="largest or last membrane of a leaky integrator",
        lost=("v_reset", "reset_method", "recurrence"),
        beware="norse 1.1.0 multiplies time constants by its step (0.001), so those up to 1 s lie below it; others "
        "write seconds, and then dt is asked for; for reset_method=reset_subtract give --reset subtract",
    ),
    "rockpool": Convention(
        "rockpool",
        form="exponential",
        current="decayed",
        reset="subtract",
        fires_at_threshold=True,
        step_in_r="tau exp(-dt/tau)/dt",
        readout="sum of spikes, or the last value of ExpSynTorch",
        lost=("recurrent weights", "bias of neurons", "noise_std", "max_spikes_per_dt"),
        several=True,
    ),
    "sinabs": Convention(
        "sinabs",
        form="exponential",
        reset="subtract",
        fires_at_threshold=True,
        dt=1.0,
        readout="sum of spikes",
        lost=("norm_input", "tau_syn", "min_v_mem", "reset_fn", "spike_fn"),
        several=True,
        beware="norm_input is True unless a LIF is made with norm_input=False, and spikes are several by default "
        "(MultiSpike); for MembraneReset give --reset hard",
    ),
    "spikingjelly": Convention(
        "spikingjelly",
        fires_at_threshold=True,
        starts_at="v_reset",
        step_in_r="tau/dt",
        readout="mean of spikes",
        beware="it writes no v_reset=None; give --reset subtract for files of other releases that did",
    ),
    "snntorch": Convention(
        "snntorch",
        reset="subtract-late",
        dt=1e-4,
        readout="spike count",
        lost=("inhibition", "graded_spikes_factor", "reset_mechanism", "reset_delay", "sums of two layers"),
        beware='for its default reset; give --reset hard for Leaky and RLeaky with reset_mechanism="zero", none for '
        '"none", subtract for reset_delay=False, which is right while membranes stay below twice the threshold; the '
        "zero reset of Synaptic and RSynaptic also loses the next step's input and cannot be read",
    ),
    "spyx": Convention(
        "spyx",
        form="euler-whole",
        current="whole",
        reset="subtract-late",
        reset_of_currents="subtract",
        fires_late=True,
        dt=1.0,
        step_in_r="1 - dt/tau",
        channels_last=True,
        feeds_recurrence=True,
        sums_padding=True,
        readout="sum of spikes",
        lost=("dilation", "groups"),
        beware="dt is 1 unless its exporter was given another, which r tells",
    ),
}
DEFAULT_CONVENTION = "nir"

UNREADABLE: dict[str, str] = {
    "nengo": "nengo has no exporter of its own, and the one in NIR's examples (nir-lorentz.py) loses how its LIF "
    "steps: what remains of a step after a spike goes on charging the membrane in the next, and spikes are 1/dt high. "
    "No neuron here does so; read the file by NIR's equations with --written-by nir and its step, usually --dt 0.001, "
    "and expect other spikes."
}


def convention_named(name: str) -> Convention:
    """The convention called `name`.

    Raises:
        InputError: there is none; the names that exist are listed, and where a known one is missing, why.
    """
    if name in UNREADABLE:
        raise InputError(f"Files of {name!r} cannot be stepped as {name} does: {UNREADABLE[name]}")
    if name not in CONVENTIONS:
        raise unknown("framework", name, CONVENTIONS)
    return CONVENTIONS[name]


def reset_named(name: str | None) -> Reset | None:
    """The reset called `name`; None stays None.

    Raises:
        InputError: there is no such reset; those that exist are listed.
    """
    for known in RESETS:
        if name == known:
            return known
    if name is None:
        return None
    raise unknown("reset", name, RESETS)
