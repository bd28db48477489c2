"""An integer graph as plain values and arrays, as the program of a bundle reads them: pools are convolutions."""

from __future__ import annotations

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Delay, Flatten, Graph, Input, Linear, LoihiLIF, Node, Pool, Readout
from snnhw.graph.loihi import UNITS_PER_WEIGHT

Described = tuple[dict[str, object], dict[str, Array]]  # plain values, and arrays by key


def described(graph: Graph) -> Described:
    """(nodes in causal order, edges and T; arrays by node/key) of a graph that `snnhw.rules.ways.BUNDLE` lets pass."""
    nodes, arrays = [], {}
    for name in graph.order(loops=True):
        node = graph.nodes[name]
        said, own = _node(node)
        nodes.append({"name": name, "shape": list(node.shape), **said})
        arrays.update({f"{name}/{key}": array for key, array in own.items()})
    edges = [[edge.source, edge.target, edge.gain] for edge in graph.edges]
    return {"timesteps": graph.timesteps, "nodes": nodes, "edges": edges}, arrays


def _node(node: Node) -> Described:
    if isinstance(node, Input):
        return {"kind": "input", "scale": node.scale, "bits": node.bits, "levels": node.levels}, {}
    if isinstance(node, Conv2d):
        said: dict[str, object] = {"kind": "convolution", "groups": node.groups}
        return said | _window(node, node.dilation), _weights(node.weight, node.bias)
    if isinstance(node, Pool):
        said = {"kind": "convolution", "groups": node.shape[0]}
        return said | _window(node, (1, 1)), _weights(np.ones((node.shape[0], 1, *node.kernel)), None)
    if isinstance(node, Linear):
        return {"kind": "matrix"}, _weights(node.weight, node.bias)
    if isinstance(node, LoihiLIF):
        return {"kind": "neurons", "subtracts": int(node.reset == "subtract")}, _neurons(node)
    if isinstance(node, Delay):
        steps = np.broadcast_to(np.asarray(node.steps, np.int64), node.shape)
        return {"kind": "delay", "late": node.late}, {"steps": steps}
    if isinstance(node, Flatten):
        return {"kind": "flatten"}, {}
    assert isinstance(node, Readout)
    return {"kind": "readout", "reduction": node.reduction}, {}


def _window(node: Conv2d | Pool, dilation: tuple[int, int]) -> dict[str, object]:
    return {"stride": list(node.stride), "padding": list(node.padding), "dilation": list(dilation)}


def _weights(weight: Array, bias: Array | None) -> dict[str, Array]:
    zero = np.zeros(len(weight)) if bias is None else bias
    return {"weight": weight.astype(np.int32), "bias": zero.astype(np.int64)}


def _neurons(node: LoihiLIF) -> dict[str, Array]:
    """Everything in membrane units and 1/4096, numbers or arrays that broadcast to the shape."""
    values = {
        "threshold": np.asarray(node.threshold, np.int64) * UNITS_PER_WEIGHT,
        "bias": node.bias,
        "kept": node.kept,
        "current_kept": node.current_kept,
        "taken_off": node.taken_off,
        "start": node.start,
        "current_start": node.current_start,
    }
    return {key: np.asarray(value, np.int64) for key, value in values.items()}
