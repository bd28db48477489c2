"""Kinds of nodes that each way takes, and sizes that Lava would wrap."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.graph.ir import LI, LIF, Conv2d, Delay, Graph, Input, Linear, Pool, Readout, Scale
from snnhw.rules import kinds
from snnhw.rules.ways import INTEGERS, refusals
from tests.checks.nets import integers, net

SHAPE = (4, 4, 4)
POOL = Pool(name="extra", shape=(4, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))
ADDED = {
    "scale": (Scale(name="extra", shape=SHAPE, scale=2.0), "no-counterpart", "a Scale has no counterpart on it"),
    "delay": (Delay(name="extra", shape=SHAPE, steps=1), "no-counterpart", "a Delay has no counterpart"),
    "integrator": (LI(name="extra", shape=SHAPE, decay=0.5), "no-counterpart", "a LI has no counterpart"),
}


def with_extra(node: object) -> Graph:
    graph, gone = net(), {"unit", "flat"}
    kept = [n for n in graph.nodes.values() if n.name not in gone]
    edges = tuple(e for e in graph.edges if not {e.source, e.target} & gone)
    return graph.replace(nodes=[*kept, node], edges=edges)  # type: ignore[list-item]


@pytest.mark.parametrize("name", ADDED)
def test_what_no_way_takes(name: str) -> None:
    node, code, words = ADDED[name]
    for rule in (kinds.kinds_of_integers, kinds.kinds_of_lava, kinds.kinds_of_sanafe)[2 * (name == "delay") :]:
        (found,) = rule(with_extra(node), "it")
        assert (found.code, found.node) == (code, "extra") and words in found.message


def test_currents_of_neurons_are_for_integers_and_lava() -> None:
    graph = with_extra(LI(name="extra", shape=SHAPE, decay=0.5, current_of="unit"))
    assert list(kinds.kinds_of_integers(graph, "it")) == list(kinds.kinds_of_lava(graph, "it")) == []
    (found,) = kinds.kinds_of_sanafe(graph, "it")
    assert (found.code, found.node) == ("no-counterpart", "extra") and "lasts longer than a step" in found.message


def test_pools_stay_in_lava_alone_and_never_divide_integers() -> None:
    graph = with_extra(POOL)
    assert list(kinds.kinds_of_lava(graph, "lava")) == []
    for rule in (kinds.kinds_of_integers, kinds.kinds_of_sanafe):
        assert [(f.code, f.node) for f in rule(graph, "it")] == [("pool", "extra")]
    whole = integers()
    divided = whole.replace(nodes=[*whole.nodes.values(), POOL])
    assert [(f.code, f.node) for f in kinds.kinds_of_lava(divided, "lava")] == [("pool", "extra")]
    summed = whole.replace(nodes=[*whole.nodes.values(), dataclasses.replace(POOL, kind="sum")])
    assert list(kinds.kinds_of_lava(summed, "lava")) == []


@pytest.mark.parametrize(("stride", "fits"), [(127, True), (128, False)])
def test_sizes_of_a_convolution_are_signed_bytes(stride: int, fits: bool) -> None:
    conv = Conv2d(name="conv", shape=(4, 1, 1), weight=np.ones((4, 2, 3, 3)), stride=(stride, 1))
    found = [(f.code, f.node) for f in kinds.kernels(net(conv=conv), "lava")]
    assert found == ([] if fits else [("kernel-size", "conv")])
    assert np.array([stride], np.int64).astype(np.int8)[0] == (stride if fits else stride - 256)  # as Lava keeps it


def test_membranes_that_are_read_out_are_refused_with_what_to_return_instead() -> None:
    """A step that is t steps from the end counts 1 + d + ... + d^t times in their sum; a sum of currents is read."""
    nodes = [
        Input(name="input", shape=(2,)),
        Linear(name="first", shape=(3,), weight=np.ones((3, 2))),
        LIF(name="unit", shape=(3,), decay=0.5, threshold=1.0),
        Linear(name="last", shape=(2,), weight=np.ones((2, 3))),
        LI(name="li", shape=(2,), decay=0.5),
        Readout(name="end", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 3)
    (found,) = kinds.kinds_of_lava(graph, "lava")
    assert found.node == "li" and "its membranes are read out" in found.message
    assert "return what the layer in front of it gives" in found.remedy
    without = [n for n in nodes if n.name != "li"]
    assert refusals(Graph.build(without, list(pairwise(n.name for n in without)), 3), INTEGERS) == []
