"""snnTorch writes and runs its neurons: cases of foreign_worker.py."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import snntorch
import snntorch.utils
import torch
from foreign_data import (
    ALPHA,
    AROUND,
    BETA,
    BIAS,
    CHANNELS,
    HEAD,
    HIDDEN,
    IMAGE,
    IMAGES,
    INTO,
    KERNEL,
    ONWARD,
    OUTPUTS,
    SECOND,
    THETA,
    Ran,
    X,
)  # fmt: skip
from foreign_torch import Ears, conv, first, linear
from snntorch.export_nir import export_to_nir

Module = torch.nn.Module
TOLD = {"written_by": "snntorch"}


def full(value: float, size: int = HIDDEN) -> torch.Tensor:
    return torch.full((size,), value)


def run(network: Module, neurons: dict[str, str], options: dict[str, Any], x: Any = X, **more: Any) -> Ran:
    """`neurons`: submodule -> node of the file."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(divide="ignore"):
        graph = export_to_nir(network, torch.from_numpy(x[:1]), ignore_dims=[0])
    ears = Ears(network, neurons)
    snntorch.utils.reset(network)
    with torch.no_grad():
        outputs = [first(network(frame[None]))[0].numpy() for frame in torch.from_numpy(x)]
    return Ran(graph, ears.steps(), options, np.stack(outputs), x, versions=("snntorch",), **more)


def leaky(**arguments: Any) -> Any:
    """Neurons that differ among each other."""
    beta, theta = torch.from_numpy(BETA.copy()), torch.from_numpy(THETA.copy())
    return snntorch.Leaky(**({"beta": beta, "threshold": theta, "init_hidden": True} | arguments))


def single(neuron: Any, options: dict[str, Any], **more: Any) -> Ran:
    """A matrix with a bias in front of `neuron`."""
    return run(torch.nn.Sequential(linear(INTO, BIAS), neuron), {"1": "1"}, options, **more)


def two_layers() -> Ran:
    last = snntorch.Leaky(beta=full(0.75, OUTPUTS), threshold=full(1.5, OUTPUTS), init_hidden=True, output=True)
    network = torch.nn.Sequential(linear(INTO, BIAS), leaky(), linear(ONWARD), last)
    return run(network, {"1": "1", "3": "3"}, TOLD)


def learned() -> Ran:
    """beta and threshold as parameters."""
    return single(leaky(learn_beta=True, learn_threshold=True), TOLD)


def synaptic(**arguments: Any) -> Any:
    alpha, beta, theta = (torch.from_numpy(a.copy()) for a in (ALPHA, BETA, THETA))
    return snntorch.Synaptic(**({"alpha": alpha, "beta": beta, "threshold": theta, "init_hidden": True} | arguments))


def recurrent(kind: str, **arguments: Any) -> Ran:
    decays = {"beta": 0.5} | ({"alpha": 0.5} if kind == "RSynaptic" else {})
    layer = getattr(snntorch, kind)(**decays, threshold=1.0, linear_features=HIDDEN, init_hidden=True, **arguments)
    layer.recurrent.weight.data = torch.from_numpy(AROUND.copy())
    layer.recurrent.bias.data = torch.from_numpy(BIAS.copy())
    return run(torch.nn.Sequential(linear(INTO), layer), {"1": "1.lif"}, TOLD)


def one_to_one() -> Ran:
    """Every neuron is fed back to itself alone."""
    layer = snntorch.RLeaky(beta=0.5, threshold=1.0, V=torch.from_numpy(AROUND[0].copy()), all_to_all=False,
                            init_hidden=True)  # fmt: skip
    return run(torch.nn.Sequential(linear(INTO), layer), {"1": "1.lif"}, TOLD)


def convolutional() -> Ran:
    shapes = [(CHANNELS, *IMAGE[1:]), (CHANNELS, 3, 3)]
    first, second = (
        snntorch.Leaky(beta=torch.full(s, 0.5), threshold=torch.full(s, 1.0), init_hidden=True) for s in shapes
    )
    network = torch.nn.Sequential(
        conv(KERNEL, padding=1), first, torch.nn.AvgPool2d(2), conv(SECOND, padding=1), second, torch.nn.Flatten(),
        linear(HEAD), snntorch.Leaky(beta=full(0.75, OUTPUTS), threshold=full(1.0, OUTPUTS), init_hidden=True),
    )  # fmt: skip
    return run(network, {"1": "1", "4": "4", "7": "7"}, TOLD, IMAGES)


class Residual(torch.nn.Module):
    """Spikes of two populations added."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.one = linear(INTO, BIAS), leaky()
        self.around, self.two = linear(AROUND), leaky()
        self.head = linear(ONWARD)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One step."""
        one = self.one(self.into(x))
        return self.head(one + self.two(self.around(one)))


def residual() -> Ran:
    return run(Residual(), {"one": "one", "two": "two"}, TOLD, lost="sums of two layers")


CASES: dict[str, Callable[[], Ran]] = {
    "leaky": two_layers,
    "leaky_zero": lambda: single(leaky(reset_mechanism="zero"), TOLD | {"reset": "hard"}),
    "leaky_none": lambda: single(leaky(reset_mechanism="none"), TOLD | {"reset": "none"}),
    "leaky_at_once": lambda: single(leaky(reset_delay=False), TOLD | {"reset": "subtract"}, lost="reset_delay"),
    "leaky_zero_at_once": lambda: single(leaky(reset_mechanism="zero", reset_delay=False), TOLD | {"reset": "hard"}),
    "leaky_beta1": lambda: single(leaky(beta=torch.tensor([1.0, 0.5, 1.0, 0.75, 1.0])), TOLD),
    "leaky_beta0": lambda: single(leaky(beta=torch.tensor([0.0, 0.5, 0.0, 0.75, 0.5])), TOLD),
    "leaky_learned": learned,
    "leaky_inhibition": lambda: single(leaky(inhibition=True), TOLD, lost="inhibition"),
    "leaky_graded": lambda: single(leaky(graded_spikes_factor=2.0), TOLD, lost="graded_spikes_factor"),
    "synaptic": lambda: single(synaptic(), TOLD),
    "synaptic_at_once": lambda: single(synaptic(reset_delay=False), TOLD | {"reset": "subtract"}, lost="reset_delay"),
    "synaptic_zero_at_once": lambda: single(
        synaptic(reset_mechanism="zero", reset_delay=False), TOLD | {"reset": "hard"}
    ),
    "synaptic_zero": lambda: single(synaptic(reset_mechanism="zero"), TOLD | {"reset": "hard"}, lost="reset_mechanism"),
    "rleaky": lambda: recurrent("RLeaky"),
    "rleaky_one_to_one": one_to_one,
    "rsynaptic": lambda: recurrent("RSynaptic"),
    "conv": convolutional,
    "residual": residual,
}

REFUSED: dict[str, Callable[[], Ran]] = {
    "leaky, one number for all neurons": lambda: single(leaky(beta=0.5, threshold=1.0), TOLD),
    "lapicque": lambda: single(snntorch.Lapicque(beta=0.5, threshold=1.0, init_hidden=True), TOLD),
    "alpha": lambda: single(snntorch.Alpha(alpha=0.75, beta=0.5, threshold=1.0, init_hidden=True), TOLD),
}
