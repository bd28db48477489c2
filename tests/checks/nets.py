"""A small sound network whose nodes can be replaced by unsound ones, and what `check` finds in it."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from snnhw.checks.check import check
from snnhw.graph.ir import (
    LIF,
    MLF,
    Conv2d,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Node,
    Readout,
)


def net(*extra: Node, edges: tuple[Edge, ...] = (), **changes: Node) -> Graph:
    """input 2x4x4 -> conv -> unit -> flat -> fc -> readout; `changes` replace nodes by name."""
    rng = np.random.default_rng(0)
    nodes: dict[str, Node] = {
        "input": Input(name="input", shape=(2, 4, 4)),
        "conv": Conv2d(name="conv", shape=(4, 4, 4), weight=rng.normal(size=(4, 2, 3, 3)), padding=(1, 1)),
        "unit": MLF(name="unit", shape=(4, 4, 4), thresholds=(0.6, 1.6), decay=0.25),
        "flat": Flatten(name="flat", shape=(64,)),
        "fc": Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 64))),
        "readout": Readout(name="readout", shape=(3,)),
    }
    chain = [Edge(a, b) for a, b in itertools.pairwise(nodes)]
    return Graph.build([*{**nodes, **changes}.values(), *extra], [*chain, *edges], 2)


def lif(**fields: object) -> LIF:
    return LIF(**{"name": "unit", "shape": (4, 4, 4), "decay": 0.25, "threshold": 0.6} | fields)


def loihi(**fields: object) -> LoihiLIF:
    values = {"threshold": 10, "du": 4095, "dv": 3072, "bias_mant": np.zeros((1, 1, 1), int), "bias_exp": 0}
    return LoihiLIF(**{"name": "unit", "shape": (4, 4, 4)} | values | fields)


def integers(**fields: object) -> Graph:
    graph = net(unit=loihi(**fields), input=Input(name="input", shape=(2, 4, 4), scale=8.0, bits=4))
    even = {
        n: dataclasses.replace(graph.nodes[n], weight=np.full(graph.nodes[n].weight.shape, 2)) for n in ("conv", "fc")
    }
    return graph.replace(nodes={**graph.nodes, **even, "readout": Readout(name="readout", shape=(3,), reduction="sum")})


def found(graph: Graph, target: str = "nir", **options: str) -> set[tuple[str, str]]:
    return {(f.code, f.node) for f in check(graph, target, **options)}


def errors(graph: Graph, target: str = "nir", **options: str) -> set[tuple[str, str]]:
    return {(f.code, f.node) for f in check(graph, target, **options) if f.severity == "error"}
