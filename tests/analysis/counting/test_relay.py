"""A relay in front of a synapse sends what two branches send, once where they coincide."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.relay import relays
from snnhw.graph.ir import MLF, Conv2d, Graph, Readout
from tests.analysis.nets import integer_net, networks, random_raster, record_of
from tests.oracle import taps

T = 4


def test_a_relay_is_exact_with_a_raster_and_bounded_without():
    graph = integer_net()
    nodes = [n for n in graph.nodes.values() if n.name not in ("flatten", "fc", "readout")]
    nodes += [
        Conv2d(name="late", shape=(2, 5, 5), weight=np.ones((2, 3, 1, 1))),
        MLF(name="c", shape=(2, 5, 5), thresholds=(0.5,), decay=0.25),
        Readout(name="readout", shape=(2, 5, 5)),
    ]
    edges = [("input", "stem"), ("stem", "a"), ("a", "body"), ("body", "b"), ("a", "late"), ("b", "late")]
    graph = Graph.build(nodes, [*edges, ("late", "c"), ("c", "readout")], timesteps=T)
    raster = random_raster(graph, np.random.default_rng(2), samples=3, density=0.4)
    (exact,) = relays(graph, record_of(graph, raster))
    (bounds,) = relays(graph, dataclass_without_raster(record_of(graph, raster)))
    both = (raster["a"].any(axis=2) | raster["b"].any(axis=2)).sum()
    assert exact.merged_low == exact.merged_high == 2 * both
    assert bounds.merged_low < exact.merged_low < bounds.merged_high
    per_neuron = [raster[name].any(axis=2).sum(axis=(0, 1)) for name in "ab"]
    assert bounds.merged_low == 2 * np.maximum(*per_neuron).sum()
    assert exact.branch_events == 2 * (raster["a"].any(axis=2).sum() + raster["b"].any(axis=2).sum())
    assert (exact.sources, exact.payload_levels, exact.relay_updates) == (("a", "b"), 6, 3 * T * 75)
    assert exact.to_dict()["saves"] is False


def dataclass_without_raster(record):
    return type(record)(record.samples, record.timesteps, record.units, record.logits)


@settings(max_examples=25, deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_merged_events_are_those_of_every_position_at_which_any_branch_fires(graph, seed):
    """Position by position and tap by tap, in loops; the bounds without a raster hold the exact number."""
    record = record_of(graph, random_raster(graph, np.random.default_rng(seed), density=0.3))
    exact, bounded = relays(graph, record), relays(graph, dataclass_without_raster(record))
    assert [r.synapse for r in exact] == [r.synapse for r in bounded]
    for relay, bounds in zip(exact, bounded, strict=True):
        node = graph.nodes[relay.synapse]
        if any(e.source not in relay.sources for e in graph.into(relay.synapse)):
            continue  # the branches pass through a pool and a flatten first
        fired = np.any([record.raster[s].any(axis=2) for s in relay.sources], axis=0)
        merged = branches = 0
        for position in np.ndindex(fired.shape[2:]):
            reach = len(taps(node, position, fired.shape[2:]))
            merged += reach * int(fired[(slice(None), slice(None), *position)].sum())
            for source in relay.sources:
                branches += reach * int(record.raster[source].any(axis=2)[(slice(None), slice(None), *position)].sum())
        assert (relay.merged_low, relay.merged_high, relay.branch_events) == (merged, merged, branches)
        assert bounds.merged_low <= merged <= bounds.merged_high <= branches


def test_a_relay_saves_only_if_the_upper_bound_with_its_own_cost_does():
    graph = integer_net()
    raster = random_raster(graph, np.random.default_rng(2), density=0.4)
    (relay,) = relays(graph, record_of(graph, raster, classes=4)) or (None,)
    cost = relay.merged_high + relay.relay_synops + relay.relay_updates
    for branch_events, saves in ((cost, False), (cost + 1, True)):
        assert dataclasses.replace(relay, branch_events=branch_events).saves == saves
