"""Cutting a channel out of a chain takes nothing else: the rest computes what it did with that channel silent."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Pool, Readout
from snnhw.passes.decompose import decompose
from snnhw.passes.remove_channels import keep_channels
from tests.passes.runs import run

CHANNELS = 5


def chain(seed=0, pooled=True):
    """Convolution, unit of five channels, pool, convolution, unit, flatten and matrix."""
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="input", shape=(2, 6, 6)),
        Conv2d(
            name="first", shape=(CHANNELS, 6, 6), weight=rng.normal(size=(CHANNELS, 2, 3, 3)),
            bias=rng.normal(size=CHANNELS), padding=(1, 1),
        ),
        MLF(name="unit", shape=(CHANNELS, 6, 6), thresholds=(0.6, 1.6), decay=0.25),
        Pool(name="pool", shape=(CHANNELS, 3, 3), kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="second", shape=(3, 3, 3), weight=rng.normal(size=(3, CHANNELS, 3, 3)), padding=(1, 1)),
        MLF(name="last", shape=(3, 3, 3), thresholds=(0.6, 1.6), decay=0.5),
        Flatten(name="flatten", shape=(27,)),
        Linear(name="fc", shape=(4,), weight=rng.normal(size=(4, 27)), bias=rng.normal(size=4)),
        Readout(name="readout", shape=(4,)),
    ]  # fmt: skip
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), 3)


KEPT = st.sets(st.integers(0, CHANNELS - 1), min_size=1).map(sorted)


@given(st.integers(0, 2**31), KEPT, st.booleans())
def test_the_rest_computes_what_it_did_with_the_channel_silent(seed, kept, channels):
    """Oracle: the whole network with zeros for all weights behind the channels that are cut."""
    graph = decompose(chain(seed)) if channels else chain(seed)
    weight = graph.nodes["second"].weight.copy()
    weight[:, [c for c in range(CHANNELS) if c not in kept]] = 0
    silent = graph.replace(nodes={**graph.nodes, "second": dataclasses.replace(graph.nodes["second"], weight=weight)})
    inputs = np.random.default_rng(seed).uniform(-1, 1, (2, 2, 6, 6))
    smaller = keep_channels(graph, "unit", np.array(kept))
    assert smaller.nodes["pool"].shape == (len(kept), 3, 3)
    before, after = run(silent, inputs), run(smaller, inputs)
    np.testing.assert_array_equal(after.raster["unit"], before.raster["unit"][:, :, :, kept])
    np.testing.assert_array_equal(after.raster["last"], before.raster["last"])
    np.testing.assert_allclose(after.logits, before.logits, atol=1e-12)


@given(st.integers(0, 2**31), st.sets(st.integers(0, 2), min_size=1).map(sorted))
def test_the_columns_of_a_flattened_channel_go_with_it(seed, kept):
    graph = chain(seed)
    weight = graph.nodes["fc"].weight.reshape(4, 3, 9).copy()
    weight[:, [c for c in range(3) if c not in kept]] = 0
    silent = graph.replace(
        nodes={**graph.nodes, "fc": dataclasses.replace(graph.nodes["fc"], weight=weight.reshape(4, 27))}
    )
    smaller = keep_channels(graph, "last", np.array(kept))
    assert smaller.nodes["flatten"].shape == (9 * len(kept),) and smaller.nodes["fc"].weight.shape == (4, 9 * len(kept))
    inputs = np.random.default_rng(seed).uniform(-1, 1, (2, 2, 6, 6))
    np.testing.assert_allclose(run(smaller, inputs).logits, run(silent, inputs).logits, atol=1e-12)


def test_parameters_per_neuron_are_cut_and_those_per_position_stay():
    graph = chain()
    own = np.arange(CHANNELS, dtype=float)[:, None, None] + 0.5 + np.zeros((CHANNELS, 6, 6))
    shared = np.full((1, 6, 6), 0.5)
    unit = LIF(name="unit", shape=(CHANNELS, 6, 6), decay=shared, threshold=own)
    smaller = keep_channels(graph.replace(nodes={**graph.nodes, "unit": unit}), "unit", np.array([1, 3])).nodes["unit"]
    np.testing.assert_array_equal(smaller.threshold, own[[1, 3]])
    np.testing.assert_array_equal(smaller.decay, shared)


def changed(**nodes):
    graph = chain()
    return graph.replace(
        nodes={**graph.nodes, **{n: dataclasses.replace(graph.nodes[n], **c) for n, c in nodes.items()}}
    )


@pytest.mark.parametrize(
    "graph",
    [
        changed(first={"groups": 2, "weight": np.ones((CHANNELS, 1, 3, 3))}),
        changed(second={"groups": CHANNELS, "weight": np.ones((3, 1, 3, 3))}),
        chain().replace(edges=(*chain().edges, Edge("first", "last"))),
        chain().replace(edges=(*chain().edges, Edge("input", "unit"))),
        chain().replace(edges=(*chain().edges, Edge("unit", "readout"))),
        chain().replace(edges=(*chain().edges, Edge("input", "pool"))),
        chain().replace(edges=tuple(e for e in chain().edges if e.target != "unit")),
        chain().replace(edges=tuple(e for e in chain().edges if e.source != "unit")),
    ],
    ids=[
        "a group before it", "a group behind it", "its synapse feeds another", "no synapse before it",
        "the read-out takes it", "its pool takes another", "nothing before it", "nothing behind it",
    ],
)  # fmt: skip
def test_a_channel_that_others_hold_on_to_stays(graph):
    assert keep_channels(graph, "unit", np.array([0])) is None
