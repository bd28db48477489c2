"""Residual networks: what their blocks add up to."""

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.nn import TDBatchNorm, build
from snnhw.nn.resnet import DSResNet
from snnhw.workflows.load import model_of


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


def test_a_stem_of_stride_two_leaves_a_quarter_of_every_layer():
    wide, narrow = (
        model_of(build("digits_ds_resnet8", in_channels=1, widths=[2, 3, 4], stem_stride=stride), (1, 8, 8)).graph
        for stride in (1, 2)
    )
    sizes = [[nodes[0].size for nodes in graph.units().values()] for graph in (wide, narrow)]
    assert [large / small for large, small in zip(*sizes, strict=True)] == [4.0] * len(sizes[0])


def test_a_stem_without_a_stride_is_refused():
    with pytest.raises(InputError, match="stem_stride is 0; give a whole number of at least 1"):
        build("digits_ds_resnet8", stem_stride=0)
