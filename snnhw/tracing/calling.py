"""How a network of a framework's modules is called: how time and batch stand in what enters and in what it gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from snnhw.tracing.frameworks.registry import adapter_of, reset_of
from snnhw.tracing.streams import Axes


@dataclass(frozen=True)
class Result:
    """One value that a forward returns: the read-out that it is, and where it stands in what is returned.

    `at`: its index in a tuple or list or its key in a dict, None where it is all that is returned. `listed`: it is a
    list of the values of all steps. `leaving`: how time and batch stand in it, None: the read-out over time itself.
    """

    readout: str
    at: int | str | None = None
    listed: bool = False
    leaving: Axes | None = None


@dataclass(frozen=True)
class Calling:
    """A forward takes `entering`, None: samples without time, shown in every step inside; it gives `results`.

    With `entering` "step" there is one call for each step. `passes_state`: what a call gives besides its value goes
    into the next call, as in norse.
    """

    entering: Axes | None
    results: tuple[Result, ...]
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
