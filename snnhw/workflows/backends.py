"""Backends by name, one registry: the same record from each.

torch and lava-float run the float graph, torch-int, lava-fixed, nengo-loihi and c Loihi integers, rram these on
crossbars of ideal devices, sanafe either; a float graph is quantised on the way with the calibration samples, by
default the inputs themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from snnhw.errors import InputError, unknown
from snnhw.graph.assumptions import CALIBRATED_ON_INPUT
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Graph
from snnhw.progress import Progress, counter, staged
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import LAVA, NENGO_LOIHI, RRAM, C, check_run, compiled
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import current_device
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


def _nengo_loihi(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters.nengo_loihi.run import run_nengo_loihi

    return run_nengo_loihi(graph, inputs, raster=raster, progress=counter(progress, "nengo-loihi", len(inputs)))


def _c(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    from snnhw.exporters.c.run import run_c

    return run_c(graph, inputs, raster=raster)


def _rram(graph: Graph, inputs: Array, raster: bool, progress: Progress | None) -> SpikeRecord:
    from snnhw.analysis.crossbar.array import load_crossbar
    from snnhw.analysis.crossbar.mapping import map_crossbars
    from snnhw.analysis.crossbar.network import simulate_on_crossbars

    mapping = map_crossbars(graph, load_crossbar("rram"))
    return simulate_on_crossbars(mapping, inputs, raster=raster, progress=counter(progress, "rram", len(inputs)))


BACKENDS: dict[str, tuple[bool | None, Runner]] = {  # name -> (integers, None for either; run)
    "torch": (False, _torch),
    "torch-int": (True, _torch),
    "lava-float": (False, _lava),
    "lava-fixed": (True, _lava),
    "sanafe": (None, _sanafe),
    "nengo-loihi": (True, _nengo_loihi),
    "c": (True, _c),
    "rram": (True, _rram),
}
# what their graphs pass
WAYS = {"lava-float": LAVA, "lava-fixed": LAVA, "nengo-loihi": NENGO_LOIHI, "c": C, "rram": RRAM}
AS_DEPLOYED = ("torch",)  # the others compile every graph to K channels


def use_of_deployment(backend: str, deployment: str) -> None:
    """Nothing, where `backend` runs a graph as it is deployed.

    Raises:
        InputError: it runs K channels whatever the deployment.
    """
    if deployment != "channels" and backend in BACKENDS and backend not in AS_DEPLOYED:
        raise InputError(f"The backend {backend} runs K channels, whatever the deployment; leave --deployment out.")


def graph_for(
    backend: str, graph: Graph, inputs: Array, calibration: Array | None = None
) -> tuple[Graph, tuple[Finding, ...]]:
    """What a backend runs in place of `graph`, and what is to be said of integers that were made for it.

    Args:
        backend: a key of BACKENDS.
        graph: float or integer graph.
        inputs: [N, *shape] or [N, T, *shape].
        calibration: fixes the scales where integers are asked for and the graph is in floats; asks sanafe for integers.

    Raises:
        InputError: there is no such backend, it cannot run this graph, or the graph has nothing to calibrate.
    """
    if backend not in BACKENDS:
        raise unknown("backend", backend, BACKENDS)
    integers, run = BACKENDS[backend]
    if run is not _torch and current_device().type != "cpu":
        raise InputError(f"The backend {backend} runs on the CPU alone; leave --device out.")
    told: tuple[Finding, ...] = ()
    if calibration is not None and integers is False:
        raise InputError(f"The backend {backend} runs floats, which no samples calibrate; leave --calibrate out.")
    if graph.is_integer and integers is False:
        raise InputError(f"Graph {graph.name!r} is in Loihi integers; use the backend torch-int or lava-fixed.")
    wanted = calibration is not None if integers is None else integers
    if calibration is not None or (wanted and not graph.is_integer):
        made = compile_loihi(graph, inputs if calibration is None else calibration)
        graph, told = made.graph, made.findings
        if calibration is None:
            told = (on_themselves(f"the {len(inputs)} samples that ran"), *told)
    if backend in WAYS:
        graph = compiled(graph, WAYS[backend])
    elif backend == "torch-int":
        check_run(graph)
    return graph, told


def on_themselves(samples: str) -> Finding:
    """That samples which run are among those that said how large values become."""
    message = f"the integers were calibrated on {samples}, which flatters them"
    return Finding(
        CALIBRATED_ON_INPUT, "warning", "", message, "give --calibrate DATA:train, other samples of its kind"
    )


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
        calibration: as for `graph_for`.
        raster: keep every spike.
        progress: called with the backend's name, samples finished, samples in all.

    Raises:
        InputError: as `graph_for`.
    """
    ready, _ = graph_for(backend, graph, inputs, calibration)
    return run_on(backend, ready, inputs, raster=raster, progress=progress)


def run_on(
    backend: str, ready: Graph, inputs: Array, *, raster: bool = False, progress: Progress | None = None
) -> SpikeRecord:
    """Record of a graph that `graph_for` made ready for a backend."""
    _, run = BACKENDS[backend]
    return run(ready, inputs, raster, progress)
