"""Activation sparsity of an ANN, measured: the share of its multiply-accumulates that meet a zero activation.

The matched quantised twin of an SNN may skip those, so a fair comparison must know how many there are. They are counted
one by one: an activation at a border or between strides meets fewer weights than one in the middle, and a tap that lies
on padding is no multiply-accumulate, as in `dense_macs`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from snnhw.errors import InputError

Layer = nn.Conv1d | nn.Conv2d | nn.Linear


@torch.no_grad()
def activation_sparsity(network: nn.Module, batches: Iterable[Tensor]) -> float:
    """gamma: share of multiply-accumulates that meet a zero activation, of all layers together; first layer left out.

    Exact: a quotient of two whole numbers, of which single layers may have another one.

    Args:
        network: ReLU network; every Conv1d, Conv2d and Linear behind the first that runs is looked at. What else reads
            the samples themselves is a first layer, too.
        batches: inputs as the network takes them.

    Raises:
        InputError: no batch, or no layer behind the first.
    """
    layers = [m for m in network.modules() if isinstance(m, Layer)]
    met, all_macs = 0, 0
    first: nn.Module | None = None
    samples = torch.empty(0)

    def look(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        nonlocal met, all_macs, first
        first = module if first is None else first
        x = arguments[0]
        if module is first or x.untyped_storage().data_ptr() == samples.untyped_storage().data_ptr():
            return
        assert isinstance(module, Layer)
        met += macs_met(module, x != 0)
        all_macs += macs_met(module, torch.ones_like(x, dtype=torch.bool))

    hooks = [layer.register_forward_hook(look) for layer in layers]
    was_training = network.training
    network.eval()
    try:
        for samples in batches:
            network(samples)
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    if not all_macs:
        raise InputError("No activations were seen; give at least one batch and a network of two layers or more.")
    return 1 - met / all_macs


def macs_met(layer: Layer, there: Tensor) -> int:
    """Multiply-accumulates of a layer that meet an activation which is there; every weight counts, zero or not.

    All weights of a position meet the same activations, so one channel of sums takes the place of all channels.

    Args:
        layer: whose weights are met.
        there: bool, of the shape of its input.
    """
    if isinstance(layer, nn.Linear):
        return int(there.sum()) * layer.out_features
    window = layer.kernel_size
    channels = there.sum(dim=-1 - len(window), dtype=torch.float64)  # whole numbers below 2^53 are exact
    channels = channels.reshape(-1, 1, *channels.shape[-len(window) :])
    padding: str | int | tuple[int, ...] = layer.padding
    if layer.padding_mode != "zeros":  # borders that repeat activations
        channels = functional.pad(channels, layer._reversed_padding_repeated_twice, layer.padding_mode)
        padding = 0
    taps = torch.ones(1, 1, *window, dtype=torch.float64, device=there.device)
    convolve = functional.conv1d if isinstance(layer, nn.Conv1d) else functional.conv2d
    sums = convolve(channels, taps, None, layer.stride, padding, layer.dilation)
    return int(sums.sum().round()) * (layer.out_channels // layer.groups)
