"""Residual networks: what their blocks add up to."""

import pytest
import torch
from torch import nn

from snnhw.nn import TDBatchNorm, build
from snnhw.nn.resnet import DSResNet


@pytest.mark.parametrize("depth", [8, 14, 20, 32, 44, 68])
def test_plain_and_ds_networks_share_their_parameters(depth):
    ds, plain = build(f"ds_resnet{depth}", widths=(2, 3, 4)), build(f"spiking_resnet{depth}", widths=(2, 3, 4))
    shapes = [{k: v.shape for k, v in network.state_dict().items()} for network in (ds, plain)]
    assert shapes[0] == shapes[1]
    convolutions = [m for m in ds.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    assert len(convolutions) + 1 == depth  # and the linear layer


def test_residual_sums_reach_levels_times_units():
    """In a DS stage each block adds up to K: with every unit saturated the sum is K * (1 + blocks)."""
    network = DSResNet(1, 2, widths=(2,), blocks=(3,)).eval()
    for module in network.modules():
        if isinstance(module, TDBatchNorm):
            nn.init.constant_(module.bias, 100.0)
    sums = []
    network.stages.register_forward_hook(lambda m, i, o: sums.append(o))
    network(torch.zeros(1, 1, 4, 4))
    assert bool((sums[0] == 3 * 4).all())
