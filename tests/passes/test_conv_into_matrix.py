"""A convolution of one position that is taken as a row is a matrix; the same logits, and a read-out in integers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Pool, Readout
from snnhw.passes import compile_channels
from snnhw.passes.conv_into_matrix import conv_into_matrix
from snnhw.passes.conv_into_pool import conv_into_pool
from snnhw.quantisation.compile import compile_loihi
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import assert_same, run


def network(seed=0, *, groups=1, head=False, pool=True, dilation=1, padding=1):
    """Neurons, a convolution, a global average, and the read-out, perhaps with a matrix before it."""
    rng = np.random.default_rng(seed)
    size = 5 if pool else dilation * 2 + 1 - 2 * padding
    size = max(size, 1)
    nodes = [
        Input(name="input", shape=(2, size, size)),
        Conv2d(name="stem", shape=(4, size, size), weight=rng.normal(size=(4, 2, 1, 1))),
        LIF(name="unit", shape=(4, size, size), decay=0.5, threshold=0.4),
        Conv2d(
            name="last",
            shape=(6, size, size),
            weight=rng.normal(size=(6, 4 // groups, 3, 3)),
            bias=rng.normal(size=6),
            padding=(padding, padding),
            dilation=(dilation, dilation),
            groups=groups,
        ),
    ]
    out = nodes[-1].window((size, size)).out
    nodes[-1] = Conv2d(**{**vars(nodes[-1]), "shape": (6, *out)})
    if pool:
        nodes.append(Pool(name="all", shape=(6, 1, 1), kind="avg", kernel=out, stride=out))
    nodes.append(Flatten(name="flat", shape=(6,)))
    if head:
        nodes.append(Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 6)), bias=rng.normal(size=3)))
    nodes.append(Readout(name="readout", shape=(3,) if head else (6,)))
    return Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 4), rng.normal(size=(3, 2, size, size))


@given(
    seed=st.integers(0, 2**31),
    groups=st.sampled_from([1, 2]),
    head=st.booleans(),
    pool=st.booleans(),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 1),
)
def test_logits_stay_and_the_read_out_is_one_matrix(seed, groups, head, pool, dilation, padding):
    graph, x = network(seed, groups=groups, head=head, pool=pool, dilation=dilation, padding=padding)
    compiled = compile_channels(graph)
    assert [n.name for n in compiled.of_type(Linear)] == ["head" if head else "last"]
    assert not compiled.of_type(Flatten, Pool)
    assert_same(run(graph, x), run(compiled, x))
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)


def test_what_needs_the_image_keeps_the_convolution():
    graph, _ = network(pool=True)
    pooled = conv_into_pool(graph)
    neuron = LIF(name="unit_behind", shape=(6, 1, 1), decay=0.5, threshold=1.0)
    edges = (*pooled.edges, Edge("last", neuron.name), Edge(neuron.name, "flat"))
    both = pooled.replace(nodes=[*pooled.nodes.values(), neuron], edges=edges)
    assert conv_into_matrix(both).nodes["last"] is both.nodes["last"]
    assert isinstance(conv_into_matrix(pooled).nodes["last"], Linear)
