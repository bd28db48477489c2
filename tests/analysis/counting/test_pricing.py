"""Prices of spikes times spikes are what the counters count: to the integer, for every deployment and form of a net."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import work
from snnhw.analysis.counting.pricing import spike_prices
from snnhw.errors import InputError
from snnhw.graph.ir import Flatten, Graph, Input, Linear, MaxPool, Readout
from snnhw.passes import DEPLOYMENTS
from snnhw.passes.decompose import decompose
from tests.analysis.nets import mlf, networks, random_raster, record_of, small_net

SEED = st.integers(0, 2**32 - 1)
OF_WORK = ("synops", "updates", "messages", "bias_adds")


def amount(deployment, kind):
    """A quantity of the counters, in whole numbers."""
    return lambda counts: sum(getattr(work(layer, counts, deployment), kind) for layer in counts.layers)


@settings(max_examples=20, deadline=None)
@given(networks(), SEED, st.sampled_from(tuple(DEPLOYMENTS)), st.sampled_from(OF_WORK), st.booleans())
def test_priced_spikes_are_the_count_to_the_integer(graph, seed, deployment, kind, as_channels):
    graph = decompose(graph) if as_channels else graph
    record, quantity = record_of(graph, random_raster(graph, np.random.default_rng(seed))), amount(deployment, kind)
    prices = spike_prices(graph, quantity)
    assert prices.of(record) == quantity(count(graph, record))
    assert all(np.array_equal(p.levels, p.levels.round()) for p in prices.sources.values())


def test_graded_spikes_sent_have_a_price_of_their_own():
    graph = small_net()
    prices = spike_prices(graph, lambda counts: counts.total("graded_spikes"))
    assert [(p.levels.any(), p.graded.min(), p.graded.max()) for p in prices.sources.values()] == [(False, 1, 1)] * 2
    assert prices.full == graph.timesteps * (4 * 36 + 2 * 36) and prices.constant == 0


def test_what_is_not_linear_is_refused():
    with pytest.raises(InputError, match="not linear in the counts"):
        spike_prices(small_net(), lambda counts: counts.total("unit_synops") ** 2)


def test_spikes_of_a_max_pool_have_no_price():
    nodes = [
        Input(name="input", shape=(1, 4, 4), levels=1),
        mlf("unit", (1, 4, 4), 1),
        MaxPool(name="pool", shape=(1, 2, 2), kernel=(2, 2), stride=(2, 2)),
        Flatten(name="flatten", shape=(4,)),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 4))),
        Readout(name="readout", shape=(2,)),
    ]
    names = [node.name for node in nodes]
    graph = Graph.build(nodes, list(pairwise(names)), timesteps=2)
    with pytest.raises(InputError, match=r"'pool' \(MaxPool\) sends is not linear"):
        spike_prices(graph, amount("shared", "synops"))
