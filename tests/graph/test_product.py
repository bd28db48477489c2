"""What a product takes and sends, and whether its factors are spikes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from snnhw.graph.ir import LIF, MLF, Edge, Graph, Input, MaxPool, Pool, Product, Readout, Scale, Signal, Wires

SIZE = 6  # values that each factor of a product of [2, 3] and [3, 2] has


def part(name: str, side: int, size: int = SIZE) -> Wires:
    """Wires from a vector into the left (0) or right (1) half of what a product takes."""
    source = np.full(2 * size, -1)
    source[side * size : (side + 1) * size] = np.arange(size)
    return Wires(name=name, shape=(2 * size,), source=source, taken=(size,))


def graph_of(before_left, before_right, inner=3, edges=()) -> Graph:
    """Two chains of nodes from an analogue input into the factors of a product."""
    shape = {3: (1, 2, 2), 1: (SIZE, 1, 1)}[inner]
    ends = [Input(name="input", shape=(SIZE,)), part("left", 0), part("right", 1)]
    product = Product(name="product", shape=shape, inner=inner)
    nodes = [*ends, *before_left, *before_right, product, Readout(name="end", shape=shape)]
    found = [Edge("left", "product"), Edge("right", "product"), Edge("product", "end"), *edges]
    for chain, last in ((before_left, "left"), (before_right, "right")):
        names = ["input", *(n.name for n in chain), last]
        found += [Edge(a, b) for a, b in pairwise(names)]
    return Graph.build(nodes, found, 2)


def unit(name: str, levels: int = 1) -> MLF:
    return MLF(name=name, shape=(SIZE,), thresholds=tuple(0.5 + k for k in range(levels)), decay=0.5)


def test_sizes_of_both_factors():
    product = Product(name="p", shape=(2, 3, 5), inner=4)
    assert (product.left, product.right, product.sizes) == ((2, 3, 4), (2, 4, 5), (24, 40))
    assert product.macs == 2 * 3 * 4 * 5
    assert product.sent_shape((64,)) == (2, 3, 5)
    assert product.sent_shape((63,)) is product.sent_shape((64, 1)) is None


def test_edges_are_told_apart_by_where_their_wires_end():
    graph = graph_of([unit("a")], [unit("b")])
    assert [[e.source for e in side] for side in graph.factors("product")] == [["left"], ["right"]]


@pytest.mark.parametrize(
    ("left", "right", "levels"),
    [
        ([unit("a")], [unit("b", 3)], (1, 3)),
        ([unit("a")], [], (1, None)),
        ([], [], (None, None)),
        ([unit("a"), Scale(name="s", shape=(SIZE,), scale=0.3)], [unit("b")], (1, 1)),
        ([unit("a", 2), Scale(name="s", shape=(SIZE,), scale=0.3)], [unit("b")], (None, 1)),
        ([unit("a"), Scale(name="s", shape=(SIZE,), scale=np.ones(SIZE))], [unit("b")], (None, 1)),
    ],
)
def test_what_the_factors_are(left, right, levels):
    graph = graph_of(left, right)
    assert graph.factor_levels("product") == levels
    assert graph.signal("product") == Signal("analog")  # a sum over three pairs


def test_sums_of_spikes_are_spikes_and_differences_are_none():
    graph = graph_of([unit("a", 2)], [unit("b")], edges=(Edge("b", "left"),))
    assert graph.factor_levels("product") == (3, 1)
    less = graph_of([unit("a", 2)], [unit("b")], edges=(Edge("b", "left", -1),))
    assert less.factor_levels("product") == (None, 1)


def test_pools_accumulate_before():
    shape = (1, 2, 6)
    image = LIF(name="a", shape=shape, decay=0.5, threshold=1.0)
    flat = Wires(name="flat", shape=(SIZE,), source=np.arange(SIZE), taken=(1, 1, SIZE))
    for pool, levels in ((Pool, None), (MaxPool, 1)):
        kind = {"kind": "sum"} if pool is Pool else {}
        down = pool(name="pool", shape=(1, 1, SIZE), kernel=(2, 1), stride=(2, 1), **kind)
        nodes = [Input(name="input", shape=shape), image, down, flat, part("left", 0), part("right", 1)]
        product = Product(name="product", shape=(1, 2, 2), inner=3)
        names = ["input", "a", "pool", "flat", "left", "product", "end"]
        edges = [*pairwise(names), ("flat", "right"), ("right", "product")]
        graph = Graph.build([*nodes, product, Readout(name="end", shape=(1, 2, 2))], edges, 2)
        assert graph.factor_levels("product") == (levels, levels)


def test_a_product_element_by_element_of_spikes_sends_spikes():
    assert graph_of([unit("a", 2)], [unit("b", 3)], inner=1).signal("product") == Signal("spikes", 6)
    assert graph_of([unit("a", 2)], [], inner=1).signal("product") == Signal("analog")
