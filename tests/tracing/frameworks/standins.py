"""Modules that are named as those of a framework and have their attributes: the frameworks are not installed here.

They are never run. What the frameworks' own modules sent for the same attributes is in tests/golden/modules_*.npz,
which benchmarks/conformance/modules/run.py writes.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn

from snnhw.graph.ir import Edge, Graph, Input, Readout
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.frameworks.cell import Cell
from snnhw.tracing.frameworks.registry import adapter_of

GOLDEN = Path(__file__).parents[2] / "golden"


class StandIn(nn.Module):
    """What all of them are made from."""

    def forward(self, x: Any) -> Any:
        raise RuntimeError("a stand-in is not run")


def standin(framework: str, name: str, parents: tuple[type, ...] = (StandIn,), **attributes: Any) -> Any:
    """An instance of a class called `name` that seems to come from `framework`."""
    module = type(name, parents, {"__module__": f"{framework}.somewhere"})()
    for key, value in attributes.items():
        setattr(module, key, value)
    return module


def named(name: str, **attributes: Any) -> Any:
    """A plain object whose class has a name."""
    made = type(name, (), {})()
    vars(made).update(attributes)
    return made


def tensor(value: Any) -> Any:
    """Numbers and nested lists as float32 tensors, other things as they are."""
    numbers = isinstance(value, float | list) and not isinstance(value, bool)
    return torch.tensor(value, dtype=torch.float32) if numbers else value


def recorded(framework: str) -> dict[str, dict[str, Any]]:
    """Name -> {"module": attributes, "current": [T, n], "sent": [T, n]} of the framework's own run."""
    with np.load(GOLDEN / f"modules_{framework}.npz") as file:
        cases: dict[str, dict[str, Any]] = {}
        for key in file.files:
            name, part = key.split(".")
            cases.setdefault(name, {})[part] = json.loads(str(file[key])) if part == "module" else file[key]
    return cases


def cell_of(module: Any, shape: tuple[int, ...], name: str = "n") -> Cell:
    """The nodes of a module."""
    adapter = adapter_of(module)
    assert adapter is not None and adapter.cell is not None
    return adapter.cell(name, module, shape)


def sent_by(cell: Cell, current: np.ndarray) -> np.ndarray:
    """What the nodes send in our engine, [T, n]: spikes, or the read-out of an integrator at every step."""
    nodes = [Input(name="input", shape=current.shape[1:]), *cell.nodes, Readout(name="end", shape=cell.sender.shape)]
    edges = [Edge("input", cell.entry), *cell.edges, Edge(cell.sent, "end")]
    steps = len(current)
    graph = Graph.build(nodes, edges, steps)
    if cell.sent in graph.units():
        return simulate(graph, current[None], raster=True, execution=DOUBLE).raster[cell.sent][0].sum(axis=1)
    sums = [
        simulate(graph.replace(timesteps=t), current[None, :t], execution=DOUBLE).logits[0] * t
        for t in range(1, steps + 1)
    ]
    return np.diff(np.array(sums), axis=0, prepend=0)


def namespace(values: dict[str, Any]) -> SimpleNamespace:
    """Parameters by name, numbers as tensors."""
    return SimpleNamespace(**{key: tensor(value) for key, value in values.items()})
