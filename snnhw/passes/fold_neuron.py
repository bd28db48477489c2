"""Pass: what neurons have of their own beside a decay and a threshold, into weights, biases and states to start from.

Of LIF neurons and of currents (LI) that synapses feed, in this order, each exact up to rounding:
    gain g         into the weights and biases of the synapses; where the input is the current, w = u / g
    v_reset r      w = u - r:  w = d*w + x + leak - (1 - d)*r;  w > theta - r;  w = 0 where s;  w starts r lower
    bias b of i    c = b/(1 - d),  j = i - c:  j = d*j + x, which starts c lower;  the neuron leaks c more
    leak           into the bias of a synapse, where it is the same for a channel and there is no current between
What does not fit stays as it is: a gain that differs within a channel, a current that something else reads too.
Membranes that are recorded are those of w, which is u - v_reset.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.currents import current_before, feeding
from snnhw.graph.ir import LI, LIF, SYNAPSES, Array, Graph, Input, Node, Synapse


def fold_neuron(graph: Graph) -> Graph:
    """Graph whose LIF neurons are plain where their synapses, or a state to start from, can take the rest."""
    for levels in graph.units().values():
        neurons = [n for n in levels if isinstance(n, LIF)]
        if len(neurons) == len(levels):
            graph = _folded(graph, neurons)
    return graph


def _folded(graph: Graph, neurons: list[LIF]) -> Graph:
    current, synapses = current_before(graph, neurons[0]), _own_synapses(graph, neurons)
    names = {n.name for n in neurons}
    shared = current is not None and any(edge.target not in names for edge in graph.out_of(current.name))
    neurons = [_reset_to_zero(n) for n in neurons]
    if all(isinstance(graph.nodes[e.source], Input) for n in neurons for e in graph.into(n.name)):
        neurons = [_scaled_down(n) for n in neurons]
    if synapses and not shared:
        synapses, current, neurons = _gain(synapses, current, neurons)
        if current is None:
            synapses, neurons = _leak(synapses, neurons)
        else:
            synapses, current, neurons = _bias_of_current(synapses, current, neurons)
    changed: dict[str, Node] = {n.name: n for n in (*synapses, *neurons, *([] if current is None else [current]))}
    return graph.replace(nodes=[changed.get(n.name, n) for n in graph.nodes.values()])


def _own_synapses(graph: Graph, neurons: list[LIF]) -> list[Synapse]:
    """The synapses that feed these neurons, or their current, if nothing else feeds them and they nothing else."""
    into = feeding(graph, neurons[0])
    fed = {n.name for n in neurons} | {edge.target for edge in into}
    sources = [graph.nodes[edge.source] for edge in into]
    found = [s for s in sources if isinstance(s, SYNAPSES) and {e.target for e in graph.out_of(s.name)} <= fed]
    once = all(e.gain == 1 for e in into) and len({s.name for s in found}) == len(into)
    return found if once else []


def _reset_to_zero(node: LIF) -> LIF:
    if node.reset != "hard" or not np.any(node.v_reset):
        return node
    rest, decay = np.asarray(node.v_reset, np.float64), np.asarray(node.decay, np.float64)
    return dataclasses.replace(
        node,
        leak=_number(node.leak - (1 - decay) * rest),
        threshold=_number(node.threshold - rest),
        start=_number(node.start - rest),
        v_reset=0.0,
    )


def _scaled_down(node: LIF) -> LIF:
    """The neuron in membranes of u / gain, where the input is its current and no weights could take the gain."""
    gain = np.asarray(node.gain, np.float64)
    if node.has_unit_gain or not (gain > 0).all():
        return node
    return dataclasses.replace(
        node,
        gain=1.0,
        threshold=_number(node.threshold / gain),
        leak=_number(node.leak / gain),
        v_reset=_number(node.v_reset / gain),
        start=_number(node.start / gain),
    )


def _gain(
    synapses: list[Synapse], current: LI | None, neurons: list[LIF]
) -> tuple[list[Synapse], LI | None, list[LIF]]:
    """A current passes on what it takes, so the gain of the neuron behind it is one in front of it and of its leak."""
    same = all(np.array_equal(np.broadcast_to(n.gain, n.shape), np.broadcast_to(neurons[0].gain, n.shape))
               for n in neurons)  # fmt: skip
    total = np.asarray(neurons[0].gain, np.float64) * (1.0 if current is None else np.asarray(current.gain))
    gain = _per_channel(total, neurons[0].shape)
    if not same or gain is None or (gain == 1).all():
        return synapses, current, neurons
    scaled = [
        dataclasses.replace(
            s,
            weight=s.weight.astype(np.float64) * gain.reshape((-1,) + (1,) * (s.weight.ndim - 1)),
            bias=None if s.bias is None else s.bias.astype(np.float64) * gain,
        )
        for s in synapses
    ]
    if current is not None:
        behind = np.asarray(neurons[0].gain, np.float64)
        leak, start = _number(current.leak * behind), _number(current.start * behind)
        current = dataclasses.replace(current, gain=1.0, leak=leak, start=start)
    return scaled, current, [dataclasses.replace(n, gain=1.0) for n in neurons]


def _leak(synapses: list[Synapse], neurons: list[LIF]) -> tuple[list[Synapse], list[LIF]]:
    leaks = [_per_channel(np.asarray(n.leak, np.float64), n.shape) for n in neurons]
    leak = leaks[0]
    if leak is None or not leak.any() or not all(other is not None and (other == leak).all() for other in leaks):
        return synapses, neurons
    bias = leak if synapses[0].bias is None else synapses[0].bias.astype(np.float64) + leak
    first = dataclasses.replace(synapses[0], bias=bias)
    return [first, *synapses[1:]], [dataclasses.replace(n, leak=0.0) for n in neurons]


def _bias_of_current(synapses: list[Synapse], current: LI, neurons: list[LIF]) -> tuple[list[Synapse], LI, list[LIF]]:
    along = (-1,) + (1,) * (len(current.shape) - 1)
    bias = np.asarray(current.leak, np.float64)
    for synapse in synapses:
        if synapse.bias is not None:
            bias = bias + synapse.bias.astype(np.float64).reshape(along)
    kept = np.asarray(current.decay, np.float64)
    plain = np.all(np.asarray(current.gain) == 1) and all(n.has_unit_gain for n in neurons)
    if not bias.any() or (kept >= 1).any() or not plain:
        return synapses, current, neurons
    summed = np.broadcast_to(bias / (1 - kept), current.shape)
    return (
        [dataclasses.replace(s, bias=None) for s in synapses],
        dataclasses.replace(current, leak=0.0, start=_number(current.start - summed)),
        [dataclasses.replace(n, leak=_number(n.leak + summed)) for n in neurons],
    )


def _per_channel(values: Array, shape: tuple[int, ...]) -> Array | None:
    """[C], None where the values differ within a channel."""
    rows = np.broadcast_to(values, shape).reshape(shape[0], -1)
    return rows[:, 0].copy() if (rows == rows[:, :1]).all() else None


def _number(values: Array) -> float | Array:
    """A number where there is one value, else the array."""
    return float(values) if np.ndim(values) == 0 else np.array(values)
