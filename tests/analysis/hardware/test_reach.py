"""Which cores a spike reaches, against the exact fan-out into the neurons of each core."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.fanout import fanout
from snnhw.analysis.hardware.reach import paths, reached, senders
from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Linear, Readout

SMALL = st.integers(1, 3)


@st.composite
def convolved(draw):
    """A convolution of any stride, padding, dilation and groups, some weights zero, and cores for its neurons."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    groups = draw(st.sampled_from([1, 1, 1, 2]))
    into, out = groups * draw(SMALL), groups * draw(SMALL)
    size = draw(st.integers(3, 9)), draw(st.integers(3, 9))
    kernel, stride = (draw(SMALL), draw(SMALL)), (draw(SMALL), draw(SMALL))
    padding, dilation = (draw(st.integers(0, 2)), draw(st.integers(0, 2))), draw(st.sampled_from([(1, 1), (2, 1)]))
    sent = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(size, padding, dilation, kernel, stride, strict=True)
    ]
    if min(sent) < 1:
        kernel, dilation = (1, 1), (1, 1)
        sent = [(n + 2 * p - 1) // s + 1 for n, p, s in zip(size, padding, stride, strict=True)]
    weight = rng.normal(size=(out, into // groups, *kernel)) * (rng.random((out, into // groups, *kernel)) < 0.6)
    shape = (out, *sent)
    nodes = [
        Input(name="events", shape=(into, *size), levels=1),
        Conv2d(
            name="conv", shape=shape, weight=weight, stride=stride, padding=padding, dilation=dilation, groups=groups
        ),
        LIF(name="lif", shape=shape, decay=0.5, threshold=1.0),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, int(np.prod(shape)))) * (rng.random() < 0.5)),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [("events", "conv"), ("conv", "lif"), ("lif", "fc"), ("fc", "readout")]
    graph = Graph.build(nodes, edges, timesteps=1)
    a_core = draw(st.integers(1, 12))
    cores = {
        "events": np.zeros((into, *size), dtype=np.int64),
        "lif": 1 + (np.arange(np.prod(shape)) // a_core).reshape(shape),
        "readout": np.full(3, 500),
    }
    return graph, cores


@settings(max_examples=60, deadline=None)
@given(convolved(), st.booleans())
def test_a_core_is_reached_where_the_fan_out_into_it_is_not_zero(case, zeros) -> None:
    graph, cores = case
    found = {one.sender: one for one in reached(graph, cores, zeros=zeros)}
    assert list(found) == [node.name for node in senders(graph)] == ["events", "lif"]
    for sender in senders(graph):
        one = found[sender.name]
        np.testing.assert_array_equal(one.homes, cores[sender.name].ravel())
        ((path, population),) = paths(graph, sender.name)
        for core in np.unique(cores[population]):
            expected = fanout(path, sender.shape, cores[population] == core, zeros=zeros).ravel() > 0
            at = np.flatnonzero(one.targets == core)
            assert len(at) == expected.any()
            if len(at):
                np.testing.assert_array_equal(one.meets[:, at[0]], expected)
