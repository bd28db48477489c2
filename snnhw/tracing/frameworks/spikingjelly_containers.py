"""SpikingJelly's recurrent containers, y[t] = f(x[t], y[t-1]), and its voting layer.

ElementWiseRecurrentContainer gives f(y + x), LinearRecurrentContainer f(W [x; y] + b), where f is a neuron, or layers
and a neuron behind them, and y[-1] = 0. VotingLayer gives the mean of every `voting_size` neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Delay, Edge, Flatten, Linear, Node, Pool
from snnhw.graph.shapes import Shape
from snnhw.tracing.calls import ADDITIONS
from snnhw.tracing.frameworks.adapter import Adapter
from snnhw.tracing.frameworks.cell import Cell, chained, recurrent, single
from snnhw.tracing.frameworks.parameters import parameter
from snnhw.tracing.modules import PASS_THROUGH, TRACE
from snnhw.tracing.rearrange import reshaped

CellOf = Callable[[str, Any, Shape], Cell]


def element_wise(known: Mapping[str, Adapter]) -> CellOf:
    """The nodes of an ElementWiseRecurrentContainer; `known` are the classes of SpikingJelly that may be in it."""

    def cell(name: str, module: Any, shape: Shape) -> Cell:
        if not _adds(module.element_wise_function):
            raise InputError(
                f"{name!r} joins its input with its last spikes by a function that is no sum; use lambda x, y: x + y, "
                "or a LinearRecurrentContainer."
            )
        inner = _inside(name, module.sub_module, shape, known)
        if inner.sender.shape != tuple(shape):
            raise InputError(f"{name!r} gives {inner.sender.shape} and adds it to {shape}; make them equal.")
        late = Delay(name=f"{inner.sent}_previous", shape=inner.sender.shape, steps=1)
        around = (Edge(inner.sent, late.name), Edge(late.name, inner.entry))
        return Cell((*inner.nodes, late), (*inner.edges, *around), inner.entry, inner.sent)

    return cell


def linear(known: Mapping[str, Adapter]) -> CellOf:
    """The nodes of a LinearRecurrentContainer."""

    def cell(name: str, module: Any, shape: Shape) -> Cell:
        weight, bias = parameter(module.rc.weight), module.rc.bias
        features = weight.shape[0]
        if tuple(shape) != (features,):
            raise InputError(f"{name!r} takes {features} values and gets {shape}; fix the shapes.")
        inner = _inside(name, module.sub_module, (features,), known)
        entry = Linear(
            name=f"{name}_input",
            shape=(features,),
            weight=weight[:, :features].copy(),
            bias=None if bias is None else parameter(bias),
        )
        back = Linear(name=f"{name}_recurrent", shape=(features,), weight=weight[:, features:].copy())
        if back.sent_shape(inner.sender.shape) is None:
            raise InputError(f"{name!r} gets back {inner.sender.shape} where it has {back.weight.shape[1]}; fix it.")
        looped = recurrent(inner, back)
        return Cell((entry, *looped.nodes), (Edge(entry.name, inner.entry), *looped.edges), entry.name, looped.sent)

    return cell


def voting(name: str, module: Any, shape: Shape) -> tuple[Node, ...]:
    """An average pool over a vector, as an image of one row.

    Raises:
        InputError: it gets something else than a vector.
    """
    size = int(module.voting_size)
    if len(shape) != 1 or shape[0] < size:
        raise InputError(f"VotingLayer {name!r} takes a vector of at least {size} values and gets {shape}; flatten it.")
    votes = shape[0] // size
    row = reshaped(f"{name}_row", shape, (1, 1, shape[0]))
    pool = Pool(name=f"{name}_votes", shape=(1, 1, votes), kind="avg", kernel=(1, size), stride=(1, size))
    return row, pool, Flatten(name=name, shape=(votes,))


def _inside(name: str, module: Any, shape: Shape, known: Mapping[str, Adapter]) -> Cell:
    """The nodes of what a container holds: layers, and a neuron at its end, which is called `name`."""
    parts = list(module) if isinstance(module, nn.Sequential) else [module]
    cells: list[Cell] = []
    for i, part in enumerate(parts):
        adapter = known.get(type(part).__name__)
        kind = type(part) if adapter is None else adapter.layer
        if kind in PASS_THROUGH:
            continue
        last = i == len(parts) - 1
        build = TRACE.get(kind) if kind is not None else None
        if getattr(part, "step_mode", "s") != "s":
            raise InputError(f"{name!r} holds a {type(part).__name__} of all steps; set its step_mode to 's'.")
        if last and adapter is not None and adapter.cell is not None:
            cells.append(adapter.cell(name, part, shape))
        elif not last and build is not None:
            made = build(f"{name}_{i}", part, shape)
            cells.append(chained(*made) if isinstance(made, tuple) else single(made))
        else:
            raise InputError(
                f"{name!r} holds a {type(part).__name__} where {'a neuron' if last else 'a layer'} is needed; use "
                "layers and one neuron behind them."
            )
        shape = cells[-1].sender.shape
    if not cells:
        raise InputError(f"{name!r} holds no neuron; use layers and one neuron behind them.")
    between = tuple(Edge(a.sent, b.entry) for a, b in pairwise(cells))
    nodes = tuple(node for cell in cells for node in cell.nodes)
    edges = tuple(edge for cell in cells for edge in cell.edges)
    return Cell(nodes, (*edges, *between), cells[0].entry, cells[-1].sent)


def _adds(function: Any) -> bool:
    """Whether a function of two values is their sum."""
    if function in ADDITIONS:
        return True
    try:
        calls = list(torch.fx.symbolic_trace(function).graph.nodes)
    except Exception:  # whatever it does, it is no plain sum
        return False
    given = [node for node in calls if node.op == "placeholder"]
    made = [node for node in calls if node.op not in ("placeholder", "output")]
    return len(made) == 1 and made[0].target in ADDITIONS and {*made[0].args} == {*given} and not made[0].kwargs
