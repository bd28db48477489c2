"""A round: channels are silent, proven so, and counted as they are removed."""

from __future__ import annotations

import copy

import pytest
from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.channel_energy import PricedBy
from snnhw.analysis.energy.spike_energy import energy_pj
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes.remove_dead import remove_dead
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model, model_of
from snnhw.workflows.pruning_round import bench_for, least_energy_pj, removed
from tests.workflows.pruned import small_run

PRICED_BY = PricedBy(load_profile("loihi1-davies2018"))
FEW = load("digits", "train").first(64)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return load_model(small_run(tmp_path_factory.mktemp("pruned") / "run")).network


def test_two_rounds_save_what_they_say(network):
    said = []
    bench = bench_for(network, FEW, PRICED_BY, lambda *words: said.append(words))
    whole = bench.energy_pj(network)
    first = removed(bench, network, {}, 0.9 * whole)
    assert first.predicted_pj <= 0.9 * whole and first.counted_pj < whole
    assert {stage for stage, *_ in said} == {"channels judged", "channels priced"}
    second = removed(bench, first.network, first.gone, 0.8 * whole)
    assert {(c.unit, c.number) for c in second.channels}.isdisjoint({(c.unit, c.number) for c in first.channels})
    assert sum(map(len, second.gone.values())) == len(first.channels) + len(second.channels)
    assert all(len(numbers) < bench.sizes[unit] for unit, numbers in second.gone.items())
    graph = remove_dead(model_of(second.network, (1, 8, 8)).graph).graph
    counts = count(graph, simulate(graph, FEW.values))
    assert second.counted_pj == pytest.approx(energy_pj(counts, PRICED_BY.profile) / 64, rel=1e-12)
    spikes = simulate(model_of(second.network, (1, 8, 8)).graph, FEW.values).units
    assert all(not spikes[unit].levels[:, numbers].any() for unit, numbers in second.gone.items())
    assert least_energy_pj(bench, network) < second.counted_pj


def test_where_one_channel_is_left_everywhere_nothing_goes(network):
    bench = bench_for(network, FEW, PRICED_BY, None)
    assert removed(bench, network, {unit: range(1, size) for unit, size in bench.sizes.items()}, 0.0) is None


def test_a_silence_that_cannot_be_proven_is_refused(network, monkeypatch):
    bench = bench_for(network, FEW, PRICED_BY, None)
    monkeypatch.setattr("snnhw.workflows.pruning_round.silence", lambda *given: None)
    with pytest.raises(InputError, match="never fire cannot be proven"):
        removed(bench, copy.deepcopy(network), {}, 0.0)


def test_a_network_without_channels_of_its_own_is_refused():
    unit = MLF((-1.0, 1.0), timesteps=1)
    made = nn.Sequential(Frames(1), nn.Conv2d(1, 2, 3), unit, nn.Flatten(), nn.Linear(72, 10), MeanOverTime(1))
    with pytest.raises(InputError, match="no channel can go alone"):
        bench_for(made, FEW, PRICED_BY, None)
