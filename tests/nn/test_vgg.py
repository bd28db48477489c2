"""VGG16: thirteen convolutions in five groups whose sides halve, and what the arguments change."""

import torch
from torch import nn

from snnhw.nn.neurons import MLF
from snnhw.nn.vgg import GROUPS, VGG16


def sides(network, side):
    """(channels, side) of the output of every convolution."""
    seen = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda m, i, o: seen.append((o.shape[1], o.shape[2])))
    network.eval()(torch.zeros(1, network.in_channels, side, side))
    return seen


def test_groups_double_the_channels_up_to_eightfold_and_halve_the_side():
    seen = sides(VGG16(width=2, timesteps=1), 32)
    wanted = [(2 * min(2**g, 8), 32 >> g) for g, depth in enumerate(GROUPS) for _ in range(depth)]
    assert len(seen) == 13 and seen == wanted


def test_every_layer_but_the_last_fires_and_hidden_spikes_are_dropped_in_training_alone():
    network = VGG16(width=2, hidden=(8, 4), timesteps=2, dropout=0.5)
    assert sum(isinstance(m, MLF) for m in network.modules()) == 13 + 2
    assert [m.out_features for m in network.modules() if isinstance(m, nn.Linear)] == [8, 4, 10]
    assert [m.p for m in network.modules() if isinstance(m, nn.Dropout)] == [0.5, 0.5]
    x = torch.rand(2, 3, 32, 32)
    network.eval()
    assert torch.equal(network(x), network(x))
    torch.testing.assert_close(network(x), network.by_step(x).view(2, 2, 10).mean(0))
