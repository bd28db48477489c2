"""What NIR's edges cannot say, in nodes that every importer has: gains, sums before an output, names, currents."""

from __future__ import annotations

from collections.abc import Container

import nir
import numpy as np

from snnhw.graph.ir import LI, LIF, DType, Edge, Graph
from snnhw.graph.names import free_name
from snnhw.nir.reserved import is_reserved


def times(gain: int, shape: tuple[int, ...], dtype: DType) -> nir.NIRNode:
    """Multiplication of every element by `gain`, as a 1x1 convolution or a matrix: importers lack `nir.Scale`."""
    channels = shape[0]
    eye = np.eye(channels, dtype=dtype) * np.asarray(gain, dtype)
    if len(shape) == 1:
        return nir.Affine(eye, np.zeros(channels, dtype))
    if len(shape) != 3:
        return nir.Scale(np.full(shape, gain, dtype))
    written = nir.Conv2d(shape[1:], eye[:, :, None, None], (1, 1), (0, 0), (1, 1), 1, np.zeros(channels, dtype))
    return typed(written, shape, shape)


def flattening(shape: tuple[int, ...]) -> nir.NIRNode:
    """Flatten of everything, counted from the end: right with and without a batch dimension in front."""
    return nir.Flatten(np.array(shape), start_dim=-len(shape), end_dim=-1)


def file_names(graph: Graph) -> dict[str, str]:
    """Name in the graph -> name in the file, where names of module attributes get a `_`."""
    taken = set(graph.nodes)
    names: dict[str, str] = {}
    for name in graph.nodes:
        names[name] = unused(f"{name}_", taken) if is_reserved(name) else name
        taken.add(names[name])
    return names


def unused(name: str, taken: Container[str]) -> str:
    """`name`, with as many `_` as make it free."""
    free = free_name(name, taken)
    return free if not is_reserved(free) else unused(free + "_", taken)


def gains(edges: tuple[Edge, ...]) -> dict[tuple[str, str], int]:
    """Gains summed over the edges between two nodes; NIR knows an edge only once."""
    gains: dict[tuple[str, str], int] = {}
    for e in edges:
        gains[e.source, e.target] = gains.get((e.source, e.target), 0) + e.gain
    return gains


def delays(edges: tuple[Edge, ...]) -> tuple[tuple[str, str, int, int], ...]:
    """All edges between nodes of which some edge is delayed."""
    late = {(e.source, e.target) for e in edges if e.delay}
    return tuple((e.source, e.target, e.gain, e.delay) for e in edges if (e.source, e.target) in late)


def currents(graph: Graph) -> dict[str, str]:
    """LIF -> the synaptic current (`LI.current_of`) that drives it and nothing else: together a `nir.CubaLIF`.

    A CubaLIF has no word for a current with a leak of its own; such a current stays a node.
    """
    found: dict[str, str] = {}
    for current in graph.of_type(LI):
        neuron = graph.nodes.get(current.current_of)
        if not isinstance(neuron, LIF) or np.any(current.leak):
            continue
        into, out = graph.into(neuron.name), graph.out_of(current.name)
        if len(into) == len(out) == 1 and (into[0].source, into[0].gain, into[0].delay) == (current.name, 1, 0):
            found[neuron.name] = current.name
    return found


def typed(node: nir.NIRNode, source: tuple[int, ...], shape: tuple[int, ...]) -> nir.NIRNode:
    """Types set by us: nir's own inference is wrong for non-square kernels."""
    node.input_type = {"input": np.array(source)}
    node.output_type = {"output": np.array(shape)}
    return node
