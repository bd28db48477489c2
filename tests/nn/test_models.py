import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.nn import MLF, MODELS, TDBatchNorm, build

TABLE = {
    "ds_resnet14": (2_777_674, 2_773_184, 421.2, 32),
    "ds_resnet20": (4_327_754, 4_321_472, 647.7, 32),
    "ds_resnet32": (7_427_914, 7_418_048, 1100.7, 32),
    "ds_resnet44": (10_528_074, 10_514_624, 1553.7, 32),
    "ds_resnet68": (16_728_394, 16_707_776, 2459.6, 32),
    "gesture_ds_resnet20": (272_395, 270_816, 40.7, 32),
    "dvscifar10_ds_resnet14": (696_330, 694_080, 187.3, 42),
    "vgg16": (15_119_690, 15_106_240, None, 32),
}


DEPTHS = {14: (2, 2, 2), 20: (3, 3, 3), 32: (5, 5, 5), 44: (7, 7, 7), 68: (11, 11, 11)}


BY_DEPTH = {
    ("gesture_ds_resnet20", 14): (175_179, 174_048),
    ("gesture_ds_resnet20", 32): (466_827, 464_352),
    ("gesture_ds_resnet20", 44): (661_259, 657_888),
    ("gesture_ds_resnet20", 68): (1_050_123, 1_044_960),
    ("dvscifar10_ds_resnet14", 20): (1_084_298, 1_081_152),
    ("dvscifar10_ds_resnet14", 32): (1_860_234, 1_855_296),
    ("dvscifar10_ds_resnet14", 44): (2_636_170, 2_629_440),
    ("dvscifar10_ds_resnet14", 68): (4_188_042, 4_177_728),
}


def counts(network):
    weights = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    return sum(p.numel() for p in network.parameters()), weights


def million_macs(network, side):
    """Taps of every convolution and linear layer on one frame, from the shapes of the outputs alone."""
    macs = []

    def count(module, inputs, output):
        taps = module.weight[0].numel()
        macs.append(output[0].numel() * taps)

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with torch.no_grad():
        network.eval()(torch.zeros(1, network.in_channels, side, side))
    return sum(macs) / 1e6


@pytest.mark.parametrize("name", TABLE)
def test_parameters_and_macs_equal_the_published_code(name):
    everything, weights, macs, side = TABLE[name]
    network = build(name, timesteps=1)
    assert counts(network) == (everything, weights)
    if macs is not None:
        assert round(million_macs(network, side), 1) == macs


@pytest.mark.parametrize(("name", "depth"), BY_DEPTH)
def test_parameters_of_other_depths(name, depth):
    assert counts(build(name, blocks=DEPTHS[depth])) == BY_DEPTH[name, depth]


@pytest.mark.parametrize("name", ["ds_resnet20", "vgg16"])
def test_levels_cost_no_parameters(name):
    assert counts(build(name, thresholds=(0.6,))) == counts(build(name, thresholds=(0.6, 1.6, 2.6, 3.6)))


@pytest.mark.parametrize("name", MODELS)
def test_every_model_and_its_twin_give_logits(name):
    arguments = {"width": 2} if name == "vgg16" else {"widths": (2, 3, 4)}
    network = build(name, **arguments, timesteps=2)
    static = torch.randn(3, network.in_channels, 32, 32)
    assert network(static).shape == (3, network.classes)
    assert network(torch.stack([static, static])).shape == (3, network.classes)
    twin = build(name, **arguments, timesteps=2, relu=True)
    assert twin(static).shape == (3, network.classes)
    assert counts(twin) == counts(network)
    assert not any(isinstance(m, MLF | TDBatchNorm) for m in twin.modules())
    assert sum(isinstance(m, nn.ReLU) for m in twin.modules()) == sum(isinstance(m, MLF) for m in network.modules())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("resnet20", {}, "no model 'resnet20'; did you mean 'ds_resnet20'"),
        ("ds_resnet8", {"depth": 3}, "no argument 'depth'; it has in_channels"),
        ("ds_resnet8", {"widths": (1, 2)}, "differ in length"),
        ("ds_resnet8", {"downsample_sum": "post"}, "give 'ds' or 'plain'"),
        ("ds_resnet8", {"widths": (0, 1, 2)}, "whole numbers of at least 1"),
        ("ds_resnet8", {"widths": (2.5, 1, 2)}, "give a list of which each is a whole number"),
        ("ds_resnet8", {"widths": 3}, "cannot be built with widths = 3; give a list"),
        ("ds_resnet8", {"timesteps": "two"}, "cannot be built with timesteps = 'two'"),
        ("vgg16", {"width": -1}, "cannot be built with width = -1"),
    ],
)
def test_unknown_models_and_arguments_are_named(name, arguments, message):
    with pytest.raises(InputError, match=message):
        build(name, **arguments)
