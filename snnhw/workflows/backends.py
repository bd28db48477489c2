"""Backends by name, one registry: the same record from each.

torch and lava-float run the float graph, torch-int and lava-fixed Loihi integers, sanafe either; a float graph is
quantised on the way with the calibration samples, by default the inputs themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from snnhw.errors import InputError, unknown
from snnhw.graph.ir import Array, Graph
from snnhw.passes import compile_channels
from snnhw.progress import Progress, counter, staged
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord

Runner = Callable[[Graph, Array, bool, Progress | None], SpikeRecord]


def _torch(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    return simulate(graph, inputs, raster=raster, progress=counter(progress, "torch", len(inputs)))


def _lava(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters.lava.run import RunOptions, run_lava

    return run_lava(graph, inputs, RunOptions(raster=raster), staged(progress, "Lava"))


def _sanafe(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters import exporter

    exporter("sanafe")  # or the reason why it cannot run here
    from snnhw.exporters.sanafe import record

    return record(graph, inputs, raster=raster, progress=counter(progress, "SANA-FE", len(inputs)))


BACKENDS: dict[str, tuple[bool | None, Runner]] = {  # name -> (integers, None for either; run)
    "torch": (False, _torch),
    "torch-int": (True, _torch),
    "lava-float": (False, _lava),
    "lava-fixed": (True, _lava),
    "sanafe": (None, _sanafe),
}


def simulate_on(
    backend: str,
    graph: Graph,
    inputs: Array,
    calibration: Array | None = None,
    *,
    raster: bool = False,
    progress: Progress | None = None,
) -> SpikeRecord:
    """Record of `graph` on a backend.

    Args:
        backend: a key of BACKENDS.
        graph: float or integer graph.
        inputs: [N, *shape] or [N, T, *shape].
        calibration: fixes the scales if integers are asked for and the graph is in floats; asks sanafe for integers.
        raster: keep every spike.
        progress: called with the backend's name, samples finished, samples in all.

    Raises:
        InputError: there is no such backend, or it cannot run this graph.
    """
    if backend not in BACKENDS:
        raise unknown("backend", backend, BACKENDS)
    integers, run = BACKENDS[backend]
    if graph.is_integer and integers is False:
        raise InputError(f"Graph {graph.name!r} is in Loihi integers; use the backend torch-int or lava-fixed.")
    wanted = calibration is not None if integers is None else integers
    if wanted and not graph.is_integer:
        graph = compile_loihi(graph, inputs if calibration is None else calibration).graph
    elif backend == "lava-float":
        graph = compile_channels(graph)
    return run(graph, inputs, raster, progress)
