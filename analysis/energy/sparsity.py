"""Activation sparsity of an ANN, measured: the share of its multiply-accumulates that meet a zero activation.

The matched quantised twin of an SNN may skip those, so a fair comparison must know how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from snnhw.errors import InputError


@torch.no_grad()
def activation_sparsity(network: nn.Module, batches: Iterable[Tensor]) -> float:
    """gamma: share of zeros among the activations, each weighted by the MACs of its layer; first layer left out.

    Args:
        network: ReLU network; every Conv1d, Conv2d and Linear behind the first that runs is looked at.
        batches: inputs as the network takes them.

    Raises:
        InputError: no batch, or no layer behind the first.
    """
    layers = [m for m in network.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.Linear)]
    skipped, all_macs = 0.0, 0
    first: nn.Module | None = None

    def look(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        nonlocal skipped, all_macs, first
        first = module if first is None else first
        if module is first:
            return
        x = arguments[0]
        macs = output.numel() * int(module.weight[0].numel())  # type: ignore[index]
        skipped += macs * float((x == 0).float().mean())
        all_macs += macs

    hooks = [layer.register_forward_hook(look) for layer in layers]
    was_training = network.training
    network.eval()
    try:
        for batch in batches:
            network(batch)
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    if not all_macs:
        raise InputError("No activations were seen; give at least one batch and a network of two layers or more.")
    return skipped / all_macs
