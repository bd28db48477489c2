"""What travels on an edge is told by the nodes before it."""

from __future__ import annotations

import numpy as np

from snnhw.graph.ir import LIF, MLF, Delay, Edge, Flatten, Graph, Input, Linear, Pool, Signal

SHAPE = (2, 4, 4)


def test_what_travels_on_an_edge_adds_up_through_sums_pools_delays_and_gains() -> None:
    nodes = [
        Input(name="events", shape=SHAPE, levels=2),
        MLF(name="unit", shape=SHAPE, thresholds=(0.5, 1.0, 2.0), decay=0.5),
        LIF(name="lif", shape=SHAPE, decay=0.5, threshold=1.0),
        Delay(name="late", shape=SHAPE, steps=1),
        Pool(name="pool", shape=(2, 1, 1), kind="sum", kernel=(4, 4), stride=(4, 4)),
        Flatten(name="flat", shape=(2,)),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 2))),
    ]
    edges = [
        ("events", "unit"), ("unit", "lif"), ("events", "late"), Edge("unit", "late", 2), ("late", "pool"),
        ("lif", "pool"), ("pool", "flat"), ("flat", "fc"),
    ]  # fmt: skip
    graph = Graph.build(nodes, edges, 1)
    sent = {"events": 2, "unit": 3, "lif": 1, "late": 8, "pool": 144, "flat": 144}
    assert {n: graph.signal(n) for n in sent} == {n: Signal("spikes", levels) for n, levels in sent.items()}
    assert graph.arriving("fc") == Signal("spikes", 144) and graph.signal("fc") == Signal("analog")
    analogue = graph.replace(nodes={**graph.nodes, "events": Input(name="events", shape=SHAPE)})
    assert analogue.signal("flat") == Signal("analog") and analogue.signal("unit") == Signal("spikes", 3)
    assert graph.arriving("events") == Signal("analog")
