"""How the frameworks that export NIR step their neurons, as data: NIR does not define it and no file says it.

Each row was read in the exporter's source and is compared with the framework's own run in tests/graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snnhw.errors import unknown

Reset = Literal["hard", "subtract", "subtract-late"]
RESETS: dict[Reset, str] = {
    "hard": "to v_reset, 0 where the file has none",
    "subtract": "the threshold is taken off at once",
    "subtract-late": "the threshold is taken off in the next step, after the decay",
}


@dataclass(frozen=True)
class Convention:
    """What one framework does where NIR leaves a choice.

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
    limits: str = ""  # what its files lose, whatever is read


CONVENTIONS: dict[str, Convention] = {
    "nir": Convention("nir"),
    "norse": Convention(
        "norse",
        current="whole",
        reset="hard",
        dt=1e-6,
        limits="its exporter multiplies time constants by its step (0.001) and cannot write recurrence",
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
