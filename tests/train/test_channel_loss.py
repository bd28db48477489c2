"""The loss of a channel, held against one backward pass for each sample through gates that stand in the network."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.train.channel_loss import channel_losses
from snnhw.train.evaluate import evaluate
from snnhw.train.silence import silence, silenceable
from snnhw.workflows.load import model_of
from tests.passes.test_cut_channels import MODEL, NETWORK

UNITS = {unit: MODEL.traced.modules[unit] for unit in ("stem_mlf", "stage2_block1_mlf1", "stage3_block1_mlf2")}


def data(samples=70):
    rng = np.random.default_rng(5)
    return Samples("some", rng.random((samples, 1, 8, 8)), rng.integers(0, 10, samples), 10, "")


class Gate(nn.Module):
    """A unit with a gate on every channel."""

    def __init__(self, unit, channels):
        super().__init__()
        self.unit, self.gate = unit, nn.Parameter(torch.ones(channels, dtype=torch.float64))

    def forward(self, x):
        return self.unit(x) * self.gate[None, :, None, None]


def test_it_is_half_the_mean_square_of_the_gradient_at_the_gates():
    given, gated = data(5), copy.deepcopy(NETWORK)
    for path in UNITS.values():
        parent, _, name = path.rpartition(".")
        unit = gated.get_submodule(path)
        size = {"stem.mlf": 3, "stages.stage2_block1.mlf1": 4, "stages.stage3_block1.mlf2": 5}[path]
        setattr(gated.get_submodule(parent), name, Gate(unit, size))
    found = channel_losses(NETWORK, UNITS, given)
    squares = {name: 0.0 for name in UNITS}
    for x, target in zip(given.values, given.targets, strict=True):
        gated.zero_grad()
        nn.functional.cross_entropy(gated(torch.from_numpy(x)[None]), torch.tensor([target])).backward()
        for name, path in UNITS.items():
            squares[name] = squares[name] + gated.get_submodule(path).gate.grad.numpy() ** 2
    for name in UNITS:
        assert squares[name].max() > 0
        np.testing.assert_allclose(found[name], squares[name] / (2 * len(given)), rtol=1e-9, atol=1e-18)


def test_batches_and_modes_change_nothing():
    given, network = data(), copy.deepcopy(NETWORK).train()
    whole = channel_losses(network, UNITS, given)
    parts = [channel_losses(NETWORK, UNITS, given.take(slice(a, b))) for a, b in ((0, 3), (3, 70))]
    for name in UNITS:
        np.testing.assert_allclose(whole[name], (3 * parts[0][name] + 67 * parts[1][name]) / 70, rtol=1e-9)
    assert network.training and not any(module._forward_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_silent_channel_costs_nothing():
    silent = copy.deepcopy(NETWORK)
    silence(silent, silenceable(MODEL.traced, MODEL.traced.modules, silent), {"stage2_block1_mlf1": [2]})
    assert channel_losses(silent, UNITS, data(4))["stage2_block1_mlf1"][2] == 0.0


def test_a_unit_that_runs_twice_is_refused():
    unit = MLF(timesteps=2)
    twice = nn.Sequential(Frames(2), nn.Flatten(), nn.Linear(64, 10), unit, unit, MeanOverTime(2)).double()
    with pytest.raises(InputError, match="runs twice in a forward"):
        channel_losses(twice, {"unit": "3"}, data(2))


def test_it_ranks_the_channels_of_a_trained_network_as_their_absence_does():
    """Measured: the loss of digits without each of the 48 channels of a unit, one after the other."""
    from snnhw.data.datasets import load
    from snnhw.workflows.load import load_model

    model, few = load_model("digits"), load("digits", "train").first(128)
    unit = "stage3_block1_mlf1"
    estimated = channel_losses(model.network, {unit: model.traced.modules[unit]}, few)[unit]
    parameters = silenceable(model.traced, model.traced.modules, model.network)
    measured = []
    for channel in range(48):
        without = copy.deepcopy(model.network)
        silence(without, parameters, {unit: [channel]})
        measured.append(evaluate(without, few).loss)
    assert model_of(model.network, (1, 8, 8)).graph.units()[unit][0].shape[0] == 48
    assert spearmanr(estimated, measured).statistic > 0.5
