"""What the network of a report has in each row: the weights in front of it and the constants of its neurons.

Takes the graph that was counted and its rows; gives sizes, numbers of non-zeros and sha256, so that two reports say
whether a layer is the same, without the weights themselves. A name is part of no checksum.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.graph.ir import Array, Graph, Neuron, Node

SHORT = 8  # digits of a checksum that tell two arrays apart in a text
NAMES = ("name", "shape", "unit", "level", "pool")  # fields of a neuron that are no constants


@dataclass(frozen=True)
class Parameters:
    """Of one row."""

    weights: int  # numbers in the nodes in front, their biases and norms included
    nonzero: int
    sha256: str  # of those numbers, their shapes and types; "" where there are none
    wiring: tuple[str, ...]  # of each node in front: its kind, shape, stride, padding and the like
    neuron: tuple[str, ...]  # kind and constants, a text each; empty where nothing fires

    def to_dict(self) -> dict[str, object]:
        """One entry of `parameters` in report.json."""
        return {**dataclasses.asdict(self), "wiring": list(self.wiring), "neuron": list(self.neuron)}


def parameters(graph: Graph | None, counts: NetworkCounts) -> dict[str, Parameters]:
    """By row, in the order of the counts; empty without a graph."""
    if graph is None:
        return {}
    units = graph.units()
    return {layer.name: _of_row(graph, layer, units.get(layer.name, ())) for layer in counts.layers}


def _of_row(graph: Graph, layer: LayerCounts, unit: tuple[Neuron, ...]) -> Parameters:
    nodes = [graph.nodes[name] for name in layer.synapse_nodes]
    arrays = [value for node in nodes for value in _values(node).values() if isinstance(value, np.ndarray)]
    digest = _digest(arrays) if arrays else ""
    wiring = tuple(repr(dataclasses.replace(node, name="")).replace("('', ", "(", 1) for node in nodes)
    size, nonzero = sum(a.size for a in arrays), sum(int(np.count_nonzero(a)) for a in arrays)
    return Parameters(size, nonzero, digest, wiring, _constants(unit))


def _constants(unit: tuple[Neuron, ...]) -> tuple[str, ...]:
    """The kind of a unit and its constants; those of its channels, where they differ, side by side."""
    if not unit:
        return ()
    fields: dict[str, dict[str, None]] = {}
    for node in unit:
        for name, value in _values(node).items():
            if name not in NAMES:
                fields.setdefault(name, {})[_text(value)] = None
    kinds = " and ".join(dict.fromkeys(type(node).__name__ for node in unit))
    return (kinds, *(f"{name.replace('_', ' ')} {', '.join(texts)}" for name, texts in fields.items()))


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if value.size and np.ptp(value) == 0:
            return f"{value.flat[0]:g}"
        ends = f"{value.min():g} to {value.max():g}, " if value.size else ""
        return f"{ends}sha256 {_digest([value])[:SHORT]}"
    if isinstance(value, tuple):
        return ", ".join(_text(part) for part in value) or "none"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _values(node: Node) -> dict[str, Any]:
    return {field.name: getattr(node, field.name) for field in dataclasses.fields(node)}


def _digest(arrays: Iterable[Array]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
