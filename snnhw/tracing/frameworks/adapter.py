"""What one class of a framework is: how it takes time, and its nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from snnhw.graph.ir import Node
from snnhw.graph.shapes import Shape
from snnhw.tracing.frameworks.cell import Cell
from snnhw.tracing.streams import Axes


def always(axes: Axes) -> Callable[[Any], Axes]:
    """Axes that do not depend on the module."""
    return lambda module: axes


def no_states(module: Any) -> tuple[str, ...]:
    """The states that a module gives beside its value: none."""
    return ()


def no_timesteps(module: Any) -> int | None:
    """T of a module that does not say it."""
    return None


@dataclass(frozen=True)
class Adapter:
    """One class of a framework; exactly one of `cell`, `layer`, `chain` and `opened` says what it is.

    `cell`: a neuron, from (node name, module, shape that arrives). `layer`: a layer of torch that runs on every step.
    `chain`: a layer of its own, as nodes one behind the other, the last of which has the name.
    `opened`: a container, whose own forward is looked at. `states`: what a neuron gives beside its value, by name.
    `keeps_state`: a neuron that is called without a state goes on from its last call, and does not start anew.
    `timesteps`: T where the module says it. `runs`: what stands for the forward of a container that compares sizes.
    `membrane`: the one of its states that is the membrane before the reset.
    """

    axes: Callable[[Any], Axes]
    cell: Callable[[str, Any, Shape], Cell] | None = None
    layer: type[nn.Module] | None = None
    chain: Callable[[str, Any, Shape], tuple[Node, ...]] | None = None
    opened: bool = False
    states: Callable[[Any], tuple[str, ...]] = no_states
    keeps_state: bool = True
    timesteps: Callable[[Any], int | None] = no_timesteps
    runs: Callable[..., Any] | None = None
    membrane: str = ""


@dataclass(frozen=True)
class Framework:
    """The classes of a framework by name, and the names of the classes that everything with a state is made from.

    `reset`: the method of a neuron that starts it anew, None where every call without a state does. `refused`: classes
    that no node does, and why.
    """

    adapters: Mapping[str, Adapter]
    stateful: tuple[str, ...]
    reset: str | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def neurons(self) -> tuple[str, ...]:
        """Names of its neurons that have nodes."""
        return tuple(name for name, adapter in self.adapters.items() if adapter.cell is not None)
