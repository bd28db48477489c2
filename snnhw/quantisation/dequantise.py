"""The inverse of `quantise`: a float graph with exactly the values that the integers stand for.

Takes the float graph and its quantisation; weights become w*gain/s, biases and thresholds theirs over s. For single
layers it measures the loss of each; for all of them it is the start of fine-tuning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.currents import current_before, feeding
from snnhw.graph.ir import LIF, MLF, SYNAPSES, Array, Conv2d, Graph, Linear, LoihiLIF, MaxPool, Neuron, Node
from snnhw.graph.loihi import DECAY_ONE, UNITS_PER_WEIGHT
from snnhw.quantisation.quantise import Quantised


def dequantise(graph: Graph, quantised: Quantised, layers: Collection[str] | None = None) -> Graph:
    """`graph` with the values of the integers in `layers`.

    Args:
        graph: floats, multi-level or decomposed, with the synapses of the integer graph.
        quantised: its integers.
        layers: units, or the synapse of the read-out; all by default.

    Raises:
        InputError: the graph is not the one that was quantised.
    """
    nodes: dict[str, Node] = dict(graph.nodes)
    units, integer_units = graph.units(), quantised.graph.units()
    for layer, scale in quantised.scales.items():
        if layers is not None and layer not in layers:
            continue
        if layer in integer_units and layer not in units and graph.of_type(MaxPool):
            continue  # neurons of a max pool, which has no numbers
        if layer in units and layer in integer_units:
            neurons = [n for n in integer_units[layer] if isinstance(n, LoihiLIF)]
            current = current_before(graph, units[layer][0])
            bias = neurons[0].bias.reshape(len(scale), -1)[:, 0] / (UNITS_PER_WEIGHT * scale)
            names = [e.source for e in feeding(graph, units[layer][0]) if e.source != graph.input.name]
            own = _with_thresholds(units[layer], neurons, scale)
            if current is not None:
                kept, start = neurons[0].current_kept / DECAY_ONE, _in_floats(neurons[0].current_start, scale, current)
                nodes[current.name] = dataclasses.replace(current, decay=kept, start=start)
            if current is not None or any(isinstance(n, LIF) and np.any(n.leak) for n in units[layer]):
                bias = np.zeros(1)  # it is in the neurons
                own = [
                    dataclasses.replace(n, leak=_in_floats(whole.bias, scale, n)) if isinstance(n, LIF) else n
                    for n, whole in zip(own, neurons, strict=True)
                ]
            nodes.update({n.name: n for n in own})
        else:
            names = [layer]
            offset = getattr(quantised.graph.nodes.get(layer), "bias", None)
            bias = np.zeros(1) if offset is None else offset / scale
        for position, name in enumerate(names):
            nodes[name] = _synapse(graph, quantised, name, scale, bias if position == 0 else None)
    nodes[graph.input.name] = quantised.graph.input  # the values that enter are for the caller to round
    return graph.replace(nodes=[nodes[name] for name in graph.nodes])


def _synapse(graph: Graph, quantised: Quantised, name: str, scale: Array, bias: Array | None) -> Node:
    node, integers = graph.nodes.get(name), quantised.graph.nodes.get(name)
    if not (isinstance(node, Conv2d | Linear) and isinstance(integers, SYNAPSES)):
        raise InputError(f"Synapse {name!r} is not in both graphs; dequantise the graph that was quantised.")
    from_input = any(e.source == graph.input.name for e in graph.into(name))
    gain = float(quantised.graph.input.scale or 1.0) if from_input else 1.0
    weight = integers.weight * gain / np.reshape(scale, (-1,) + (1,) * (integers.weight.ndim - 1))
    wide = None if bias is None else np.broadcast_to(bias, (len(weight),)).copy()
    return dataclasses.replace(node, weight=weight, bias=wide)


def _with_thresholds(nodes: tuple[Neuron, ...], integers: list[LoihiLIF], scale: Array) -> list[Node]:
    """The neurons with thresholds vth/s, decays 1 - dv/4096 and what a spike takes off.

    An MLF node has one threshold for all channels and keeps its own where s differs.
    """
    along = np.reshape(scale, (-1,) + (1,) * (len(integers[0].shape) - 1))
    # spikes need v > 64*vth in integers: half a unit above, no rounding of floats decides
    values = [(n.threshold + 0.5 / UNITS_PER_WEIGHT) / along for n in integers]
    if len(nodes) == 1 and isinstance(nodes[0], MLF):
        uniform, decay = bool((scale == scale[0]).all()), float(np.ravel(integers[0].kept)[0]) / DECAY_ONE
        own = tuple(float(v.flat[0]) for v in values) if uniform else nodes[0].thresholds
        return [dataclasses.replace(nodes[0], thresholds=own, decay=decay)]
    one = [float(v.flat[0]) if (v == v.flat[0]).all() else v for v in values]
    lifs = [n for n in nodes if isinstance(n, LIF)]
    return [_lif(n, v, whole, scale) for n, v, whole in zip(lifs, one, integers, strict=True)]


def _lif(node: LIF, theta: float | Array, whole: LoihiLIF, scale: Array) -> LIF:
    soft = whole.reset == "subtract"
    return dataclasses.replace(
        node,
        threshold=theta,
        decay=whole.kept / DECAY_ONE,
        start=_in_floats(whole.start, scale, node),
        v_reset=theta - _in_floats(whole.taken_off, scale, node) if soft else node.v_reset,
    )


def _in_floats(units: int | Array, scale: Array, node: Node) -> float | Array:
    """A state or a bias in membrane units as the float that it stands for, an array of the node's shape if not 0."""
    if not np.any(units):
        return 0.0
    along = np.reshape(scale, (-1,) + (1,) * (len(node.shape) - 1))
    values: Array = np.broadcast_to(np.asarray(units) / (UNITS_PER_WEIGHT * along), node.shape).copy()
    return values
