"""The reference engine: runs a feed-forward graph layer by layer, all time steps of a batch at once.

Takes a graph (floats, or Loihi integers) and inputs; gives a `SpikeRecord`. Integers follow Lava's fixed-point models
bit for bit. The K channels of a decomposed unit share one current and are stepped together. Recurrent graphs go step by
step (`recurrent.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.gates.memory import check_size, max_bytes
from snnhw.graph.ir import Array, Conv2d, Graph, Input, MaxPool, Neuron, Product, Readout
from snnhw.simulation.events import Packed, convolve_events
from snnhw.simulation.execution import SINGLE, Execution, exact_products
from snnhw.simulation.firing import fire
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.plan import Step, plan_of
from snnhw.simulation.products import meetings, products_of_spikes
from snnhw.simulation.record import Keep, Meetings, SpikeRecord, UnitRecord, event_record, levels_of, outputs_of
from snnhw.simulation.recurrent import is_recurrent, run_recurrent
from snnhw.simulation.synapses import TEMPORAL, apply_node, logits_of, wrap_sum

BYTES_PER_VALUE = 8  # of float64, in which integers run
NEAR_BYTES = 2**25  # of the largest node: the allocator gives larger pieces back, to be zeroed again


def simulate(
    graph: Graph,
    inputs: Array,
    *,
    raster: bool = False,
    membranes: bool = False,
    execution: Execution = SINGLE,
    progress: Callable[[int], None] | None = None,
) -> SpikeRecord:
    """Run `graph` on every sample.

    Args:
        graph: neurons are MLF, LIF or LoihiLIF; every loop passes through a Delay.
        inputs: [N, *input.shape], repeated over the time steps, or [N, T, *input.shape].
        raster: keep every spike, uint8 [N, T, K, *shape] per unit.
        membranes: keep every membrane before the reset, [N, T, K, *shape] per unit.
        execution: precision of float graphs, device and batch size.
        progress: called with the number of samples finished in each batch.

    Raises:
        InputError: the inputs do not fit the graph, or are not finite, or one sample does not fit the memory.
    """
    record: SpikeRecord | None = None
    for batch in simulate_in_batches(graph, inputs, raster=raster, membranes=membranes, execution=execution):
        record = batch if record is None else record.merge(batch)
        if progress:
            progress(batch.samples)
    if record is None:
        raise InputError("There are no samples to simulate; give inputs with at least one.")
    return record


def simulate_in_batches(
    graph: Graph,
    inputs: Array,
    *,
    raster: bool = False,
    membranes: bool = False,
    execution: Execution = SINGLE,
) -> Iterator[SpikeRecord]:
    """Records of the samples that run together, one batch after the other; `simulate` merges them.

    Whoever needs sums alone, or rasters of a few samples at a time, keeps memory small with it. Arguments and errors
    are those of `simulate`, but for no samples there is no record.
    """
    frames = check_inputs(graph, inputs)
    recurrent, stepped = is_recurrent(graph), has_steps(graph, inputs)
    plan, keep = plan_of(graph, loops=recurrent), Keep(raster, membranes)
    run = run_recurrent if recurrent else partial(_run, packed={})
    together = samples_together(graph, execution)
    for start in range(0, len(frames), together):
        with exact_products(execution.place):
            batch = run(graph, plan, frames[start : start + together], execution, keep)
        yield replace(batch, stepped=stepped)


def check_sample(graph: Graph) -> int:
    """Bytes that the values of the largest node take in one sample.

    Raises:
        InputError: they are more than the memory allows.
    """
    sample = graph.timesteps * max(node.size for node in graph.nodes.values()) * BYTES_PER_VALUE
    check_size(sample, f"One sample of {graph.timesteps} time steps")
    return sample


def samples_together(graph: Graph, execution: Execution = SINGLE) -> int:
    """Samples that run together: those asked for, or fewer where the values of the largest node take too much.

    On the CPU too much is more than its caches and the allocator hold on to, elsewhere what fills the memory.
    """
    sample = check_sample(graph)
    most = min(max_bytes(), NEAR_BYTES) if execution.on_cpu else max_bytes()
    return max(1, min(execution.batch_size, most // sample))


@dataclass
class _State:
    """Values of one batch while it runs."""

    values: dict[str, Tensor] = field(default_factory=dict)
    sums: dict[tuple[tuple[str, int], ...], Tensor] = field(default_factory=dict)  # residual sums used more than once
    units: dict[str, UnitRecord] = field(default_factory=dict)
    raster: dict[str, Array] = field(default_factory=dict)
    membranes: dict[str, Array] = field(default_factory=dict)
    outputs: dict[str, Array] = field(default_factory=dict)  # logits of each read-out
    products: dict[str, Meetings] = field(default_factory=dict)  # of each product of two spike tensors
    entered: int = 0  # memory of the input, which may be the caller's array


@torch.no_grad()
def _run(
    graph: Graph, plan: tuple[Step, ...], frames: Array, execution: Execution, keep: Keep, packed: Packed
) -> SpikeRecord:
    state, steps, of_spikes = _State(), graph.timesteps, products_of_spikes(graph)
    for step in plan:
        node, dtype = step.nodes[0], execution.dtype_of(step.dtype)
        if isinstance(node, Input):
            state.values[node.name] = entered = _enter(graph, node, frames, dtype, execution.place)
            state.entered = entered.untyped_storage().data_ptr()
            if node.levels is not None:
                state.units[node.name] = event_record(frames, node.levels, steps)
            continue
        x = _arriving(state, step, dtype)
        if isinstance(node, Neuron):
            _fire(state, step, x, steps, keep)
        elif isinstance(node, Readout):
            logits = logits_of(node, x.expand(steps, *x.shape[1:]), steps)
            state.outputs[node.name] = (logits.round().to(torch.int64) if graph.is_integer else logits).cpu().numpy()
        else:
            if isinstance(node, TEMPORAL):
                x = x.expand(steps, *x.shape[1:])
            y = _applied(step, x, execution, packed)
            state.values[step.name] = wrap_sum(y) if step.wraps else y
            if isinstance(node, Product) and node.name in of_spikes:
                state.products[node.name] = meetings(graph, node, x, steps)
            if isinstance(node, MaxPool | Product) and graph.signal(node.name).kind == "spikes":
                _pooled(state, node, y, graph.signal(node.name).levels, steps, keep)
        for value in step.last_use:
            state.values.pop(value, None)
            for key in [k for k in state.sums if any(name == value for name, _ in k)]:
                del state.sums[key]
    first, several = outputs_of(graph, state.outputs)
    return SpikeRecord(
        len(frames), steps, state.units, first, state.raster, state.membranes, several, products=state.products
    )


def _applied(step: Step, x: Tensor, execution: Execution, packed: Packed) -> Tensor:
    node = step.nodes[0]
    if (y := execution.computed(node, x)) is not None:
        return y
    return convolve_events(node, x, packed) if step.events and isinstance(node, Conv2d) else apply_node(node, x)


def _enter(graph: Graph, node: Input, frames: Array, dtype: torch.dtype, device: torch.device) -> Tensor:
    values = node.coded(frames) if graph.is_integer else frames
    # a static input stays one step long up to the first neuron, so that the first layer runs once
    return torch.as_tensor(values).to(dtype=dtype, device=device).transpose(0, 1)


def _arriving(state: _State, step: Step, dtype: torch.dtype) -> Tensor:
    known = max((n for n in range(2, len(step.sources) + 1) if step.sources[:n] in state.sums), default=0)
    total = state.sums[step.sources[:known]].to(dtype) if known else None
    for name, gain in step.sources[known:]:
        value = state.values[name].to(dtype)
        value = value if gain == 1 else value * gain
        total = value if total is None else total + value
    if total is None:
        raise InputError(f"Nothing arrives at {step.name!r}; connect it or remove it.")
    if len(step.sources) > 1:
        state.sums[step.sources] = total
    return total


def _fire(state: _State, step: Step, x: Tensor, steps: int, keep: Keep) -> None:
    neurons = [n for n in step.nodes if isinstance(n, Neuron)]
    alone = len(step.sources) == 1 and step.sources[0] == (step.last_use[0] if step.last_use else "", 1)
    ours = x.untyped_storage().data_ptr() != state.entered
    fired = fire(neurons, x, steps, channels=step.levels_used, keep=keep, overwrite=alone and ours)
    state.values[step.name] = fired.sent
    state.values.update(zip((n.name for n in neurons), fired.channels, strict=False))
    state.units[step.name] = fired.record
    if fired.raster is not None:
        state.raster[step.name] = fired.raster
    if fired.membranes is not None:
        state.membranes[step.name] = fired.membranes


def _pooled(state: _State, node: MaxPool | Product, y: Tensor, levels: int, steps: int, keep: Keep) -> None:
    """The spikes that a pool or a product sends are recorded as those of an input: no unit sends them."""
    sent = y.transpose(0, 1).cpu().numpy()
    state.units[node.name] = event_record(sent, levels, steps)
    if keep.raster:
        state.raster[node.name] = levels_of(sent, levels, steps)
