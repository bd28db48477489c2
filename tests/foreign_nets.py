"""Ten networks that were made without snnhw in mind, with samples: four torch modules of snnTorch, two residual ones,
four NIR files that other frameworks wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.public_nets import MSBlock, ResNet18, SEWBlock, random_weights
from tests.tutorial_nets import Curve, Dense, Images, events

GOLDEN = Path(__file__).parent / "golden"
STEPS = 4


def _stronger(network: nn.Module, factor: float) -> nn.Module:
    """Weights with which neurons of random networks fire."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.reset_parameters()
            module.weight.data *= factor
    return network


def _noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)


MODULES: dict[str, tuple[Callable[[], nn.Module], np.ndarray]] = {
    "snntorch dense": (lambda: _stronger(Dense(STEPS), 3), _noise(3, 784)),
    "snntorch images": (lambda: _stronger(Images(STEPS), 4), _noise(2, 1, 28, 28)),
    "snntorch events": (lambda: _stronger(events(), 4), (_noise(2, STEPS, 2, 34, 34) > 0.8).astype(np.float32)),
    "snntorch curve": (lambda: _stronger(Curve(STEPS), 2), 3 * _noise(3, STEPS, 1)),
    "SEW residual": (lambda: random_weights(ResNet18(SEWBlock, (4, 4, 6, 8)), 0), _noise(2, 3, 32, 32) - 0.5),
    "MS residual": (lambda: random_weights(ResNet18(MSBlock, (4, 4, 6, 8)), 0), _noise(2, 3, 32, 32) - 0.5),
}
AS_DECLARED = {"norse_lif": (1, 6)}  # where the Input of a file says another shape than its own run had
FILES = ("norse_lif", "sinabs_conv", "spikingjelly_residual", "snntorch_conv")
NAMES = (*MODULES, *FILES)


def foreign_file(name: str, folder: Path) -> tuple[Path, np.ndarray]:
    """The NIR file, and one sample [1, T, *shape] of its own."""
    golden = np.load(GOLDEN / f"foreign_{name}.npz")
    path = folder / f"{name}.nir"
    path.write_bytes(golden["nir"].tobytes())
    x = golden["input"][None]
    return path, x.reshape(*x.shape[:2], *AS_DECLARED.get(name, x.shape[2:]))


def foreign(name: str, folder: Path) -> tuple[nn.Module | Path, np.ndarray]:
    """What its owner would hand over, by name."""
    if name in FILES:
        return foreign_file(name, folder)
    make, samples = MODULES[name]
    return make(), samples
