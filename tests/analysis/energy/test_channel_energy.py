"""The energy of a channel: equal to its prices, and to a recount where nobody behind it fires otherwise."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.channel_energy import PricedBy, channel_energies, energy_without, spikes_left
from snnhw.analysis.energy.spike_energy import energy_pj, energy_prices
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.passes.cut_channels import cut_channels
from snnhw.passes.remove_dead import remove_dead
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.train.silence import silence, silenceable
from snnhw.workflows.load import model_of
from tests.passes.test_cut_channels import MODEL, NETWORK, X, silenced

INNER, BEFORE_SUM = "stage2_block1_mlf1", "stage2_block1_mlf2"
PRICED = [PricedBy(load_profile("loihi1-davies2018")), PricedBy(load_profile("horowitz45-int8"), "channels")]
RECORD = simulate(MODEL.graph, X, execution=DOUBLE)


@pytest.mark.parametrize("priced_by", PRICED, ids=lambda one: one.profile.name)
@pytest.mark.parametrize("unit", [INNER, BEFORE_SUM])
def test_it_is_that_of_the_spikes_gone_at_their_prices_and_of_those_left_at_lower_ones(unit, priced_by):
    """Oracle: constant + spikes * prices, of the graph with and without the channel."""
    record, channel = RECORD, 2
    prices = energy_prices(MODEL.graph, priced_by.profile, priced_by.deployment)
    cut = cut_channels(MODEL.graph, {unit: [channel]})
    after = energy_prices(cut.graph, priced_by.profile, priced_by.deployment)
    left = spikes_left(record, cut)
    expected = prices.of(record) - after.of(left)
    own = float((record.units[unit].levels[:, channel] * prices.sources[unit].levels[:, channel]).sum())
    found = channel_energies(MODEL.graph, record, {unit: [channel]}, {}, priced_by)[unit]
    assert found[0] * len(X) == pytest.approx(expected, rel=1e-9)
    assert expected > own > 0
    updates_stay = prices.constant == pytest.approx(after.constant, rel=1e-3)
    assert updates_stay == (unit == BEFORE_SUM)


@pytest.mark.parametrize("priced_by", PRICED, ids=lambda one: one.profile.name)
def test_it_is_what_a_recount_saves_where_nobody_behind_fires_otherwise(priced_by):
    deaf = copy.deepcopy(NETWORK)
    with torch.no_grad():
        deaf.stages.stage2_block1.conv2.weight[:, 1] *= 1e-12  # a synapse still, but too weak to change a spike
    model = model_of(deaf, (1, 8, 8))
    record = simulate(model.graph, X, execution=DOUBLE)
    assert record.units[INNER].levels[:, 1].sum() > 0 and remove_dead(model.graph).removed == ()
    predicted = energy_without(model.graph, record, {INNER: [1]}, priced_by)
    saved = channel_energies(model.graph, record, {INNER: [1]}, {}, priced_by)[INNER][0]
    silence(deaf, silenceable(model.traced, model.traced.modules, deaf), {INNER: [1]})
    graph = remove_dead(model_of(deaf, (1, 8, 8)).graph).graph
    assert graph.nodes[INNER].shape[0] == 3
    recounted = energy_pj(count(graph, simulate(graph, X, execution=DOUBLE)), priced_by.profile, priced_by.deployment)
    assert recounted / len(X) == pytest.approx(predicted, rel=1e-12)
    whole = energy_pj(count(model.graph, record), priced_by.profile, priced_by.deployment) / len(X)
    assert whole - saved == pytest.approx(predicted, rel=1e-12)


def test_two_channels_that_feed_one_another_cost_less_than_their_sum():
    pair, priced_by = {"stage1_block1_mlf1": [0], "stage1_block1_mlf2": [0]}, PRICED[0]
    whole = energy_without(MODEL.graph, RECORD, {}, priced_by)
    alone = channel_energies(MODEL.graph, RECORD, pair, {}, priced_by)
    together = whole - energy_without(MODEL.graph, RECORD, pair, priced_by)
    first, second = pair
    beside = channel_energies(MODEL.graph, RECORD, {second: [0]}, {first: [0]}, priced_by)[second][0]
    assert together == pytest.approx(alone[first][0] + beside, rel=1e-9)
    assert beside < alone[second][0]


def test_the_spikes_that_are_left_are_those_of_the_others():
    cut = cut_channels(MODEL.graph, {INNER: [0, 2], BEFORE_SUM: [1]})
    left = spikes_left(RECORD, cut)
    np.testing.assert_array_equal(left.units[INNER].levels, RECORD.units[INNER].levels[:, [1, 3]])
    assert not left.units[BEFORE_SUM].levels[:, 1].any() and not left.units[BEFORE_SUM].graded_spikes[1].any()
    np.testing.assert_array_equal(left.units["stem_mlf"].levels, RECORD.units["stem_mlf"].levels)


def test_the_graph_of_a_silenced_module_is_counted_as_the_cut_one():
    """The spikes are not those of before here, so both graphs are simulated."""
    channels = {INNER: [0, 3], "stem_mlf": [1]}
    cut = cut_channels(MODEL.graph, channels).graph
    dead = remove_dead(model_of(silenced(channels), (1, 8, 8)).graph).graph
    one, other = (count(graph, simulate(graph, X, execution=DOUBLE)) for graph in (cut, dead))
    assert [layer.spikes for layer in one.layers] == [layer.spikes for layer in other.layers]
    for priced_by in PRICED:
        same = energy_pj(one, priced_by.profile, priced_by.deployment)
        assert energy_pj(other, priced_by.profile, priced_by.deployment) == pytest.approx(same, rel=1e-12)
