"""Functions of `torch.nn.functional` that are layers: the module that computes the same, with the weights given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn


def _weighted(module: nn.Module, weight: Tensor | None, bias: Tensor | None) -> nn.Module:
    """`module`, made without memory for its weights, with those of the call."""
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None:
            module.register_parameter(name, nn.Parameter(values, requires_grad=False))
    return module.eval()


def _convolution(kind: type[nn.Module], transposed: bool = False) -> Callable[..., nn.Module]:
    def build(weight: Tensor, bias: Tensor | None = None, *args: Any, **named: Any) -> nn.Module:
        behind = ("output_padding", "groups", "dilation") if transposed else ("dilation", "groups")
        keys = ("stride", "padding", *behind)
        given = {**dict(zip(keys, args, strict=False)), **named}
        groups = int(given.get("groups", 1))
        ends = (weight.shape[0], weight.shape[1] * groups)
        into, out = ends if transposed else ends[::-1]
        kernel = tuple(weight.shape[2:])
        made: Callable[..., nn.Module] = kind
        return _weighted(made(into, out, kernel, bias=bias is not None, device="meta", **given), weight, bias)

    return build


def _linear(weight: Tensor, bias: Tensor | None = None) -> nn.Module:
    return _weighted(nn.Linear(weight.shape[1], weight.shape[0], bias is not None, device="meta"), weight, bias)


def _batch_norm(
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> nn.Module | None:
    if training or running_mean is None or running_var is None:
        return None  # it would take the statistics of the batch
    module = nn.BatchNorm2d(len(running_mean), eps, affine=False)
    module.running_mean, module.running_var = running_mean, running_var
    return _weighted(module, weight, bias)


def _group_norm(
    num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> nn.Module | None:
    if weight is None:
        return None  # it does not say how many channels it takes
    return _weighted(nn.GroupNorm(num_groups, len(weight), eps, affine=False), weight, bias)


def _layer_norm(
    normalized_shape: tuple[int, ...], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> nn.Module:
    return _weighted(nn.LayerNorm(normalized_shape, eps, elementwise_affine=False), weight, bias)


# What stands behind the value in the call -> the module; None where no layer computes it.
LAYERS: dict[Any, Callable[..., nn.Module | None]] = {
    F.conv1d: _convolution(nn.Conv1d),
    F.conv2d: _convolution(nn.Conv2d),
    F.conv_transpose2d: _convolution(nn.ConvTranspose2d, transposed=True),
    F.linear: _linear,
    F.batch_norm: _batch_norm,
    F.group_norm: _group_norm,
    F.layer_norm: _layer_norm,
    F.max_pool1d: nn.MaxPool1d,
    F.max_pool2d: nn.MaxPool2d,
    F.adaptive_max_pool2d: nn.AdaptiveMaxPool2d,
    F.avg_pool1d: nn.AvgPool1d,
    F.avg_pool2d: nn.AvgPool2d,
    F.adaptive_avg_pool1d: nn.AdaptiveAvgPool1d,
    F.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
}
