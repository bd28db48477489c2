"""Counts of a torch module by hooks on its layers, independent of the graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _taps(layer: nn.Module, x: Tensor) -> int:
    """Sum over what arrives, value by value, of the weights that each value meets inside the image."""
    mask = (layer.weight != 0).to(x.dtype)
    if isinstance(layer, nn.ConvTranspose2d):
        y = F.conv_transpose2d(
            x, mask, None, layer.stride, layer.padding, layer.output_padding, layer.groups, layer.dilation
        )
    elif isinstance(layer, nn.Conv2d):
        y = F.conv2d(x, mask, None, layer.stride, layer.padding, layer.dilation, layer.groups)
    else:
        y = x @ mask.T
    return int(y.sum().round())


def work_by_hooks(network: nn.Module, x: Tensor) -> tuple[int, int]:
    """(synops, MACs) of all convolutions and matrices: spikes are whole numbers from 0, anything else is analogue.

    Matrices that take means are left to those who call it.
    """
    synops: list[int] = []
    macs: list[int] = []

    def hook(layer: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        arriving = inputs[0]
        if bool((arriving == arriving.round()).all()) and bool((arriving >= 0).all()):
            synops.append(_taps(layer, arriving))
        else:
            macs.append(_taps(layer, torch.ones_like(arriving)))

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    handles = [m.register_forward_hook(hook) for m in network.modules() if isinstance(m, kinds)]
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    return sum(synops), sum(macs)


def synops_by_hooks(network: nn.Module, x: Tensor) -> int:
    """Synops of all convolutions that take spikes."""
    return work_by_hooks(network, x)[0]
