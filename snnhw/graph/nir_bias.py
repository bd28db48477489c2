"""Biases of integer neurons in a file whose neurons have none: a synapse before them holds them where it can."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnhw.graph.ir import SYNAPSES, Array, Graph, LoihiLIF
from snnhw.loihi import UNITS_PER_WEIGHT


def bias_in_weights(node: LoihiLIF) -> Array:
    """(bias_mant << bias_exp) / 64: the bias in weight units, shape of `bias_mant`, float64."""
    mantissa = np.asarray(node.bias_mant, np.int64)
    shifted = mantissa << node.bias_exp if node.bias_exp >= 0 else mantissa >> -node.bias_exp
    return shifted / UNITS_PER_WEIGHT


def channel_bias(node: LoihiLIF, dtype: np.dtype[Any]) -> Array:
    """The bias in weight units as a synapse holds it, [C]."""
    return np.broadcast_to(bias_in_weights(node).reshape(-1), (node.shape[0],)).astype(dtype)


def bias_carriers(graph: Graph) -> dict[str, str]:
    """Synapse -> an integer neuron whose bias it can hold for all its targets; no neuron gets its bias twice."""
    found: dict[str, str] = {}
    served: set[str] = set()
    for synapse in (n for n in graph.nodes.values() if isinstance(n, SYNAPSES)):
        edges = graph.out_of(synapse.name)
        targets = [n for n in (graph.nodes[e.target] for e in edges) if isinstance(n, LoihiLIF)]
        if (
            synapse.bias is not None
            or not targets
            or len(targets) < len(edges)
            or any((e.gain, e.delay) != (1, 0) for e in edges)
        ):
            continue
        if any(t.name in served or not _per_channel(t) for t in targets):
            continue
        biases = [bias_in_weights(t).reshape(-1) for t in targets]
        if biases[0].any() and all(np.array_equal(b, biases[0]) for b in biases):
            found[synapse.name] = targets[0].name
            served.update(t.name for t in targets)
    return found


def _per_channel(node: LoihiLIF) -> bool:
    return node.bias_mant.size == 1 or node.bias_mant.shape == (node.shape[0],) + (1,) * (node.bias_mant.ndim - 1)
