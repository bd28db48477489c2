"""What the metadata of a file says about pools that went into synapses, taken over where it fits the graph.

The ANN twin computes the smaller synapse from before (`passes.fold_pool`, `passes.pool_into_conv`).
"""

from __future__ import annotations

from typing import Any

from snnhw.graph.ir import Conv2d, Graph, Linear
from snnhw.graph.nir_fields import Context
from snnhw.graph.nir_meta import Metadata


def with_folded_pools(graph: Graph, meta: Metadata, context: Context) -> Graph:
    """`graph` with `folded_pool` and `folded_conv` in its metadata; what cannot be true becomes a finding."""
    kept: dict[str, dict[str, Any]] = {}
    for key, fits in (("folded_pool", _linear_fits), ("folded_conv", _window_fits)):
        for name, told in getattr(meta, key).items():
            if fits(graph, name, told):
                kept.setdefault(key, {})[name] = told
            else:
                message = f"what the metadata says in {key} about {name!r} does not fit the graph"
                context.find("folded-pool-unusable", "warning", "", message, "write the file again with snnhw export")
    return graph.replace(metadata={**graph.metadata, **kept})


def _linear_fits(graph: Graph, name: str, inputs: int) -> bool:
    node = graph.nodes.get(name)
    return isinstance(node, Linear) and 0 < inputs <= node.weight.shape[1]


def _window_fits(graph: Graph, name: str, window: tuple[int, ...]) -> bool:
    """Whether the convolution gives an output of the same size, from an input that is no larger."""
    node, into = graph.nodes.get(name), graph.into(name)
    if not isinstance(node, Conv2d) or not into:
        return False
    arriving = graph.nodes[into[0].source].shape
    for axis in (0, 1):
        size, kernel, stride, padding, dilation = window[axis::2]
        if not (0 < size <= arriving[1 + axis] and 0 < kernel <= node.weight.shape[2 + axis]):
            return False
        if stride < 1 or padding < 0 or dilation < 1:
            return False
        if (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 != node.shape[1 + axis]:
            return False
    return True
