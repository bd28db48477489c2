"""Why deep spiking networks learn or do not: dormant potentials and gradient norms (Feng et al., IJCAI 2022).

A potential u of a unit is dormant at a step when it lies outside the surrogate support |u - theta_k| < a/2 of every
level k: the gradient through it is zero. The gradient norm is that of the loss with respect to a layer's weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from snnhw.errors import InputError
from snnhw.files import write_atomically
from snnhw.nn.models import build
from snnhw.nn.neurons import MLF
from snnhw.train.data import Dataset
from snnhw.train.evaluate import time_first


@dataclass(frozen=True)
class UnitDormancy:
    """Shares of the (sample, step, neuron) triples of one MLF unit."""

    name: str
    neurons: int
    outside: tuple[float, ...]  # of each level: outside the support of that level alone
    dormant: float  # outside the support of every level
    always_dormant: float  # of the (sample, neuron) pairs: dormant at every step


@dataclass(frozen=True)
class LayerGradient:
    """2-norm of dL/dw of one convolution or linear layer."""

    name: str
    norm: float


@dataclass(frozen=True)
class Diagnosis:
    """Units and layers from input to output."""

    samples: int
    loss: float
    units: tuple[UnitDormancy, ...]
    layers: tuple[LayerGradient, ...]

    @property
    def dormant(self) -> float:
        """Share of dormant potentials in the whole network."""
        return sum(u.dormant * u.neurons for u in self.units) / sum(u.neurons for u in self.units)

    @property
    def gradient_decay(self) -> float:
        """Geometric mean of the norms of the first third of the convolutions over that of the last third.

        1: gradients reach the first layers as strong as the last; above 1 they grow on the way back, below they fade.
        """
        logs = [torch.tensor(layer.norm).clamp_min(1e-30).log().item() for layer in self.layers[:-1]]
        third = max(1, len(logs) // 3)
        return float(torch.tensor(sum(logs[:third]) / third - sum(logs[-third:]) / third).exp())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "dormant": self.dormant, "gradient_decay": self.gradient_decay}


@dataclass(frozen=True)
class DepthRow:
    """A freshly initialised network of the study."""

    kind: str  # "ds" or "plain"
    levels: int
    depth: int
    dormant: float
    gradient_decay: float


def diagnose(network: nn.Module, data: Dataset, samples: int = 64) -> Diagnosis:
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
    potentials: dict[str, Tensor] = {}
    hooks = [
        unit.register_forward_pre_hook(lambda _, x, name=name: potentials.__setitem__(name, x[0].detach()))
        for name, unit in units.items()
    ]
    x, target = torch.from_numpy(data.inputs[:samples]), torch.from_numpy(data.targets[:samples])
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
    rows = tuple(_dormancy(name, units[name], potentials[name]) for name in potentials)
    return Diagnosis(len(x), float(loss.detach()), rows, layers)


def depth_study(
    data: Dataset,
    depths: Iterable[int] = (14, 32),
    levels: Iterable[int] = (1, 2, 3),
    widths: Sequence[int] = (8, 16, 32),
    samples: int = 32,
    seed: int = 0,
) -> tuple[DepthRow, ...]:
    """Dormant share and gradient decay of DS-ResNet and plain ResNet at initialisation, for each depth and K."""
    thresholds = (0.6, 1.6, 2.6)
    rows = []
    for depth in depths:
        for kind in ("ds", "plain"):
            for count in levels:
                torch.manual_seed(seed)
                network = build(
                    f"{'ds' if kind == 'ds' else 'spiking'}_resnet{depth}",
                    widths=tuple(widths),
                    in_channels=data.inputs.shape[-3],
                    classes=data.classes,
                    thresholds=thresholds[:count],
                )
                found = diagnose(network, data, samples)
                rows.append(DepthRow(kind, count, depth, found.dormant, found.gradient_decay))
    return tuple(rows)


def plot_diagnosis(diagnosis: Diagnosis, path: Path) -> Path:
    """Picture (format by the file's ending) of dormant share by unit and gradient norm by layer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1)
    places = range(len(diagnosis.units))
    for level in range(len(diagnosis.units[0].outside)):
        above.plot(places, [u.outside[level] for u in diagnosis.units], "o--", label=f"outside level {level + 1}")
    above.plot(places, [u.dormant for u in diagnosis.units], "ko-", label="outside every level (dormant)")
    above.set(ylabel="share of potentials", ylim=(0, 1), xlabel="unit, from input to output")
    above.legend(frameon=False)
    below.semilogy(range(len(diagnosis.layers)), [layer.norm for layer in diagnosis.layers], "ko-")
    below.set(ylabel="2-norm of dL/dw", xlabel="layer, from input to output")
    kind = path.suffix.removeprefix(".") or "png"
    return write_atomically(path, lambda file: figure.savefig(file, format=kind))


def _dormancy(name: str, unit: MLF, x: Tensor) -> UnitDormancy:
    """Walk the recurrence again on what the unit received, x [T*B, ...]."""
    steps = x.reshape(unit.timesteps, -1)
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
    )
