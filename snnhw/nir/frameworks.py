"""What each framework does with NIR, said once: how its importer runs a file, how its neurons step in one it wrote.

NIR defines  tau dv/dt = (v_leak - v) + R I  and no time step, so both ways differ: on the step, on R, on the threshold
and on the reset. A `Dialect` is the set of choices that makes one importer right (each read in the importer's source
and measured by running it; see docs/conformance.md); a `Convention` is how one exporter's neurons step (compared with
the framework's own run in tests/nir/test_frameworks.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snnhw.errors import unknown
from snnhw.graph.firing import Reset


@dataclass(frozen=True)
class Dialect:
    """Choices for one importer.

    `form`: "euler" r = tau/dt, so the input enters unscaled; "euler_r1" r = 1, so the membrane is scaled by 1 - decay;
    "exponential" decay = exp(-dt/tau), and r is ignored.
    """

    name: str
    dt: float  # seconds, or steps where the importer knows no seconds
    form: Literal["euler", "euler_r1", "exponential"]
    fires_at_threshold: bool = False  # fires at u >= theta: the next float32 above is written
    uniform: bool = True  # wants one value for all neurons of a node
    single: bool = False  # takes one element for all neurons of a node, not an array of their shape
    writes_reset: bool = True  # False: is installed with nir 1.0.4, whose reader breaks on the field v_reset
    branches: bool = True  # runs graphs that are no chain
    resets_elsewhere: bool = False  # honours v_reset and v_leak other than 0
    unknown: tuple[str, ...] = ()  # NIR types that it cannot load
    limits: str = ""  # what the importer cannot do, whatever is written


DIALECTS: dict[str, Dialect] = {
    "snntorch": Dialect(
        "snntorch",
        1e-4,
        "euler",
        unknown=("Delay", "LI", "Scale"),
        limits="reset its state between samples with snntorch.utils.reset",
    ),
    "spikingjelly": Dialect(
        "spikingjelly",
        1e-4,
        "euler",
        fires_at_threshold=True,
        unknown=("CubaLIF", "Delay", "LI", "Scale"),
        limits="pass the state from step to step, or use step_mode='m'",
    ),
    "norse": Dialect(
        "norse",
        1e-4,
        "euler_r1",
        uniform=False,
        unknown=("Delay", "LI", "Scale"),
        limits="its own from_nir loses branches and pools; run its cells through nirtorch.nir_to_torch with dt=1e-4",
    ),
    "sinabs": Dialect(
        "sinabs",
        1.0,
        "exponential",
        fires_at_threshold=True,
        single=True,
        writes_reset=False,
        unknown=("AvgPool2d", "CubaLIF", "Delay", "LI", "Scale"),
        branches=False,
        limits="nir.read(path, type_check=False), then reset_fn=MembraneReset() and spike_fn=SingleSpike in its LIFs",
    ),
}
DEFAULT_DIALECT = "snntorch"


def dialect_named(name: str) -> Dialect:
    """The dialect called `name`.

    Raises:
        InputError: there is none; the names that exist are listed.
    """
    if name not in DIALECTS:
        raise unknown("NIR dialect", name, DIALECTS)
    return DIALECTS[name]


RESETS: dict[Reset, str] = {
    "hard": "to v_reset, 0 where the file has none",
    "subtract": "the threshold is taken off at once",
    "subtract-late": "the threshold is taken off in the next step, after the decay",
    "none": "the membrane stays as it is",
}


@dataclass(frozen=True)
class Convention:
    """What one framework does where NIR leaves a choice.

    It stands here only if its exporter or its own run has been looked at: of lava-dl, Nengo and spyx it has not.

    `form`: "euler" decay = 1 - dt/tau, the input times R dt/tau; "exponential" decay = exp(-dt/tau), R is ignored.
    `current`: what one unit of input adds to the synaptic current of a CubaLIF: "written" w_in dt/tau_syn (by form),
    "whole" 1, "decayed" exp(-dt/tau_syn).
    """

    name: str
    form: Literal["euler", "exponential"] = "euler"
    current: Literal["written", "whole", "decayed"] = "written"
    reset: Reset | None = None  # None: what the file says
    fires_at_threshold: bool = False  # fires at u >= theta
    dt: float | None = None  # in the unit in which it writes time constants, where that is fixed
    dt_below: float = float("inf")  # that dt holds only where all time constants are below this
    r_holds_dt: bool = False  # its files say dt: r = 1/dt of an integrator, r = tau/dt of a leaky one unless r = 1
    limits: str = ""  # what its files lose, whatever is read

    @property
    def differences(self) -> tuple[str, ...]:
        """In what it departs from the forward Euler step of NIR's equations, as parts of a sentence."""
        said = (
            (self.fires_at_threshold, "it fires at v >= v_threshold"),
            (self.reset is not None, f"it resets by {self.reset!r}"),
            (self.form == "exponential", "it decays by exp(-dt/tau) and ignores r"),
            (self.current != "written", "it does not scale the input of a CubaLIF by w_in dt/tau_syn"),
            (self.dt is not None, f"its time step is {self.dt:g}" if self.dt else ""),
        )
        return tuple(text for differs, text in said if differs)


CONVENTIONS: dict[str, Convention] = {
    "nir": Convention("nir"),
    "norse": Convention(
        "norse",
        current="whole",
        reset="hard",
        dt=1e-6,
        dt_below=1e-3,
        limits="norse 1.1.0 multiplies time constants by its step (0.001), so those up to 1 s lie below it; others "
        "write seconds, and then dt is asked for; it cannot write recurrence",
    ),
    "rockpool": Convention(
        "rockpool",
        form="exponential",
        current="decayed",
        reset="subtract",
        fires_at_threshold=True,
        limits="its exporter drops recurrent weights and biases; several spikes in one step become one",
    ),
    "sinabs": Convention(
        "sinabs",
        form="exponential",
        reset="subtract",
        fires_at_threshold=True,
        dt=1.0,
        limits="for norm_input=False; its default MultiSpike may send several spikes in one step, which become one",
    ),
    "spikingjelly": Convention(
        "spikingjelly",
        fires_at_threshold=True,
        r_holds_dt=True,
        limits="its exporter writes v_reset=None, a subtraction, as a hard reset to 0; give --reset subtract for that",
    ),
    "snntorch": Convention(
        "snntorch",
        reset="subtract-late",
        dt=1e-4,
        limits='for its default reset; give --reset hard for Leaky and RLeaky with reset_mechanism="zero"; the zero '
        "reset of Synaptic and RSynaptic also loses the next step's input and cannot be read",
    ),
}
DEFAULT_CONVENTION = "nir"


def convention_named(name: str) -> Convention:
    """The convention called `name`.

    Raises:
        InputError: there is none; the names that exist are listed.
    """
    if name not in CONVENTIONS:
        raise unknown("framework", name, CONVENTIONS)
    return CONVENTIONS[name]


def reset_named(name: str | None) -> Reset | None:
    """The reset called `name`; None stays None.

    Raises:
        InputError: there is none; those that exist are listed.
    """
    for known in RESETS:
        if name == known:
            return known
    if name is None:
        return None
    raise unknown("reset", name, RESETS)
