"""Weights, biases and thresholds in the form that Lava's processes take them.

Lava's axes are (W, H, C), its Conv is a true convolution with weights (O, kx, ky, I/groups), so torch's (O, I, kh, kw)
is flipped and transposed. Biases live in the neurons: those of all synapses in front of a neuron are added up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from snnhw.errors import InputError
from snnhw.exporters.lava.runtime.network import Array
from snnhw.graph.ir import LIF, SYNAPSES, Conv2d, Graph, Linear, LoihiLIF, Pool, Synapse
from snnhw.graph.loihi import BIAS_EXP_LIMIT, BIAS_MANT_LIMIT, DECAY_ONE, INT8_LIMIT, THRESHOLD_LIMIT

Params = dict[str, Any]  # numbers and lists of numbers
Values = tuple[Params, dict[str, Array]]


def to_lava_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(C, H, W) as (W, H, C); (N,) stays."""
    return tuple(reversed(shape))


def conv_parameters(node: Conv2d, arriving: tuple[int, ...], integer: bool) -> Values:
    """Parameters of Lava's Conv.

    Raises:
        InputError: weights that Loihi cannot hold, or a kernel, stride, padding or dilation over 127.
    """
    if len(arriving) != 3:
        raise InputError(f"Convolution {node.name!r} takes values of shape {list(arriving)}; it needs [C, H, W].")
    sizes = (*node.weight.shape[2:], *node.stride, *node.padding, *node.dilation)
    if max(sizes) > INT8_LIMIT:
        raise InputError(
            f"Convolution {node.name!r} has a kernel, stride, padding or dilation over {INT8_LIMIT}, which Lava cannot "
            "hold; make it smaller."
        )
    weight = _checked(node, integer)[:, :, ::-1, ::-1].transpose(0, 3, 2, 1)
    params: Params = {
        "in_shape": list(to_lava_shape(arriving)),
        "stride": list(node.stride[::-1]),
        "padding": list(node.padding[::-1]),
        "dilation": list(node.dilation[::-1]),
        "groups": node.groups,
    }
    return params, {"weight": np.ascontiguousarray(weight)}


def dense_parameters(node: Linear, arriving: tuple[int, ...], integer: bool) -> Values:
    """Parameters of Lava's Dense, whose columns are in the order of a flattened (W, H, C) stream.

    Raises:
        InputError: weights that Loihi cannot hold, or of the wrong width.
    """
    weight = _checked(node, integer)
    if weight.shape[1] != int(np.prod(arriving)):
        raise InputError(
            f"Linear {node.name!r} has {weight.shape[1]} inputs and gets {int(np.prod(arriving))}; fold the pool."
        )
    axes = tuple(range(len(arriving), 0, -1))
    columns = weight.reshape(-1, *arriving).transpose(0, *axes)
    return {}, {"weight": np.ascontiguousarray(columns.reshape(len(weight), -1))}


def pool_parameters(node: Pool, arriving: tuple[int, ...], integer: bool) -> Values:
    """Parameters of our Pool.

    Raises:
        InputError: an average in an integer network.
    """
    if integer and node.kind == "avg":
        raise InputError(f"Pool {node.name!r} divides, which integers cannot; use a sum pool or fold it.")
    params: Params = {
        "in_shape": list(to_lava_shape(arriving)),
        "kernel": list(node.kernel[::-1]),
        "stride": list(node.stride[::-1]),
        "padding": list(node.padding[::-1]),
        "divisor": node.kernel[0] * node.kernel[1] if node.kind == "avg" else 1,
    }
    return params, {}


def lif_parameters(graph: Graph, node: LIF | LoihiLIF) -> Values:
    """Parameters of Lava's LIF, with the biases of the synapses in front of it.

    Raises:
        InputError: a soft reset, a gain, a reset value or mixed decays, or a value out of the range of its register.
    """
    if isinstance(node, LoihiLIF):
        return _loihi_parameters(graph, node)
    if not (node.resets_to_zero and node.has_unit_gain) or np.ndim(node.decay):
        raise InputError(
            f"Neuron {node.name!r} has a soft reset, a gain, a reset value or mixed decays; Lava's LIF has none of "
            "them."
        )
    bias = _synapse_bias(graph, node.name, node.shape) + node.leak
    params: Params = {"du": 1.0, "dv": 1.0 - float(node.decay), "bias_exp": 0}
    arrays = {"bias_mant": _to_lava(np.asarray(bias, dtype=np.float64), node.shape)}
    return _with_threshold(params, arrays, np.asarray(node.threshold, dtype=np.float64), node.shape)


def readout_bias(graph: Graph) -> Array | None:
    """Bias of the synapses in front of the readout, per time step, or None."""
    node = graph.readout
    bias = _synapse_bias(graph, node.name, node.shape)
    if not bias.any():
        return None
    return bias.astype(np.int64) if graph.is_integer else bias


def _loihi_parameters(graph: Graph, node: LoihiLIF) -> Values:
    if _synapse_bias(graph, node.name, node.shape).any():
        raise InputError(f"A synapse of the integer neuron {node.name!r} has a bias; move it into the neuron.")
    registers: dict[str, tuple[int | Array, int, int]] = {
        "bias_mant": (node.bias_mant, -BIAS_MANT_LIMIT - 1, BIAS_MANT_LIMIT),
        "bias_exp": (node.bias_exp, -BIAS_EXP_LIMIT, BIAS_EXP_LIMIT),
        "threshold": (node.threshold, 0, THRESHOLD_LIMIT),
        "du": (node.du, 0, DECAY_ONE - 1),
        "dv": (node.dv, 0, DECAY_ONE - 1),
    }
    for key, (value, low, high) in registers.items():
        if np.asarray(value).dtype.kind not in "iu" or np.min(value) < low or np.max(value) > high:
            raise InputError(
                f"Neuron {node.name!r} has {key} outside the integers {low}..{high}, where Lava would wrap silently; "
                "quantise the network again."
            )
    params: Params = {"du": int(node.du), "dv": int(node.dv), "bias_exp": int(node.bias_exp)}
    arrays = {"bias_mant": _to_lava(node.bias_mant.astype(np.int16), node.shape)}
    return _with_threshold(params, arrays, np.asarray(node.threshold, dtype=np.int32), node.shape)


def _with_threshold(params: Params, arrays: dict[str, Array], theta: Array, shape: tuple[int, ...]) -> Values:
    if theta.ndim:
        arrays["vth"] = _to_lava(theta, shape)
    else:
        params["vth"] = theta.item()
    return params, arrays


def _to_lava(values: Array, shape: tuple[int, ...]) -> Array:
    """`values`, broadcast to (C, H, W), in the order (W, H, C)."""
    return np.ascontiguousarray(np.broadcast_to(values, shape).transpose())


def _checked(node: Synapse, integer: bool) -> Array:
    """Weights of a synapse; in integers 8 bits with sign, of which Loihi and Lava's Dense keep the even ones only."""
    weight = node.weight
    if not integer:
        return weight.astype(np.float64)
    if weight.dtype.kind not in "iu" or (weight % 2).any() or weight.min() < -256 or weight.max() > 254:
        raise InputError(
            f"Synapse {node.name!r} has weights other than the even integers -256..254; quantise the network again."
        )
    return weight.astype(np.int32)


def _synapse_bias(graph: Graph, name: str, shape: tuple[int, ...]) -> Array:
    """Sum of the biases that the synapses in front of a node add to its input in every step."""
    total: Array = np.zeros(shape, dtype=np.float64)
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        if isinstance(source, SYNAPSES) and source.bias is not None:
            total = total + edge.gain * source.bias.astype(np.float64).reshape((-1,) + (1,) * (len(shape) - 1))
    return total
