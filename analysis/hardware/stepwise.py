"""A decomposed graph run in the time of a chip: every synapse costs one step, neurons update where there is a cause.

Follows the LIF of SANA-FE 2.2.9 (`leaky_integrate_fire`): v <- trunc(64 * decay * v) / 64, then + bias + input, fires
if v > threshold, hard reset to 0. A neuron-step counts as updated if v was not zero, an event arrived or a bias is set.
Integer graphs keep Loihi's units (v is the membrane over 64); float graphs are scaled by `FLOAT_SCALE`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, SYNAPSES, Array, Conv2d, Graph, Linear, LoihiLIF, Neuron, Node, Readout, Synapse
from snnhw.graph.loihi import DECAY_ONE, UNITS_PER_WEIGHT
from snnhw.simulation.synapses import apply_node, product_dtype

QUANTUM = 64.0
AT_A_TIME = 64  # steps that go through a synapse together
FLOAT_SCALE = 1024.0  # weights and thresholds times this, so that 1/64 steps of the membrane do no harm


@dataclass(frozen=True)
class Compartment:
    """Parameters of one population as the chip knows them."""

    threshold: Array | float
    decay: float
    bias: Array  # of the population's shape, synapse biases included


@dataclass(frozen=True)
class Activity:
    """What happened in `steps` steps; the arrays are [steps, *shape]."""

    steps: int
    spikes: dict[str, npt.NDArray[np.uint8]]  # input, neurons and read-out
    updates: dict[str, npt.NDArray[np.bool_]]  # neurons and read-out: which had a cause to update
    arrivals: dict[str, npt.NDArray[np.int32]]  # neurons and read-out: events that the spikes of the step send there

    @property
    def updated(self) -> int:
        """Neuron-steps that updated, inputs not included."""
        return sum(int(found.sum()) for found in self.updates.values())

    def sent(self, name: str) -> npt.NDArray[np.int64]:
        """Spikes per neuron."""
        total: npt.NDArray[np.int64] = self.spikes[name].sum(axis=0, dtype=np.int64)
        return total


def populations(graph: Graph) -> tuple[str, ...]:
    """Neuron nodes and the read-out (an accumulator that never fires), in graph order."""
    return tuple(n.name for n in graph.nodes.values() if isinstance(n, (Neuron, Readout)))


def synapses_into(graph: Graph, name: str) -> tuple[Node | None, ...]:
    """Synapse nodes that feed a population; None stands for spikes that arrive without one."""
    found = [graph.nodes[edge.source] for edge in graph.into(name)]
    return tuple(dict.fromkeys(node if isinstance(node, SYNAPSES) else None for node in found))


def compartment(graph: Graph, name: str, image: Array | None) -> Compartment:
    """Parameters of population `name`.

    Args:
        graph: decomposed, no pools.
        name: a neuron node or the read-out.
        image: analogue input [*shape], constant over time, which turns into a bias of the first layer.

    Raises:
        InputError: the neuron is of a kind that has no counterpart.
    """
    node = graph.nodes[name]
    bias = np.zeros(node.shape)
    if image is not None and graph.is_integer:
        image = graph.input.coded(np.asarray(image))
    if image is not None and (gain := _gain_of_input(graph, name)):  # the input itself is a current
        bias += image * gain
    for synapse in synapses_into(graph, name):
        if synapse is None:
            continue
        x = torch.zeros(1, 1, *graph.nodes[graph.into(synapse.name)[0].source].shape, dtype=torch.float64)
        if image is not None and (gain := _gain_of_input(graph, synapse.name)):
            x = torch.as_tensor(image * gain, dtype=torch.float64)[None, None]
        bias += apply_node(synapse, x)[0, 0].numpy()
    if isinstance(node, Readout):
        return Compartment(np.inf, 1.0, bias)
    if isinstance(node, LoihiLIF) and node.resets_to_zero and node.has_one_decay and not node.current_lasts:
        bias += np.broadcast_to(node.bias, node.shape) / UNITS_PER_WEIGHT
        return Compartment(node.threshold, float(np.ravel(node.kept)[0]) / DECAY_ONE, bias)
    if isinstance(node, LIF) and node.has_one_decay and node.is_plain:
        return Compartment(node.threshold, node.one_decay, bias)
    raise InputError(
        f"Neuron {name!r} is no hard-reset LIF with unit gain and one decay; run the graph of "
        "compile_channels, or replace it."
    )


def _gain_of_input(graph: Graph, name: str) -> int:
    """How many times the input enters a node; 0 where none of its edges comes from there."""
    return sum(edge.gain for edge in graph.into(name) if edge.source == graph.input.name)


def run_stepwise(graph: Graph, inputs: Array, steps: int, *, zeros: bool = False) -> Activity:
    """Run one sample.

    Args:
        graph: decomposed, no pools left (pipeline LOIHI_CHANNELS), float or integer.
        inputs: an analogue image [*shape], held for all steps, or binary events [T, *shape], then silence.
        steps: of the chip's time.
        zeros: synapses of weight zero are stored and take events, so they wake their neurons too.
    """
    analog = graph.input.levels is None
    quantum = QUANTUM * (1.0 if graph.is_integer else FLOAT_SCALE)
    sent: dict[str, Tensor] = {}  # 0 and 1, [steps, *shape]
    if not analog:
        given = torch.as_tensor(np.asarray(inputs[:steps], dtype=np.float32))
        sent[graph.input.name] = torch.cat([given, torch.zeros(steps - len(given), *graph.input.shape)])
    updates, arrivals, kept = {}, {}, populations(graph)
    for name in (name for name in graph.order() if name in kept):  # spikes are late by a step: no population waits
        own = compartment(graph, name, inputs if analog else None)
        current, events = _arriving(graph, name, sent, steps, zeros)
        sent[name], updates[name] = _steps(own, _later(current), _later(events) > 0, quantum)
        arrivals[name] = events.to(torch.int32).numpy()
    spikes = {name: found.to(torch.uint8).numpy() for name, found in sent.items()}
    return Activity(steps, spikes, updates, arrivals)


def _steps(own: Compartment, current: Tensor, touched: Tensor, quantum: float) -> tuple[Tensor, npt.NDArray[np.bool_]]:
    """Spikes [steps, *shape] of one population, and which of its neurons had a cause to update."""
    bias, threshold = torch.as_tensor(own.bias), torch.as_tensor(own.threshold)
    v, spikes, updated = torch.zeros_like(bias), torch.zeros(current.shape), touched | (bias != 0)
    for step, arriving in enumerate(current):
        updated[step] |= v != 0
        v = (v * own.decay * quantum).trunc() / quantum + bias + arriving
        fired = v > threshold
        v = v.masked_fill(fired, 0.0)
        spikes[step] = fired
    return spikes, updated.numpy()


def _later(found: Tensor) -> Tensor:
    """The same a step later: what a step sends arrives in the next."""
    return torch.cat([torch.zeros_like(found[:1]), found[:-1]])


def _arriving(graph: Graph, name: str, sent: Mapping[str, Tensor], steps: int, zeros: bool) -> tuple[Tensor, Tensor]:
    """What the spikes of each step make at a population: current without biases, and events [steps, *shape]."""
    shape = (steps, *graph.nodes[name].shape)
    current, events = torch.zeros(shape, dtype=torch.float64), torch.zeros(shape)
    for edge in graph.into(name):
        node = graph.nodes[edge.source]
        if isinstance(node, Conv2d | Linear):
            into = [e for e in graph.into(node.name) if e.source in sent]
            if into:
                spikes = sum((sent[e.source] for e in into), torch.zeros(()))
                weighted = sum((sent[e.source] * e.gain for e in into), torch.zeros(()))
                current += _applied(*_weighted(graph, node), weighted)
                events += _applied(_present(node, zeros), torch.float32, spikes).round()
        elif edge.source in sent:
            current += sent[edge.source] * edge.gain
            events += sent[edge.source]
    return current, events


def _applied(node: Synapse, dtype: torch.dtype, spikes: Tensor) -> Tensor:
    """A synapse on the spikes of all steps, some steps at a time."""
    parts = [apply_node(node, part.to(dtype)[:, None])[:, 0] for part in spikes.split(AT_A_TIME)]
    return torch.cat(parts)


def _weighted(graph: Graph, node: Synapse) -> tuple[Synapse, torch.dtype]:
    """The synapse node without its bias, and the type in which its products are exact enough."""
    dtype = product_dtype(graph, node.name) if graph.is_integer else torch.float64
    weight = node.weight.astype(np.float32 if dtype == torch.float32 else np.float64)
    return dataclasses.replace(node, weight=weight, bias=None), dtype


def _present(node: Synapse, zeros: bool) -> Synapse:
    """The synapse node with weight 1 wherever a synapse is stored, without its bias."""
    weight = np.ones(node.weight.shape) if zeros else node.weight != 0
    return dataclasses.replace(node, weight=weight.astype(np.float32), bias=None)
