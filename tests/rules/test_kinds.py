"""Kinds of nodes that each way takes, and sizes that Lava would wrap."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.graph.ir import LI, Conv2d, Delay, Graph, Pool, Scale
from snnhw.rules import kinds
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
