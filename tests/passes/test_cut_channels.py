"""Channels that go leave every other spike as it was where they were silent, in chains and in front of sums."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.norm import TDBatchNorm
from snnhw.passes.cut_channels import cut_channels
from snnhw.passes.decompose import decompose
from snnhw.passes.remove_dead import remove_dead
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.train.silence import silence, silenceable
from snnhw.workflows.load import model_of

SIZES = {"stem_mlf": 3, "stage1_block1_mlf1": 3, "stage2_block1_mlf1": 4, "stage2_block1_shortcut_mlf": 4}
CHANNELS = st.fixed_dictionaries(
    {unit: st.sets(st.integers(0, size - 1), max_size=size - 1).map(sorted) for unit, size in SIZES.items()}
)


def network():
    torch.manual_seed(3)
    made = build("digits_ds_resnet8", in_channels=1, widths=[3, 4, 5], timesteps=2).double()
    for _ in range(10):
        made(torch.rand(8, 1, 8, 8, dtype=torch.float64))
    with torch.no_grad():
        for norm in made.modules():
            if isinstance(norm, TDBatchNorm):
                norm.weight *= 3.0  # so that every channel fires
    return made.eval()


NETWORK = network()
MODEL = model_of(copy.deepcopy(NETWORK), (1, 8, 8))
X = np.random.default_rng(1).random((3, 1, 8, 8))


def silenced(channels):
    """The network with `channels` set to zero in its module."""
    silent = copy.deepcopy(NETWORK)
    silence(silent, silenceable(MODEL.traced, MODEL.traced.modules, silent), channels)
    return silent


@settings(max_examples=15)
@given(CHANNELS)
def test_the_cut_graph_fires_as_the_silenced_module(channels):
    silent = model_of(silenced(channels), (1, 8, 8)).graph
    cut = cut_channels(MODEL.graph, channels)
    whole, smaller = (simulate(graph, X, raster=True, execution=DOUBLE) for graph in (silent, cut.graph))
    for unit, spikes in whole.raster.items():
        kept = cut.kept.get(unit)
        assert not spikes[:, :, :, channels.get(unit, [])].any()
        np.testing.assert_array_equal(smaller.raster[unit], spikes if kept is None else spikes[:, :, :, kept])
    np.testing.assert_allclose(smaller.logits, whole.logits, atol=1e-12)
    assert set(cut.kept) == {unit for unit in channels if unit.endswith("mlf1") and channels[unit]}
    assert {unit: gone.tolist() for unit, gone in cut.silent.items()} == {
        unit: numbers for unit, numbers in channels.items() if numbers and not unit.endswith("mlf1")
    }


@settings(max_examples=10)
@given(CHANNELS)
def test_what_is_cut_is_what_remove_dead_proves_of_the_silenced_module(channels):
    cut = cut_channels(MODEL.graph, channels)
    dead = remove_dead(model_of(silenced(channels), (1, 8, 8)).graph)
    found = {(one.name, one.channel) for one in dead.removed if one.what == "channel"}
    assert {(unit, c) for unit in cut.kept for c in channels[unit]} <= found
    if found == {(unit, c) for unit in cut.kept for c in channels[unit]}:
        for name, node in cut.graph.nodes.items():
            assert dead.graph.nodes[name].shape == node.shape


def test_binary_channels_are_cut_as_their_unit():
    cut = cut_channels(decompose(MODEL.graph), {"stage1_block1_mlf1": [1]})
    assert all(n.shape[0] == 2 for n in cut.graph.units()["stage1_block1_mlf1"])


def test_what_cannot_go_is_refused():
    with pytest.raises(InputError, match="All channels of unit 'stem_mlf' would go"):
        cut_channels(MODEL.graph, {"stem_mlf": [0, 1, 2]})
    with pytest.raises(InputError, match="has no unit 'nobody'"):
        cut_channels(MODEL.graph, {"nobody": [0]})
    plain = build("digits_ds_resnet8", in_channels=1, widths=[3, 4, 5], timesteps=2, downsample_sum="plain")
    graph = model_of(plain, (1, 8, 8)).graph
    with pytest.raises(InputError, match="others read too; leave its channels"):
        cut_channels(graph, {"stage1_block1_mlf2": [0]})
    assert cut_channels(graph, {"stem_mlf": []}).graph is graph
