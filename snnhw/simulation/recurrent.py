"""Recurrent graphs, step by step: every loop passes through a late Delay, which sends its input of earlier steps.

Takes the plan in causal order; gives the same record as the layer-by-layer engine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import LI, Array, Delay, Graph, Input, MaxPool, Neuron, Product, Readout
from snnhw.simulation.execution import Execution
from snnhw.simulation.neurons import Steps, step_unit
from snnhw.simulation.plan import Step
from snnhw.simulation.products import meetings, products_of_spikes
from snnhw.simulation.record import Keep, Meetings, SpikeRecord, event_record, levels_of, outputs_of, unit_record
from snnhw.simulation.synapses import apply_node, before_first_step, leaky_step, logits_of, wrap_sum


def is_recurrent(graph: Graph) -> bool:
    """True when the graph has a loop through a Delay.

    Raises:
        InputError: it has a loop without one.
    """
    if not graph.of_type(Delay):
        return False
    try:
        graph.order()
    except InputError:
        graph.order(loops=True)
        return True
    return False


@dataclass
class _Fed:
    """A unit that is given its current one step at a time."""

    waiting: deque[Tensor]
    steps: Steps
    spikes: list[Tensor] = field(default_factory=list)  # [K, B, *shape] of every step
    membranes: list[Tensor] = field(default_factory=list)  # the same, on request


@torch.no_grad()
def run_recurrent(
    graph: Graph,
    plan: tuple[Step, ...],
    frames: Array,
    execution: Execution,
    keep: Keep,
) -> SpikeRecord:
    """Record of one batch [B, 1 or T, *shape]."""
    values = graph.input.coded(frames) if graph.is_integer else frames
    dtype = torch.float64 if graph.is_integer else execution.dtype
    x = torch.as_tensor(values).to(dtype=dtype, device=execution.place).transpose(0, 1)
    x = x.expand(graph.timesteps, *x.shape[1:])
    units: dict[str, _Fed] = {}
    history = {n.name: deque[Tensor](maxlen=_memory(n, graph.timesteps)) for n in graph.of_type(Delay)}
    integrated: dict[str, Tensor] = {}  # v of each LI
    outputs: dict[str, list[Tensor]] = {readout.name: [] for readout in graph.readouts}
    passing = ((n.name, graph.signal(n.name)) for n in graph.of_type(MaxPool, Product))
    pools = {name: signal for name, signal in passing if signal.kind == "spikes"}
    met: dict[str, list[Meetings]] = {name: [] for name in products_of_spikes(graph)}
    pooled: dict[str, list[Tensor]] = {name: [] for name in pools}
    for t in range(graph.timesteps):
        sent: dict[str, Tensor] = {}
        for step in plan:
            node = step.nodes[0]
            if isinstance(node, Input):
                sent[node.name] = x[t]
            elif isinstance(node, Delay):
                now = x[t] if node.late else _arriving(step, sent)
                sent[node.name] = _delayed(node, history[node.name], now)
            elif isinstance(node, Neuron):
                _fire(step, units, _arriving(step, sent), sent, keep.membranes)
            elif isinstance(node, LI):
                current = _arriving(step, sent)
                v = integrated.get(node.name)
                v = before_first_step(node, current) if v is None else v
                sent[node.name] = integrated[node.name] = leaky_step(node, v, current)
            elif isinstance(node, Readout):
                outputs[node.name].append(_arriving(step, sent))
            else:
                arrived = _arriving(step, sent)[None]
                computed = execution.computed(node, arrived)
                y = (apply_node(node, arrived) if computed is None else computed)[0]
                if isinstance(node, Product) and node.name in met:
                    met[node.name].append(meetings(graph, node, arrived, 1))
                sent[node.name] = wrap_sum(y) if step.wraps else y
                if node.name in pooled:
                    pooled[node.name].append(y)
        for step in plan:
            if step.name in history:
                history[step.name].append(_arriving(step, sent))
    sums = {node.name: logits_of(node, torch.stack(outputs[node.name]), graph.timesteps) for node in graph.readouts}
    logits, several = outputs_of(
        graph, {name: (x.round().to(torch.int64) if graph.is_integer else x).cpu().numpy() for name, x in sums.items()}
    )
    rasters = {name: _samples_first(torch.stack(unit.spikes)).astype(np.uint8) for name, unit in units.items()}
    for name, pools_sent in pooled.items():
        rasters[name] = levels_of(torch.stack(pools_sent, dim=1).cpu().numpy(), pools[name].levels, graph.timesteps)
    records = {name: unit_record(spikes) for name, spikes in rasters.items()}
    if graph.input.levels is not None:
        records = {graph.input.name: event_record(frames, graph.input.levels, graph.timesteps), **records}
    return SpikeRecord(
        len(frames),
        graph.timesteps,
        records,
        logits,
        rasters if keep.raster else {},
        {name: _samples_first(torch.stack(unit.membranes)) for name, unit in units.items()} if keep.membranes else {},
        several,
        products={name: _in_a_row(steps) for name, steps in met.items()},
    )


def _in_a_row(steps: Sequence[Meetings]) -> Meetings:
    return Meetings(np.concatenate([m.events for m in steps]), np.concatenate([m.synops for m in steps]))


def _arriving(step: Step, sent: dict[str, Tensor]) -> Tensor:
    terms = [sent[name] * gain for name, gain in step.sources]
    if not terms:
        raise InputError(f"Nothing arrives at {step.name!r}; connect it or remove it.")
    total: Tensor = sum(terms[1:], terms[0])
    return total


def _fire(step: Step, units: dict[str, _Fed], current: Tensor, sent: dict[str, Tensor], keep_membranes: bool) -> None:
    if step.name not in units:
        waiting: deque[Tensor] = deque()
        neurons = [n for n in step.nodes if isinstance(n, Neuron)]
        units[step.name] = _Fed(waiting, step_unit(neurons, _drained(waiting)))
    unit = units[step.name]
    unit.waiting.append(current)
    spikes, potentials = next(unit.steps)
    unit.spikes.append(torch.stack(spikes))
    if keep_membranes:
        unit.membranes.append(torch.stack(potentials))
    sent[step.name] = unit.spikes[-1].sum(dim=0).to(current.dtype)
    if step.levels_used:
        sent.update({n.name: s.to(current.dtype) for n, s in zip(step.nodes, spikes, strict=True)})


def _drained(waiting: deque[Tensor]) -> Iterator[Tensor]:
    while waiting:
        yield waiting.popleft()


def _memory(node: Delay, timesteps: int) -> int:
    """Steps of the past that `node` still needs."""
    return min(int(np.max(node.steps)), timesteps)


def _delayed(node: Delay, arrived: Sequence[Tensor], now: Tensor) -> Tensor:
    """The input of `steps` steps ago, per neuron; zeros before the first step, `now` where `steps` is 0."""
    steps = torch.as_tensor(node.steps, device=now.device)
    out = now.new_zeros((len(now), *node.shape))
    for late in np.unique(node.steps).tolist():
        if late <= len(arrived):
            out = torch.where(steps == late, arrived[-late] if late else now, out)
    return out


def _samples_first(stacked: Tensor) -> Array:
    """[T, K, N, *shape] -> [N, T, K, *shape]."""
    moved: Array = stacked.permute(2, 0, 1, *range(3, stacked.dim())).contiguous().cpu().numpy()
    return moved
