"""One thing wrong or unusual in a graph: a cut edge, a second read-out, a value out of range."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from snnhw.graph.ir import LIF, MLF, SYNAPSES, Conv2d, Edge, Flatten, Graph, Linear, LoihiLIF, Node, Readout

ODD_VALUES: tuple[tuple[type[Node], str, Callable[[np.random.Generator, Node], object]], ...] = (
    (LIF, "threshold", lambda rng, node: -0.5),
    (LIF, "decay", lambda rng, node: 1.5),
    (LIF, "decay", lambda rng, node: np.full(node.shape, 0.5)),
    (MLF, "thresholds", lambda rng, node: (1.0, 0.5)),
    (MLF, "decay", lambda rng, node: float("nan")),
    (Linear, "weight", lambda rng, node: np.full(node.weight.shape, np.inf)),  # type: ignore[attr-defined]
    (Linear, "weight", lambda rng, node: 0 * node.weight),  # type: ignore[attr-defined]
    (Conv2d, "shape", lambda rng, node: (*node.shape[:-1], node.shape[-1] + 1)),
    (Flatten, "shape", lambda rng, node: (0,)),
    (LoihiLIF, "dv", lambda rng, node: 4096),
    (LoihiLIF, "du", lambda rng, node: 1000),
    (LoihiLIF, "dv", lambda rng, node: rng.integers(0, 4097, node.shape)),
    (LoihiLIF, "reset", lambda rng, node: "subtract"),
    (LoihiLIF, "taken_off", lambda rng, node: 2**23),
    (LoihiLIF, "bias_exp", lambda rng, node: -1),
    (LoihiLIF, "bias_exp", lambda rng, node: 9),
    (LoihiLIF, "bias_mant", lambda rng, node: rng.integers(-9, 9, node.shape)),
    (LoihiLIF, "threshold", lambda rng, node: rng.integers(1, 99, node.shape)),
    (LoihiLIF, "threshold", lambda rng, node: -3),
    (Linear, "weight", lambda rng, node: node.weight + 1),  # type: ignore[attr-defined]
    (Linear, "bias", lambda rng, node: np.full(node.shape, 0.5)),
    (Conv2d, "bias", lambda rng, node: np.full(node.shape[0], 3)),
)


def broken(graph: Graph, rng: np.random.Generator) -> Graph:
    """`graph` with one node, one edge or one value wrong or unusual."""
    what = rng.random()
    if what < 0.1:
        cut = int(rng.integers(len(graph.edges)))
        return graph.replace(edges=tuple(e for i, e in enumerate(graph.edges) if i != cut))
    if what < 0.15:
        return graph.replace(nodes=[*graph.nodes.values(), Readout(name="second", shape=(3,))])
    if what < 0.2:
        a, b = rng.choice(list(graph.nodes), 2)
        return graph.replace(edges=(*graph.edges, Edge(str(a), str(b))))
    if what < 0.25:
        synapses = graph.of_type(*SYNAPSES)
        shared = [n for n in synapses if n.shape == graph.readout.shape] if synapses else []
        return graph.replace(edges=(*graph.edges, *(Edge(n.name, graph.readout.name) for n in shared[:1])))
    odd = [(n, key, value) for n in graph.nodes.values() for kind, key, value in ODD_VALUES if isinstance(n, kind)]
    if not odd:
        return graph
    node, key, value = odd[int(rng.integers(len(odd)))]
    changed = dataclasses.replace(node, **{key: value(rng, node)})
    return graph.replace(nodes=[changed if n is node else n for n in graph.nodes.values()])
