"""Rows add up field by field, and the three numbers of synaptic work are told apart everywhere."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.counting.counts import BY_STEP, STATIC, TOTALS, EdgeCounts, LayerCounts, NetworkCounts
from snnhw.errors import InputError

WHOLE = st.integers(0, 10**15)  # beyond what a float holds exactly together


def edge(numbers: list[int], *, target: str = "layer", levels: int = 2) -> EdgeCounts:
    """Two source levels."""
    return EdgeCounts(
        source="source", synapse="conv", target=target, target_levels=levels, synapses=7, spikes=numbers[0],
        graded_spikes=numbers[1], level_synops=(numbers[2], numbers[3]), events=numbers[4],
    )  # fmt: skip


def layer(numbers: list[int], edges: tuple[EdgeCounts, ...] = (), **changes) -> LayerCounts:
    """Two levels and two steps; read-outs have none."""
    values = {
        "name": "layer", "kind": "conv", "shape": (2, 3), "levels": 2, "synapse_nodes": ("conv",),
        "spikes": (numbers[0], numbers[1]), "spikes_t": ((numbers[0], 0), (0, numbers[1])),
        "graded_spikes": numbers[2], "macs": numbers[3], "bias_adds": numbers[4], "pool_adds": numbers[5],
        "neuron_updates": numbers[6], "edges": edges, "dense_macs": 11, "dense_inputs": 12, "dense_addresses": 13,
        "twin_words": 12, "params": 14, "weight_bits": 15,
    }  # fmt: skip
    return LayerCounts(**{**values, **changes})


FIVE = st.lists(WHOLE, min_size=5, max_size=5)
SEVEN = st.lists(WHOLE, min_size=7, max_size=7)


@given(FIVE, FIVE, st.integers(1, 5))
def test_edges_add_what_happened_and_keep_what_they_are(a, b, levels):
    first, second = edge(a, levels=levels), edge(b, levels=levels)
    both = first + second
    for key in ("spikes", "graded_spikes", "events", "unit_synops", "replicated_synops"):
        assert getattr(both, key) == getattr(first, key) + getattr(second, key)
    assert first.unit_synops == a[2] + a[3] and first.replicated_synops == levels * (a[2] + a[3])
    assert (both.source, both.synapse, both.target_levels, both.synapses) == ("source", "conv", levels, 7)


@given(SEVEN, SEVEN, FIVE, FIVE)
def test_layers_add_what_happened_and_keep_what_they_are(a, b, e, f):
    first, second = layer(a, (edge(e),)), layer(b, (edge(f),))
    both = first + second
    for key in BY_STEP:
        assert getattr(both, key) == getattr(first, key) + getattr(second, key)
    for key in STATIC:
        assert getattr(both, key) == getattr(first, key)
    assert both.spikes == tuple(map(sum, zip(a[:2], b[:2], strict=True)))
    assert tuple(map(sum, both.spikes_t)) == both.spikes and both.neurons == 6


@given(SEVEN, FIVE, st.integers(0, 5), st.integers(1, 5))
def test_a_network_is_the_sum_of_its_rows_and_says_so_in_json(a, e, samples, timesteps):
    readout = layer(a, (edge(e, levels=1),), name="readout", kind="readout", levels=1, spikes=(), spikes_t=())
    network = NetworkCounts("net", samples, timesteps, (layer(a, (edge(e), edge(e))), readout))
    found = json.loads(json.dumps(network.to_dict()))
    for key in TOTALS:
        assert found["totals"][key] == network.total(key) == sum(row[key] for row in found["layers"])
    assert found["totals"]["spikes"] == a[:2] and network.total("spikes") == sum(a[:2])
    assert network.max_levels == 2 and len(network.edges) == len(found["edges"]) == 3
    for row, told in zip(network.edges, found["edges"], strict=True):
        assert told["replicated_synops"] == row.target_levels * told["unit_synops"]
        assert told["unit_synops"] == sum(told["level_synops"])
    steps = samples * timesteps * 6
    assert found["layers"][0]["rate"] == (sum(a[:2]) / steps if steps else 0.0)


def test_counts_of_two_sets_of_samples_merge_into_those_of_all():
    network = NetworkCounts("net", 2, 3, (layer([1, 2, 3, 4, 5, 6, 7], (edge([1, 2, 3, 4, 5]),)),))
    both = network.merge(dataclasses.replace(network, samples=5))
    assert (both.samples, both.timesteps, both.total("macs"), both.total("unit_synops")) == (7, 3, 8, 14)
    assert both.total("params") == network.total("params")


@pytest.mark.parametrize(
    "changes", [{"levels": 3}, {"shape": (3, 2)}, {"kind": "linear"}, {"params": 1}, {"dense_macs": 1}, {"edges": ()}]
)
def test_counts_of_different_networks_do_not_merge(changes):
    row = layer([0] * 7, (edge([0] * 5),))
    network = NetworkCounts("net", 1, 1, (row,))
    other = NetworkCounts("other", 1, 1, (dataclasses.replace(row, **changes),))
    sentence = "Counts of 'net' and 'other' do not add up; merge counts of one network"
    with pytest.raises(InputError, match=sentence):
        network.merge(other)
    with pytest.raises(InputError, match="do not add up"):
        network.merge(dataclasses.replace(network, timesteps=2))
