"""Silent channels: which can be, what is zero then, and that no optimiser moves it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from snnhw.nn.models import build
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.train.silence import Silenced, silence, silenceable
from snnhw.workflows.load import model_of

CHANNELS = {"stem_mlf": [1], "stage2_block1_mlf1": [0, 3], "stage3_block1_shortcut_mlf": [4]}


def network(**arguments):
    torch.manual_seed(2)
    wide = {"surrogate_width": 2.0, **arguments}  # so that a shift of 0 has a gradient below the threshold
    return build("digits_ds_resnet8", in_channels=1, widths=[3, 4, 5], timesteps=2, **wide)


def found_in(made, shape=(1, 8, 8)):
    traced = model_of(made, shape).traced
    return silenceable(traced, traced.modules, made)


def zeros(made, parameters):
    return all(
        not made.get_parameter(name)[numbers].any() for unit, numbers in CHANNELS.items() for name in parameters[unit]
    )


def test_every_unit_of_a_ds_network_and_those_within_blocks_of_a_plain_one():
    made = network()
    found = found_in(made)
    assert len(found) == 9 and set(CHANNELS) < set(found)
    assert found["stem_mlf"] == ("stem.norm.weight", "stem.norm.bias", "stem.conv.weight")
    plain = found_in(network(downsample_sum="plain"))
    assert "stage1_block1_mlf1" in plain and "stage1_block1_mlf2" not in plain
    assert "stage2_block1_mlf2" in plain  # both its layers are its own
    assert len(plain["stage2_block1_mlf2"]) == 6
    assert len(found_in(network(neuron="ilif"))) == 9


def test_a_unit_below_zero_or_behind_a_norm_without_gain_is_none():
    def chain(first, last):
        layers = (nn.Conv2d(1, 2, 3), first, nn.Conv2d(2, 2, 3), last, nn.Flatten(), nn.Linear(32, 4))
        return nn.Sequential(Frames(1), *layers, MeanOverTime(1))

    below = found_in(chain(MLF((-0.5, 1), timesteps=1), MLF((0.0, 1), timesteps=1)))
    assert len(below) == 1 and next(iter(below.values())) == ("3.weight", "3.bias")
    plain = nn.Sequential(nn.BatchNorm2d(2, affine=False), MLF(timesteps=1))
    assert len(found_in(chain(plain, MLF(timesteps=1)))) == 1


@pytest.mark.parametrize(
    "optimiser",
    [
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1),
    ],
)
def test_training_leaves_silent_channels_at_exactly_zero(optimiser):
    first = network()
    parameters = found_in(first)
    silence(first, parameters, CHANNELS)
    assert zeros(first, parameters)
    trained = network()
    Silenced("first", first.eval(), "", parameters, CHANNELS).give(trained.train())
    step = optimiser(trained.parameters())
    before = copy.deepcopy(trained.state_dict())
    for seed in range(3):
        torch.manual_seed(seed)
        loss = nn.functional.cross_entropy(trained(torch.rand(16, 1, 8, 8)), torch.randint(0, 10, (16,)))
        step.zero_grad()
        loss.backward()
        step.step()
    assert zeros(trained, parameters)
    moved = [name for name, value in trained.named_parameters() if not torch.equal(value, before[name])]
    assert len(moved) == len(before) - sum(name.startswith("running") or "running" in name for name in before)


def test_without_being_held_the_shift_would_move():
    first = network()
    parameters = found_in(first)
    silence(first, parameters, CHANNELS)
    nn.functional.cross_entropy(first.train()(torch.rand(16, 1, 8, 8)), torch.randint(0, 10, (16,))).backward()
    assert first.stages.stage2_block1.norm1.bias.grad[[0, 3]].abs().max() > 0
