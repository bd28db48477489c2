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
