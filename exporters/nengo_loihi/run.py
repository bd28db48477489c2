"""Running an integer graph in nengo-loihi's emulator, out of process: `run_nengo_loihi(graph, inputs) -> SpikeRecord`.

Takes a graph in Loihi integers; the worker runs it under a time limit, and nothing of it is left, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np

from snnhw.errors import InputError
from snnhw.exporters.nengo_loihi.lower import lower
from snnhw.exporters.nengo_loihi.session import ACCUMULATOR_BITS, TIMEOUT_S, Session, session
from snnhw.graph.ir import SYNAPSES, Array, Graph
from snnhw.rules.ways import NENGO_LOIHI, compiled
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.record import SpikeRecord, event_record, unit_record


def run_nengo_loihi(
    graph: Graph,
    inputs: Array,
    *,
    raster: bool = False,
    accumulator_bits: int = ACCUMULATOR_BITS,
    timeout_s: float = TIMEOUT_S,
    within: Session | None = None,
    progress: Callable[[int], None] | None = None,
) -> SpikeRecord:
    """Record of an integer graph, the same as from every backend; its emulator shows no membranes.

    Args:
        graph: in Loihi integers.
        inputs: [N, *shape], repeated over the time steps, or [N, T, *shape], before they are coded as integers.
        raster: keep every spike, uint8 [N, T, K, *shape] per unit.
        accumulator_bits: of the register in which what synapses send a neuron in a step is added up. nengo-loihi has
            22, Lava none; 24, those of the current, are enough for every graph that is not refused.
        timeout_s: wall time after which the run is given up.
        within: a worker that runs already; by default one is started.
        progress: called with the number of samples that have finished since the last call.

    Raises:
        InputError: the graph or the inputs do not fit, or there is no interpreter.
        RegisterError: a register would have wrapped.
        NengoLoihiError: the emulator failed or ran out of time.
    """
    ready = compiled(graph, NENGO_LOIHI)
    circuit, frames = lower(ready), check_inputs(ready, inputs)
    if not len(frames):
        raise InputError("There are no samples to run; give inputs with at least one.")
    coded = ready.input.coded(frames).astype(np.int32).reshape(*frames.shape[:2], -1)
    with session() if within is None else nullcontext(within) as worker:
        arrays = worker.run(circuit, coded, accumulator_bits, timeout_s, progress)
    rasters = {unit: _raster(arrays, [(n.name, n.shape) for n in nodes]) for unit, nodes in ready.units().items()}
    units = {unit: unit_record(fired) for unit, fired in rasters.items()}
    if ready.input.levels is not None:
        units = {ready.input.name: event_record(frames, ready.input.levels, ready.timesteps), **units}
    logits = read_out(ready, np.sum([value for name, value in arrays.items() if name.startswith("read/")], axis=0))
    stepped = has_steps(graph, inputs)
    return SpikeRecord(len(frames), ready.timesteps, units, logits, rasters if raster else {}, stepped=stepped)


def _raster(arrays: dict[str, Array], levels: list[tuple[str, tuple[int, ...]]]) -> Array:
    """uint8 [N, T, K, *shape] of a unit."""
    fired = []
    for name, shape in levels:
        bits = np.unpackbits(arrays[f"spikes/{name}"], axis=-1, count=int(np.prod(shape)))
        fired.append(bits.reshape(*bits.shape[:2], *shape))
    return np.stack(fired, axis=2)


def read_out(graph: Graph, arrived: Array) -> Array:
    """Logits int64 [N, *shape] of what arrived at the read-out in each step, [N, T, size], and of biases before it."""
    import torch

    from snnhw.simulation.synapses import logits_of

    node = graph.readout
    values = arrived.reshape(*arrived.shape[:2], *node.shape).astype(np.float64)
    for edge in graph.into(node.name):
        source = graph.nodes[edge.source]
        if isinstance(source, SYNAPSES) and source.bias is not None:
            values += edge.gain * source.bias.reshape((-1,) + (1,) * (len(node.shape) - 1))
    logits = logits_of(node, torch.as_tensor(values).transpose(0, 1), graph.timesteps)
    found: Array = logits.round().to(torch.int64).numpy()
    return found
