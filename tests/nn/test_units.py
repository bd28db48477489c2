"""Networks of ours with either kind of neuron."""

import pytest
import torch

from snnhw.errors import InputError
from snnhw.nn import DSResNet, build
from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.units import SPIKING, UNITS, Unit

SMALL = {"ds_resnet8": {"widths": [2, 3], "blocks": [1, 1]}, "vgg16": {"width": 2, "hidden": [6]}}


def test_every_kind_is_made_from_the_arguments_that_all_share():
    made = [Unit(kind, (0.5, 1.5), 3, 0.5, 2.0, 6).made() for kind in UNITS]
    assert [type(unit) for unit in made] == [MLF, ILIF] == list(SPIKING)
    assert [(unit.levels, unit.decay, unit.timesteps) for unit in made] == [(2, 0.5, 6), (3, 0.5, 6)]
    assert [unit.tdbn_factor for unit in made] == [0.5, 1.0]


@pytest.mark.parametrize("name", SMALL)
def test_a_network_of_integer_neurons_sends_integers_and_is_trained(name):
    torch.manual_seed(0)
    network = build(name, neuron="ilif", levels=5, timesteps=2, **SMALL[name])
    units = [module for module in network.modules() if isinstance(module, SPIKING)]
    assert units and all(isinstance(unit, ILIF) and unit.levels == 5 for unit in units)
    assert all(norm.factor == 1 for norm in network.modules() if isinstance(norm, TDBatchNorm))
    sent = []
    for unit in units:
        unit.register_forward_hook(lambda module, args, given: sent.append(given.detach()))
    network(torch.randn(4, 3, 32, 32)).sum().backward()
    assert max(float(values.max()) for values in sent) > 1
    assert all(bool(((values == values.round()) & (values >= 0) & (values <= 5)).all()) for values in sent)
    weights = [module.weight for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    assert all(weight.grad is not None and bool(weight.grad.any()) for weight in weights)


def test_the_twin_of_integer_neurons_is_relu():
    twin = build("ds_resnet8", relu=True, neuron="ilif", **SMALL["ds_resnet8"])
    assert not any(isinstance(module, SPIKING) for module in twin.modules())
    assert sum(isinstance(module, torch.nn.ReLU) for module in twin.modules()) == 6


@pytest.mark.parametrize("network", [DSResNet, *(lambda neuron, n=n: build(n, neuron=neuron) for n in SMALL)])
def test_another_kind_is_refused(network):
    with pytest.raises(InputError, match="'mlf' or 'ilif'"):
        network(neuron="lif")


def test_single_units_have_thresholds_of_their_own_and_norms_keep_their_factor():
    given = {"thresholds": [0.5, 1.5], "thresholds_of": {"stem.mlf": [0.75], "stages.stage2_block1.mlf2": [0.5, 1, 2]}}
    network = build("ds_resnet8", widths=[2, 3], blocks=[1, 1], timesteps=2, **given)
    levels = {path: unit.thresholds for path, unit in network.named_modules() if isinstance(unit, MLF)}
    assert levels.pop("stem.mlf") == (0.75,) and levels.pop("stages.stage2_block1.mlf2") == (0.5, 1.0, 2.0)
    assert levels and set(levels.values()) == {(0.5, 1.5)}
    assert all(norm.factor == 0.5 for norm in network.modules() if isinstance(norm, TDBatchNorm))
    assert network.stem.mlf.timesteps == 2 and network(torch.rand(3, 3, 8, 8)).shape == (3, 10)
    vgg = build("vgg16", width=2, hidden=[6], thresholds_of={"hidden.fc1_mlf": [0.6]})
    assert vgg.hidden.fc1_mlf.levels == 1 and vgg.features.conv1_1.mlf.levels == 3


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"stem.mlv": [0.6]}, "There is no MLF unit 'stem.mlv'; did you mean 'stem.mlf'"),
        ({"stem": [0.6]}, "There is no MLF unit 'stem'; did you mean 'stem.mlf'"),
        ({"stem.mlf": []}, r"MLF thresholds are \[\]; give at least one number"),
        ({"stem.mlf": 0.6}, "a table of which each entry is a list of at most 1000"),
        ({"stem.mlf": ["a"]}, "a table of which each entry is a list of which each is a number"),
        ([0.6], "a table of at most 1000 names"),
    ],
)
def test_thresholds_of_no_unit_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        build("ds_resnet8", widths=[2, 3], blocks=[1, 1], thresholds_of=given)
