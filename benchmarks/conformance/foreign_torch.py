"""Layers of torch with weights of the grid, and listening to what modules send."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def linear(weight: Any, bias: Any = None) -> torch.nn.Linear:
    """A matrix."""
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight.data = torch.from_numpy(weight.copy())
    if bias is not None:
        layer.bias.data = torch.from_numpy(bias.copy())
    return layer


def conv(weight: Any, bias: bool = False, **arguments: Any) -> torch.nn.Conv2d:
    """A convolution; with `bias`, of zeros."""
    layer = torch.nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[-1], bias=bias, **arguments)
    layer.weight.data = torch.from_numpy(weight.copy())
    if bias:
        layer.bias.data.zero_()
    return layer


def first(out: Any) -> Any:
    """What a module sends, without its state."""
    return out[0] if isinstance(out, tuple) else out


class Ears:
    """Collects what submodules send, by the name of their node in the file."""

    def __init__(self, network: torch.nn.Module, nodes: dict[str, str]) -> None:
        self.rows: dict[str, list[Any]] = {node: [] for node in nodes.values()}
        for name, node in nodes.items():
            network.get_submodule(name).register_forward_hook(self._hook(self.rows[node]))

    def _hook(self, rows: list[Any]) -> Any:
        return lambda module, args, out: rows.append(first(out).detach().numpy().copy())

    def steps(self) -> dict[str, Any]:
        """[T, *shape], where every call was one step of a batch of one."""
        return {node: np.stack([row[0] for row in rows]) for node, rows in self.rows.items()}
