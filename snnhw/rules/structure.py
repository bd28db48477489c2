"""Checks that hold for every target: ends, loops, loose nodes, shapes along the edges, finite and sensible values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, LI, LIF, MLF, Conv2d, Edge, Graph, Input, Linear, LoihiLIF, Neuron, Node, Norm, Readout
from snnhw.graph.shapes import Shape

UNSOUND = frozenset({"ends", "loop", "shape", "shapes-unequal"})  # without these the rest cannot be said
BROKEN = UNSOUND | {"unreached", "loose-end"}  # nothing can be compiled


def structure(graph: Graph) -> Iterator[Finding]:
    """Findings about the graph whatever it is for, in graph order."""
    yield from _ends(graph)
    yield from _loop(graph)
    reached = graph.reached([n.name for n in graph.of_type(Input)])
    useful = graph.reached([n.name for n in graph.of_type(Readout)], forward=False)
    for name, node in graph.nodes.items():
        if name not in reached:
            yield Finding("unreached", "error", name, "nothing leads from the input to it", "connect or remove it")
        elif name not in useful:
            yield Finding("loose-end", "error", name, "nothing leads from it to the read-out", "connect or remove it")
        yield from _shapes(graph, node)
        yield from _values(node)


def _ends(graph: Graph) -> Iterator[Finding]:
    for kind in (Input, Readout):
        found = [n.name for n in graph.nodes.values() if isinstance(n, kind)]
        if kind is Readout and len(found) > 1:
            yield Finding(
                "ends",
                "error",
                found[1],
                f"there are {len(found)} outputs ({', '.join(found)}) where one is needed; simulate, evaluate, report "
                "and compare take all of them",
                "keep one Output in the file, or return one of them from the module",
            )
        elif len(found) != 1:
            message = f"there are {len(found)} {kind.__name__} nodes where exactly one is needed"
            yield Finding("ends", "error", found[1] if found else "", message, "merge them or add one")
    for edge in graph.edges:
        if isinstance(graph.nodes[edge.source], Readout) or isinstance(graph.nodes[edge.target], Input):
            message = f"the edge {edge.source} -> {edge.target} leads out of the read-out or into the input"
            yield Finding("ends", "error", edge.source, message, "remove it")


def _loop(graph: Graph) -> Iterator[Finding]:
    try:
        graph.order(loops=True)
    except InputError as error:
        yield Finding("loop", "error", "", str(error).partition(";")[0], "put a Delay node into the loop")


def _shapes(graph: Graph, node: Node) -> Iterator[Finding]:
    if not node.size:
        message = f"it sends nothing: its shape is {list(node.shape)}"
        yield Finding("shape", "error", node.name, message, "correct its shape or what leads to it")
        return
    yield from _parameters(node)
    arriving: Mapping[Shape, Edge] = {graph.nodes[e.source].shape: e for e in graph.into(node.name)}
    if len(arriving) > 1:
        shapes = " and ".join(str(list(s)) for s in sorted(arriving))
        yield Finding(
            "shapes-unequal", "error", node.name, f"its inputs have the shapes {shapes}", "sum equal shapes only"
        )
        return
    for shape in arriving:
        expected = node.sent_shape(shape)
        if expected != node.shape:
            wanted = f"it would send {list(expected)}" if expected else "it cannot take that"
            message = f"it gets {list(shape)} and says it sends {list(node.shape)}, but {wanted}"
            yield Finding("shape", "error", node.name, message, "correct its shape or what leads to it")


def _parameters(node: Node) -> Iterator[Finding]:
    """Parameters of neurons and integrators are numbers, or arrays that broadcast to their shape."""
    if not isinstance(node, Neuron | LI):
        return
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if isinstance(value, np.ndarray) and not _broadcasts(value.shape, node.shape):
            message = f"its {field.name} has the shape {list(value.shape)}, which does not fit {list(node.shape)}"
            yield Finding("shape", "error", node.name, message, "give one number, or one for each neuron")


def _broadcasts(given: Shape, shape: Shape) -> bool:
    behind = shape[len(shape) - len(given) :]
    return len(given) <= len(shape) and all(n in (1, most) for n, most in zip(given, behind, strict=True))


def numbers(node: Node) -> Iterator[Finding]:
    """Findings about values that no network can run with: NaN, infinity, and a negative variance, whose root is NaN."""
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if (
            isinstance(value, np.ndarray | float)
            and np.asarray(value).dtype.kind == "f"
            and not np.isfinite(value).all()
        ):
            yield Finding(
                "not-finite", "error", node.name, f"{field.name} holds NaN or infinity", "train or load it again"
            )
    if isinstance(node, Norm) and (node.var < 0).any():
        yield Finding("variance", "error", node.name, "var holds a negative variance", "train or load it again")


def _values(node: Node) -> Iterator[Finding]:
    yield from numbers(node)
    if isinstance(node, Conv2d | Linear) and not node.weight.any():
        yield Finding("dead-synapse", "warning", node.name, "all its weights are 0", "remove it")
    if isinstance(node, MLF | ILIF) and list(node.thresholds) != sorted(set(node.thresholds)):
        message = f"its thresholds {list(node.thresholds)} do not ascend"
        yield Finding("thresholds", "error", node.name, message, "sort them and drop equal ones")
    if isinstance(node, ILIF) and node.taken_off < 0:
        message = f"a spike would raise its membrane by {-node.taken_off:g}"
        yield Finding("reset", "error", node.name, message, "take off 0 or more")
    if isinstance(node, MLF | ILIF | LIF):
        decay = np.asarray(node.decay, float)
        if (decay < 0).any() or (decay > 1).any():
            yield Finding("decay", "error", node.name, "its decay lies outside 0..1", "choose one between 0 and 1")
    if isinstance(node, MLF | ILIF | LIF | LoihiLIF):
        lowest = min(float(np.min(theta)) for theta in node.thetas)
        if lowest < 0:
            message = f"its threshold {lowest:g} is negative, so it fires without input"
            yield Finding("fires-at-rest", "warning", node.name, message, "check the sign of the threshold")
