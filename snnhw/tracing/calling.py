"""How a network of a framework's modules is called: how time and batch stand in what enters and in what it gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from snnhw.tracing.frameworks.registry import adapter_of, reset_of
from snnhw.tracing.streams import Axes


@dataclass(frozen=True)
class Calling:
    """A forward takes `entering`, None: samples without time, shown in every step inside; it gives `leaving`.

    `leaving` None: the mean or the sum over time. With `entering` "step" there is one call for each step.
    `passes_state`: what a call gives besides its value goes into the next call, as in norse.
    """

    entering: Axes | None
    leaving: Axes | None
    timesteps: int
    passes_state: bool = False


def axes_of(network: nn.Module, path: str) -> Axes:
    """How time and batch stand in what the module at `path` sends."""
    module = network.get_submodule(path)
    adapter = adapter_of(module)
    return "frames" if adapter is None else adapter.axes(module)


def start(network: nn.Module) -> None:
    """Every neuron at zero, by the reset of its framework."""
    for module in network.modules():
        reset = reset_of(module)
        if reset is not None:
            getattr(module, reset)()
