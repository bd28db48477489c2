"""Recurrent graphs, step by step: every loop passes through a Delay, which sends what arrived in earlier steps.

Takes the plan in causal order; gives the same record as the layer-by-layer engine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import LI, NEURONS, Array, Delay, Graph, Input, Readout
from snnhw.simulate.frames import quantise_input
from snnhw.simulate.neurons import Steps, step_unit
from snnhw.simulate.plan import Step
from snnhw.simulate.record import SpikeRecord, unit_record
from snnhw.simulate.synapses import apply_node, leaky_step, logits_of


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
    membranes: list[Tensor] = field(default_factory=list)


@torch.no_grad()
def run_recurrent(
    graph: Graph,
    plan: tuple[Step, ...],
    frames: Array,
    dtype: torch.dtype,
    device: str,
    raster: bool,
    membranes: bool,
) -> SpikeRecord:
    """Record of one batch [B, 1 or T, *shape]."""
    values = quantise_input(graph.input, frames) if graph.is_integer else frames
    x = torch.as_tensor(values).to(dtype=torch.float64 if graph.is_integer else dtype, device=device).transpose(0, 1)
    x = x.expand(graph.timesteps, *x.shape[1:])
    units: dict[str, _Fed] = {}
    history: dict[str, list[Tensor]] = {}  # what arrived at each Delay
    integrated: dict[str, Tensor] = {}  # v of each LI
    outputs: list[Tensor] = []
    for t in range(graph.timesteps):
        sent: dict[str, Tensor] = {}
        for step in plan:
            node = step.nodes[0]
            if isinstance(node, Input):
                sent[node.name] = x[t]
            elif isinstance(node, Delay):
                sent[node.name] = _late(node, history.get(node.name, []), x[t])
            elif isinstance(node, NEURONS):
                _fire(step, units, _arriving(step, sent), sent)
            elif isinstance(node, LI):
                current = _arriving(step, sent)
                v = integrated.get(node.name, torch.zeros_like(current))
                sent[node.name] = integrated[node.name] = leaky_step(node, v, current)
            elif isinstance(node, Readout):
                outputs.append(_arriving(step, sent))
            else:
                sent[node.name] = apply_node(node, _arriving(step, sent)[None])[0]
        for step in plan:
            if isinstance(step.nodes[0], Delay):
                history.setdefault(step.name, []).append(_arriving(step, sent))
    logits = logits_of(graph.readout, torch.stack(outputs), graph.timesteps)
    rasters = {name: _samples_first(torch.stack(unit.spikes)).astype(np.uint8) for name, unit in units.items()}
    return SpikeRecord(
        len(frames),
        graph.timesteps,
        {name: unit_record(spikes) for name, spikes in rasters.items()},
        (logits.round().to(torch.int64) if graph.is_integer else logits).cpu().numpy(),
        rasters if raster else {},
        {name: _samples_first(torch.stack(unit.membranes)) for name, unit in units.items()} if membranes else {},
    )


def _arriving(step: Step, sent: dict[str, Tensor]) -> Tensor:
    terms = [sent[name] * gain for name, gain in step.sources]
    if not terms:
        raise InputError(f"Nothing arrives at {step.name!r}; connect it or remove it.")
    total: Tensor = sum(terms[1:], terms[0])
    return total


def _fire(step: Step, units: dict[str, _Fed], current: Tensor, sent: dict[str, Tensor]) -> None:
    if step.name not in units:
        waiting: deque[Tensor] = deque()
        neurons = [n for n in step.nodes if isinstance(n, NEURONS)]
        units[step.name] = _Fed(waiting, step_unit(neurons, _drained(waiting)))
    unit = units[step.name]
    unit.waiting.append(current)
    spikes, potentials = next(unit.steps)
    unit.spikes.append(torch.stack(spikes))
    unit.membranes.append(torch.stack(potentials))
    sent[step.name] = unit.spikes[-1].sum(dim=0).to(current.dtype)
    if step.levels_used:
        sent.update({n.name: s.to(current.dtype) for n, s in zip(step.nodes, spikes, strict=True)})


def _drained(waiting: deque[Tensor]) -> Iterator[Tensor]:
    while waiting:
        yield waiting.popleft()


def _late(node: Delay, arrived: list[Tensor], like: Tensor) -> Tensor:
    """What arrived `steps` steps ago, per neuron; zeros before the first step."""
    steps = torch.as_tensor(node.steps, device=like.device)
    out = like.new_zeros((len(like), *node.shape))
    for late in sorted({int(n) for n in steps.flatten()}):
        if late <= len(arrived):
            out = torch.where(steps == late, arrived[-late], out)
    return out


def _samples_first(stacked: Tensor) -> Array:
    """[T, K, N, *shape] -> [N, T, K, *shape]."""
    moved: Array = stacked.permute(2, 0, 1, *range(3, stacked.dim())).contiguous().cpu().numpy()
    return moved
