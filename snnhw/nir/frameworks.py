"""What each framework does with NIR, said once: how its importer runs a file, how its neurons step in one it wrote.

NIR defines  tau dv/dt = (v_leak - v) + R I  and no time step, so both ways differ: on the step, on R, on the threshold
and on the reset. A `Dialect` is the set of choices that makes one importer right (each read in the importer's source
and measured by running it; see docs/conformance.md); a `Convention`, in `snnhw.nir.conventions`, is how one exporter's
neurons step (compared with the framework's own run; see docs/foreign.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snnhw.errors import unknown
from snnhw.graph.firing import Reset
from snnhw.nir.conventions import (
    CONVENTIONS,
    DEFAULT_CONVENTION,
    RESETS,
    Convention,
    convention_named,
    reset_named,
)

__all__ = [
    "CONVENTIONS",
    "DEFAULT_CONVENTION",
    "DEFAULT_DIALECT",
    "DIALECTS",
    "RESETS",
    "Convention",
    "Dialect",
    "Reset",
    "convention_named",
    "dialect_named",
    "reset_named",
]


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
