"""Why deep spiking networks learn or do not: where gradients stop, how strong they arrive (Feng et al., IJCAI 2022).

A potential u of a unit is dormant at a step when it lies outside the surrogate support |u - theta_k| < a/2 of every
level k: no gradient passes through it at that step. Everything is measured in one backward pass of the loss:

    dormant           share of the (sample, step, neuron) triples of all units whose potential is dormant
    without gradient  share of the same triples at which dL/dx is exactly zero, x being the input of the unit: the
                      dormant ones, less those that a later step reaches through the membrane
    cut               the same share over the residual sums y + shortcut(x), the values that a block adds up: there the
                      identity path of the block carries nothing back. In a plain block the second unit stands behind
                      the sum and cuts it wherever it is dormant; behind the sum of a DS block stands no unit.
    gradient norm     2-norm of dL/dw of a layer, and of dL/d(sum) of a residual sum over all samples and steps
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import exp, log

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.hooks import RemovableHandle

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.resnet import Block
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors


@dataclass(frozen=True)
class UnitDormancy:
    """Shares of the (sample, step, neuron) triples of one MLF unit."""

    name: str
    neurons: int
    outside: tuple[float, ...]  # of each level: outside the support of that level alone
    dormant: float  # outside the support of every level
    always_dormant: float  # of the (sample, neuron) pairs: dormant at every step
    without_gradient: float  # the gradient of the loss is exactly zero


@dataclass(frozen=True)
class ResidualSum:
    """Gradient of the loss at the sum that one residual block computes."""

    name: str
    neurons: int
    cut: float  # share of the (sample, step, neuron) triples whose gradient is exactly zero
    norm: float  # 2-norm


@dataclass(frozen=True)
class LayerGradient:
    """2-norm of dL/dw of one convolution or linear layer."""

    name: str
    norm: float


@dataclass(frozen=True)
class Diagnosis:
    """Units, residual sums (none in a network without residual blocks) and layers from input to output."""

    samples: int
    loss: float
    units: tuple[UnitDormancy, ...]
    sums: tuple[ResidualSum, ...]
    layers: tuple[LayerGradient, ...]

    @property
    def dormant(self) -> float:
        """Share of dormant potentials in the whole network."""
        return _mean((u.dormant, u.neurons) for u in self.units)

    @property
    def without_gradient(self) -> float:
        """Share of the inputs of all units that get no gradient."""
        return _mean((u.without_gradient, u.neurons) for u in self.units)

    @property
    def cut(self) -> float | None:
        """Share of all residual sums that get no gradient."""
        return _mean((s.cut, s.neurons) for s in self.sums) if self.sums else None

    @property
    def residual_gain(self) -> float | None:
        """Gradient norm at the first residual sum over that at the last; 1 is the ideal of an identity mapping."""
        return self.sums[0].norm / max(self.sums[-1].norm, 1e-30) if self.sums else None

    @property
    def gradient_decay(self) -> float:
        """Geometric mean of the weight gradients of the first third of the convolutions over that of the last third.

        1: gradients reach the first layers as strong as the last; above 1 they grow on the way back, below they fade.
        """
        logs = [log(max(layer.norm, 1e-30)) for layer in self.layers[:-1]]
        third = max(1, len(logs) // 3)
        return exp(sum(logs[:third]) / third - sum(logs[-third:]) / third)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        shares = ("dormant", "without_gradient", "cut", "residual_gain", "gradient_decay")
        return {**asdict(self), **{name: getattr(self, name) for name in shares}}


def diagnose(network: nn.Module, data: Samples, samples: int = 64) -> Diagnosis:
    """One forward and backward of the mean-logit cross-entropy in training mode; the network is left as it was.

    Args:
        network: one with MLF units.
        data: the first `samples` samples are used.
        samples: batch size.

    Raises:
        InputError: the network has no MLF unit.
    """
    units = {name: module for name, module in network.named_modules() if isinstance(module, MLF)}
    if not units:
        raise InputError(f"{type(network).__name__} has no MLF unit to diagnose; give a spiking network.")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    was_training = network.training
    received: dict[str, Tensor] = {}  # by unit
    summed: dict[str, Tensor] = {}  # by block
    hooks = [_watch_input(unit, name, received) for name, unit in units.items()]
    for name, block in network.named_modules():
        if isinstance(block, Block):
            watch = _watch_output(block, name, summed) if block.kind == "ds" else _watch_input(block.mlf2, name, summed)
            hooks.append(watch)
    x, target = tensors(data, slice(samples))
    network.train()
    network.zero_grad()
    loss = cross_entropy(network(time_first(x)), target)
    loss.backward()  # type: ignore[no-untyped-call]
    for hook in hooks:
        hook.remove()
    layers = tuple(
        LayerGradient(name, float(module.weight.grad.norm()))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.grad is not None
    )
    network.zero_grad()
    network.load_state_dict(before)
    network.train(was_training)
    return Diagnosis(
        samples=len(x),
        loss=float(loss.detach()),
        units=tuple(_dormancy(name, units[name], potential) for name, potential in received.items()),
        sums=tuple(
            ResidualSum(name, value[0].numel(), _without_gradient(value), float(_gradient(value).norm()))
            for name, value in summed.items()
        ),
        layers=layers,
    )


def _watch_input(module: nn.Module, name: str, seen: dict[str, Tensor]) -> RemovableHandle:
    """Store the input of a module in `seen`, such that its gradient is kept."""

    def note(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        inputs[0].retain_grad()
        seen[name] = inputs[0]

    return module.register_forward_pre_hook(note)


def _watch_output(module: nn.Module, name: str, seen: dict[str, Tensor]) -> RemovableHandle:
    """Store the output of a module in `seen`, such that its gradient is kept."""

    def note(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        output.retain_grad()
        seen[name] = output

    return module.register_forward_hook(note)


def _gradient(value: Tensor) -> Tensor:
    """Gradient that reached a watched value; zeros if none did."""
    return torch.zeros_like(value) if value.grad is None else value.grad


def _without_gradient(value: Tensor) -> float:
    return float((_gradient(value) == 0).float().mean())


def _mean(weighted: Iterable[tuple[float, int]]) -> float:
    """Mean of values by their weights."""
    pairs = list(weighted)
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)


def _dormancy(name: str, unit: MLF, x: Tensor) -> UnitDormancy:
    """Compute the potentials of a unit again from its input x [T*B, ...], and the shares of those that are dormant."""
    steps = x.detach().reshape(unit.timesteps, -1)
    half = unit.surrogate_width / 2
    inside = []
    for theta in unit.thresholds:
        u = torch.zeros_like(steps[0])
        near = []
        for now in steps:
            u = unit.decay * torch.where(u > theta, torch.zeros_like(u), u) + now
            near.append((u > theta - half) & (u < theta + half))
        inside.append(torch.stack(near))
    support = torch.stack(inside)  # [K, T, B*n]
    asleep = ~support.any(0)
    return UnitDormancy(
        name=name,
        neurons=x[0].numel(),
        outside=tuple(1.0 - float(level.float().mean()) for level in support),
        dormant=float(asleep.float().mean()),
        always_dormant=float(asleep.all(0).float().mean()),
        without_gradient=_without_gradient(x),
    )
