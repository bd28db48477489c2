"""What each kind of layer of an ONNX file does, as a torch module or a function; the table of them is `LAYERS`.

Operators as https://onnx.ai/onnx/operators has them; held against onnx's own reference evaluator in the tests. The
first axis of every tensor counts samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from snnhw.errors import InputError

REMEDY = "give the torch module itself, as FILE.py:NAME"
Made = Callable[..., Tensor] | nn.Module


@dataclass(frozen=True)
class Layer:
    """One node of the file: its attributes, and those of its inputs that are constants."""

    kind: str
    name: str
    attributes: Mapping[str, Any]
    constants: Mapping[int, Tensor]  # position of the input -> value

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def constant(self, place: int) -> Tensor:
        """The constant at one of its inputs.

        Raises:
            InputError: it is computed, or missing.
        """
        if place not in self.constants:
            raise self.refused(f"computes its input {place}, which has to be a constant")
        return self.constants[place]

    def refused(self, why: str) -> InputError:
        """The error for this layer."""
        return InputError(f"The {self.kind} {self.name!r} of the ONNX file {why}; {REMEDY}.")


def _conv(layer: Layer) -> nn.Module:
    weight, axes = layer.constant(1).float(), layer.constant(1).ndim - 2
    if axes not in (1, 2) or layer.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise layer.refused(f"has {axes} axes or pads by itself")
    groups, pads = int(layer.get("group", 1)), list(layer.get("pads", [0] * 2 * axes))
    kind = nn.Conv1d if axes == 1 else nn.Conv2d
    made = kind(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),  # type: ignore[arg-type]
        stride=tuple(layer.get("strides", [1] * axes)),
        padding=0 if pads[:axes] != pads[axes:] else tuple(pads[:axes]),
        dilation=tuple(layer.get("dilations", [1] * axes)),
        groups=groups,
        bias=2 in layer.constants,
    )
    _fill(made, weight, layer.constants.get(2))
    return made if pads[:axes] == pads[axes:] else nn.Sequential(_padding(pads, axes), made)


def _padding(pads: list[int], axes: int) -> nn.Module:
    """The border of an image: ONNX lists the beginnings of all axes, then their ends; torch pairs, last axis first."""
    sides = [side for axis in reversed(range(axes)) for side in (pads[axis], pads[axes + axis])]
    return nn.ConstantPad1d(tuple(sides), 0.0) if axes == 1 else nn.ConstantPad2d(tuple(sides), 0.0)  # type: ignore[arg-type]


def _gemm(layer: Layer) -> nn.Module:
    plain = layer.get("alpha", 1.0) == 1.0 and layer.get("beta", 1.0) == 1.0 and not layer.get("transA", 0)
    if not plain:
        raise layer.refused("is scaled or turned")
    weight = layer.constant(1).float()
    return _linear(weight if layer.get("transB", 0) else weight.T, layer.constants.get(2))


def _matmul(layer: Layer) -> nn.Module:
    weight = layer.constant(1).float()
    if weight.ndim != 2:
        raise layer.refused(f"multiplies by a weight of {weight.ndim} axes")
    return _linear(weight.T, None)


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Module:
    made = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    _fill(made, weight, bias)
    return made


def _fill(made: nn.Module, weight: Tensor, bias: Tensor | None) -> None:
    with torch.no_grad():
        made.weight.copy_(weight)  # type: ignore[operator]
        if bias is not None:
            made.bias.copy_(bias.reshape(-1).float())  # type: ignore[operator]


def _norm(layer: Layer) -> Made:
    gamma, beta, mean, var = (layer.constant(place).float() for place in range(1, 5))
    scale = gamma / torch.sqrt(var + float(layer.get("epsilon", 1e-5)))
    shift = beta - mean * scale

    def norm(x: Tensor) -> Tensor:
        shape = (1, -1, *[1] * (x.ndim - 2))
        return x * scale.to(x).reshape(shape) + shift.to(x).reshape(shape)

    return norm


def _pool(layer: Layer) -> nn.Module:
    kernel = tuple(layer.get("kernel_shape"))
    axes, pads = len(kernel), list(layer.get("pads", [0] * 2 * len(kernel)))
    odd = pads[:axes] != pads[axes:] or layer.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID")
    if axes not in (1, 2) or odd or layer.get("storage_order", 0):
        raise layer.refused(f"has {axes} axes or pads its sides differently")
    options = {
        "stride": tuple(layer.get("strides", [1] * axes)),
        "padding": tuple(pads[:axes]),
        "ceil_mode": bool(layer.get("ceil_mode", 0)),
    }
    dilation = tuple(layer.get("dilations", [1] * axes))
    if layer.kind == "MaxPool":
        return (nn.MaxPool1d if axes == 1 else nn.MaxPool2d)(kernel, dilation=dilation, **options)  # type: ignore[arg-type]
    if set(dilation) != {1}:
        raise layer.refused("is dilated")
    border = bool(layer.get("count_include_pad", 0))
    return (nn.AvgPool1d if axes == 1 else nn.AvgPool2d)(kernel, count_include_pad=border, **options)  # type: ignore[arg-type]


def _global_average(_layer: Layer) -> Made:
    return lambda x: x.mean(dim=tuple(range(2, x.ndim)), keepdim=True)


def _flatten(layer: Layer) -> nn.Module:
    if layer.get("axis", 1) != 1:
        raise layer.refused(f"begins at axis {layer.get('axis')}")
    return nn.Flatten()


def _reshape(layer: Layer) -> Made:
    sizes = [int(n) for n in layer.constant(1)]

    def reshape(x: Tensor) -> Tensor:
        rest = [x.shape[axis] if n == 0 else n for axis, n in enumerate(sizes)][1:]
        return x.reshape(x.shape[0], *rest)  # the first axis counts samples

    return reshape


def _mean(layer: Layer) -> Made:
    given = layer.constants[1].tolist() if 1 in layer.constants else layer.get("axes")
    keep = bool(layer.get("keepdims", 1))
    if not given or 0 in given:
        raise layer.refused("averages over the samples")
    return lambda x: x.mean(dim=tuple(given), keepdim=keep)


def _clip(layer: Layer) -> Made:
    low, high = (layer.get(name) for name in ("min", "max"))
    low = float(layer.constants[1]) if 1 in layer.constants else low
    high = float(layer.constants[2]) if 2 in layer.constants else high
    return lambda x: x.clamp(low, high)


def _add(layer: Layer) -> Made:
    constant = next(iter(layer.constants.values()), None)
    return (lambda x: x + constant.to(x)) if constant is not None else torch.add


def _concat(layer: Layer) -> Made:
    axis = int(layer.get("axis", 1))
    if axis == 0 or layer.constants:
        raise layer.refused("joins samples or constants")
    return lambda *parts: torch.cat(parts, dim=axis)


def _same(_layer: Layer) -> nn.Module:
    return nn.Identity()


LAYERS: Mapping[str, Callable[[Layer], Made]] = {
    "Conv": _conv,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "BatchNormalization": _norm,
    "Relu": lambda _layer: nn.ReLU(),
    "Clip": _clip,
    "MaxPool": _pool,
    "AveragePool": _pool,
    "GlobalAveragePool": _global_average,
    "ReduceMean": _mean,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Add": _add,
    "Concat": _concat,
    "Identity": _same,
    "Dropout": _same,
}
