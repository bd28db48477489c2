"""Channels of units that send nothing: the weights and norms before them are exactly zero, and stay so in training.

With a convolution of zeros, gain 0 and shift 0 the current of a channel is 0 whatever arrives, so no membrane passes a
threshold of 0 or more, and `remove_dead` proves it. A gradient of exactly zero keeps zeros under SGD, momentum, weight
decay and AdamW, so the loop of the training knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.graph.ir import Conv2d, Graph, Linear, Neuron, Norm
from snnhw.train.handed import Known

Channels = Mapping[str, Sequence[int]]  # unit -> channel numbers


def silenceable(traced: Graph, modules: Mapping[str, str], network: nn.Module) -> Mapping[str, tuple[str, ...]]:
    """Units whose channels can be silenced one by one -> the parameters whose first axis is their channels.

    These are units fed by nothing but convolutions and matrices of their own, with or without a norm, and whose lowest
    threshold is not below 0. A unit behind a residual sum is none.

    Args:
        traced: graph before folding.
        modules: node -> path of its module.
        network: the modules.
    """
    found = {}
    for unit, members in traced.units().items():
        before = _own_layers(traced, members[0])
        if before is None or not _fires_above_zero(members[0]):
            continue
        names = [_parameters(network, modules.get(name, "")) for name in before]
        paths = [modules.get(name, "") for name in before]
        once = all(list(modules.values()).count(path) == 1 for path in paths)
        if once and all(names):
            found[unit] = tuple(name for of_layer in names for name in of_layer)
    return found


def _own_layers(traced: Graph, unit: Neuron) -> list[str] | None:
    """Norms and synapses that feed this unit alone; None where something else does."""
    found: list[str] = []
    for edge in traced.into(unit.name):
        node, reader = traced.nodes[edge.source], unit.name
        if isinstance(node, Norm):
            found.append(node.name)
            if not _feeds_alone(traced, node.name, reader) or len(traced.into(node.name)) != 1:
                return None
            reader, node = node.name, traced.nodes[traced.into(node.name)[0].source]
        if not isinstance(node, Conv2d | Linear) or not _feeds_alone(traced, node.name, reader):
            return None
        found.append(node.name)
    return found or None


def _feeds_alone(traced: Graph, source: str, reader: str) -> bool:
    return {edge.target for edge in traced.out_of(source)} == {reader}


def _fires_above_zero(unit: Neuron) -> bool:
    return all(float(np.min(theta)) >= 0.0 for theta in unit.thetas)


def _parameters(network: nn.Module, path: str) -> list[str]:
    """Names of weight and bias of a layer; none where a norm has no gain that could be 0."""
    if not path:
        return []
    own = dict(network.get_submodule(path).named_parameters(recurse=False))
    names = [name for name in ("weight", "bias") if name in own]
    return [f"{path}.{name}" for name in names] if "weight" in names else []


def silence(network: nn.Module, parameters: Mapping[str, tuple[str, ...]], channels: Channels) -> None:
    """Set what feeds `channels` to exactly zero; `parameters` are those of `silenceable`."""
    with torch.no_grad():
        for unit, numbers in channels.items():
            for name in parameters[unit]:
                network.get_parameter(name)[list(numbers)] = 0.0


@dataclass(frozen=True, eq=False)
class Silenced(Known):
    """A network to start from whose silent channels stay silent."""

    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: Channels = field(default_factory=dict)

    def give(self, network: nn.Module) -> None:
        """Put its weights into `network` and keep the silent ones there from moving; errors as `Known.give`."""
        super().give(network)
        for unit, numbers in self.channels.items():
            for name in self.parameters[unit]:
                parameter = network.get_parameter(name)
                parameter.register_hook(_without(list(numbers)))  # type: ignore[no-untyped-call]


def _without(numbers: list[int]) -> Callable[[Tensor], Tensor]:
    """Gradients with zeros at `numbers` of the first axis."""

    def masked(gradient: Tensor) -> Tensor:
        kept = gradient.clone()
        kept[numbers] = 0.0
        return kept

    return masked
