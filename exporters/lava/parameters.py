"""Weights, biases and thresholds in the form that Lava's processes take them.

Lava's axes are (W, H, C), its Conv is a true convolution with weights (O, kx, ky, I/groups), so torch's (O, I, kh, kw)
is flipped and transposed. Biases live in the neurons: those of all synapses in front of a neuron are added up. What
Lava cannot hold is refused before (`snnhw.rules.ways.LAVA`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snnhw.exporters.lava.runtime.network import Array
from snnhw.graph.currents import current_before
from snnhw.graph.ir import LIF, SYNAPSES, Conv2d, DType, Graph, Linear, LoihiLIF, Pool, Synapse

Params = dict[str, Any]  # numbers and lists of numbers
Parameters = dict[str, float | Array]  # of neurons, numbers or arrays
Values = tuple[Params, dict[str, Array]]


def to_lava_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(C, H, W) as (W, H, C); (N,) stays."""
    return tuple(reversed(shape))


def conv_parameters(node: Conv2d, arriving: tuple[int, ...], integer: bool) -> Values:
    """Parameters of Lava's Conv."""
    weight = _weights(node, integer)[:, :, ::-1, ::-1].transpose(0, 3, 2, 1)
    params: Params = {
        "in_shape": list(to_lava_shape(arriving)),
        "stride": list(node.stride[::-1]),
        "padding": list(node.padding[::-1]),
        "dilation": list(node.dilation[::-1]),
        "groups": node.groups,
    }
    return params, {"weight": np.ascontiguousarray(weight)}


def dense_parameters(node: Linear, arriving: tuple[int, ...], integer: bool) -> Values:
    """Parameters of Lava's Dense, whose columns are in the order of a flattened (W, H, C) stream."""
    weight = _weights(node, integer)
    axes = tuple(range(len(arriving), 0, -1))
    columns = weight.reshape(-1, *arriving).transpose(0, *axes)
    return {}, {"weight": np.ascontiguousarray(columns.reshape(len(weight), -1))}


def pool_parameters(node: Pool, arriving: tuple[int, ...]) -> Values:
    """Parameters of our Pool."""
    params: Params = {
        "in_shape": list(to_lava_shape(arriving)),
        "kernel": list(node.kernel[::-1]),
        "stride": list(node.stride[::-1]),
        "padding": list(node.padding[::-1]),
        "divisor": node.kernel[0] * node.kernel[1] if node.kind == "avg" else 1,
    }
    return params, {}


def lif_parameters(graph: Graph, node: LIF | LoihiLIF) -> Values:
    """Parameters of Lava's LIF, with the biases of the synapses in front of it; of a soft reset, `taken_off` too."""
    bias: Array
    dtype: DType
    if isinstance(node, LoihiLIF):
        values: Parameters = {"vth": node.threshold, "du": node.du, "dv": node.dv}
        starts: Parameters = {"v_start": node.start, "u_start": node.current_start}
        bias, exponent, dtype = node.bias_mant.astype(np.int16), int(node.bias_exp), np.dtype(np.int32)
    else:
        current = current_before(graph, node)
        kept = np.asarray(0.0 if current is None else current.decay)
        values = {"vth": node.threshold, "du": 1.0 - kept, "dv": 1.0 - np.asarray(node.decay)}
        starts = {"v_start": node.start, "u_start": 0.0 if current is None else current.start}
        bias, exponent, dtype = _synapse_bias(graph, node.name, node.shape) + node.leak, 0, np.dtype(np.float64)
    if node.reset == "subtract":
        values["taken_off"] = node.taken_off
    params: Params = {"bias_exp": exponent}
    arrays = {"bias_mant": _to_lava(bias, node.shape)}
    arrays |= {key: _to_lava(np.asarray(v, dtype), node.shape) for key, v in starts.items() if np.any(v)}
    for key, value in values.items():
        given = np.asarray(value, dtype)
        if np.ptp(given) == 0:
            params[key] = given.flat[0].item()
        else:
            arrays[key] = _to_lava(given, node.shape)
    return params, arrays


def readout_bias(graph: Graph) -> Array | None:
    """Bias of the synapses in front of the read-out, per time step, of its shape in torch's order, or None."""
    node = graph.readout
    bias = _synapse_bias(graph, node.name, node.shape)
    if not bias.any():
        return None
    return bias.astype(np.int64) if graph.is_integer else bias


def _to_lava(values: Array, shape: tuple[int, ...]) -> Array:
    """`values`, broadcast to (C, H, W), in the order (W, H, C)."""
    return np.ascontiguousarray(np.broadcast_to(values, shape).transpose())


def _weights(node: Synapse, integer: bool) -> Array:
    return node.weight.astype(np.int32 if integer else np.float64)


def _synapse_bias(graph: Graph, name: str, shape: tuple[int, ...]) -> Array:
    """Sum of the biases that the synapses in front of a node add to its input in every step."""
    total: Array = np.zeros(shape, dtype=np.float64)
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        if isinstance(source, SYNAPSES) and source.bias is not None:
            total = total + edge.gain * source.bias.astype(np.float64).reshape((-1,) + (1,) * (len(shape) - 1))
    return total
