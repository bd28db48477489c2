"""Who else runs Loihi integers, beside Lava: programs that share no code with the engine and outlive one another.

One registry, by the names that `snnhw verify --with` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from snnhw.errors import unknown
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Graph
from snnhw.progress import Progress, counter
from snnhw.rules.ways import NENGO_LOIHI, C, Way
from snnhw.simulation.compare import Backend
from snnhw.simulation.record import SpikeRecord

LAVA_BITS = 24  # of a current; what Lava adds up on the way there has as many as it needs
Found = list[Finding]


@dataclass(frozen=True)
class Witness:
    """A program that runs integer graphs: what it refuses, and how it runs them."""

    title: str  # of its stage
    way: Way
    run: Callable[[Graph, Array, Found, Progress | None], SpikeRecord]  # with rasters; findings are added


def _nengo_loihi(graph: Graph, inputs: Array, told: Found, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters.nengo_loihi.run import run_nengo_loihi
    from snnhw.exporters.nengo_loihi.session import ACCUMULATOR_BITS, RegisterError

    tick = counter(progress, "nengo-loihi", len(inputs))
    try:
        return run_nengo_loihi(graph, inputs, raster=True, progress=tick)
    except RegisterError:
        message = (
            f"what synapses send in a step leaves the {ACCUMULATOR_BITS} bits of nengo-loihi's accumulator on these "
            f"samples; it ran with {LAVA_BITS}, all else as it is"
        )
        told.append(Finding("wide-accumulator", "info", "", message, "take it as equal but for that register"))
    return run_nengo_loihi(graph, inputs, raster=True, accumulator_bits=LAVA_BITS)


def _c(graph: Graph, inputs: Array, told: Found, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters.c.run import run_c

    return run_c(graph, inputs, raster=True)


WITNESSES: dict[str, Witness] = {
    "nengo-loihi": Witness("nengo-loihi", NENGO_LOIHI, _nengo_loihi),
    "c": Witness("C", C, _c),
}


def check_witnesses(names: tuple[str, ...]) -> None:
    """Nothing, where all are known.

    Raises:
        InputError: one is not.
    """
    for name in names:
        if name not in WITNESSES:
            raise unknown("witness", name, WITNESSES)


def witness_backend(name: str, graph: Graph, told: Found, progress: Progress | None = None) -> Backend:
    """A witness as one side of a comparison; what is to be said of its runs is added to `told`."""
    witness = WITNESSES[name]
    return once(Backend(witness.title, lambda inputs, _: witness.run(graph, inputs, told, progress), False))


@dataclass
class _Last:
    inputs: Array | None = None
    membranes: bool = False
    record: SpikeRecord | None = field(default=None, repr=False)


def once(backend: Backend) -> Backend:
    """The backend, which does not run again on the samples that it has run on last: two stages are compared with it."""
    last = _Last()

    def run(inputs: Array, membranes: bool) -> SpikeRecord:
        known = last.inputs is not None and np.array_equal(last.inputs, inputs) and last.membranes == membranes
        if last.record is None or not known:
            last.inputs, last.membranes, last.record = inputs, membranes, backend.run(inputs, membranes)
        return last.record

    return replace(backend, run=run)
