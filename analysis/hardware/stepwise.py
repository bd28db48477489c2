"""A decomposed graph run in the time of a chip: every synapse costs one step, neurons update where there is a cause.

Follows the LIF of SANA-FE 2.2.9 (`leaky_integrate_fire`): v <- trunc(64 * decay * v) / 64, then + bias + input, fires
if v > threshold, hard reset to 0. A neuron-step counts as updated if v was not zero, an event arrived or a bias is set.
Integer graphs keep Loihi's units (v is the membrane over 64); float graphs are scaled by `FLOAT_SCALE`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from snnhw.analysis.counting.fanout import with_every_synapse
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, SYNAPSES, Array, Conv2d, Graph, Input, Linear, LoihiLIF, Neuron, Node, Readout, Synapse
from snnhw.graph.loihi import DECAY_ONE, UNITS_PER_WEIGHT
from snnhw.simulation.synapses import apply_node

QUANTUM = 64.0
FLOAT_SCALE = 1024.0  # weights and thresholds times this, so that 1/64 steps of the membrane do no harm


@dataclass(frozen=True)
class Compartment:
    """Parameters of one population as the chip knows them."""

    threshold: Array | float
    decay: float
    bias: Array  # of the population's shape, synapse biases included


@dataclass(frozen=True)
class Activity:
    """What happened in `steps` steps."""

    steps: int
    spikes: dict[str, npt.NDArray[np.uint8]]  # input, neurons and read-out: [steps, *shape]
    updated: int  # neuron-steps, inputs not included

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
    listed = {node.name: _listed(node, zeros) for node in graph.nodes.values() if isinstance(node, Conv2d | Linear)}
    analog = graph.input.levels is None
    fed = {name: compartment(graph, name, inputs if analog else None) for name in populations(graph)}
    state = {name: torch.zeros(c.bias.shape, dtype=torch.float64) for name, c in fed.items()}
    silent = {n.name: torch.zeros(n.shape, dtype=torch.float64) for n in graph.nodes.values() if _sends(n)}
    quantum = QUANTUM * (1.0 if graph.is_integer else FLOAT_SCALE)
    before, updated = dict(silent), 0
    spikes: dict[str, list[npt.NDArray[np.uint8]]] = {name: [] for name in (*silent, *fed)}
    for step in range(steps):
        now = dict(silent)
        if not analog and step < len(inputs):
            now[graph.input.name] = torch.as_tensor(inputs[step], dtype=torch.float64)
        for name, c in fed.items():
            current, touched = _arriving(graph, name, before, listed)
            bias = torch.as_tensor(c.bias)
            v = state[name]
            updated += int(((v != 0) | touched | (bias != 0)).sum())
            v = (v * c.decay * quantum).trunc() / quantum + bias + current
            fired = v > torch.as_tensor(c.threshold)
            state[name] = v.masked_fill(fired, 0.0)
            now[name] = fired.double()
        for name, value in now.items():
            spikes[name].append(value.to(torch.uint8).numpy())
        before = now
    return Activity(steps, {name: np.stack(found) for name, found in spikes.items()}, updated)


def _sends(node: Node) -> bool:
    return isinstance(node, Neuron) or (isinstance(node, Input) and node.levels is not None)


def _arriving(
    graph: Graph, name: str, sent: dict[str, Tensor], listed: dict[str, tuple[Synapse, Synapse]]
) -> tuple[Tensor, Tensor]:
    """Current [*shape] and whether any event arrived [*shape]; biases are not part of it."""
    shape = graph.nodes[name].shape
    current, touched = torch.zeros(shape, dtype=torch.float64), torch.zeros(shape, dtype=torch.bool)
    for edge in graph.into(name):
        if edge.source in listed:
            weighted, present = listed[edge.source]
            spikes = [sent[e.source] * e.gain for e in graph.into(edge.source) if e.source in sent]
            if any(bool(x.any()) for x in spikes):
                x = sum(spikes, torch.zeros(()))[None, None]
                current = current + apply_node(weighted, x)[0, 0]
                touched |= apply_node(present, (x > 0).double())[0, 0] > 0
        elif edge.source in sent:
            current = current + sent[edge.source] * edge.gain
            touched |= sent[edge.source] > 0
    return current, touched


def _listed(node: Synapse, zeros: bool) -> tuple[Synapse, Synapse]:
    """The synapse node without its bias, and with weight 1 wherever a synapse is stored."""
    present = with_every_synapse(node).weight if zeros else (node.weight != 0).astype(np.float64)
    return dataclasses.replace(node, bias=None), dataclasses.replace(node, weight=present, bias=None)
