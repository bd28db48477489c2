"""A module of a framework at its place in the graph: whether it gets time and batch as it takes them, and its nodes."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from torch import nn

from snnhw.errors import InputError
from snnhw.tracing.frameworks.adapter import Adapter
from snnhw.tracing.frameworks.cell import Cell, chained, in_a_row, single
from snnhw.tracing.modules import PASS_THROUGH, TRACE
from snnhw.tracing.streams import AXES, Stream


def cell_of(name: str, path: str, module: Any, adapter: Adapter, stream: Stream, taken: Container[str]) -> Cell | None:
    """The nodes of `module`, called `name`, for what `stream` brings; None where it passes that on as it is.

    Raises:
        InputError: time and batch do not stand in `stream` as the module takes them, or it has no nodes.
    """
    _check_axes(path, module, adapter, stream)
    if adapter.cell is not None:
        return adapter.cell(name, module, stream.shape).renamed(taken)
    if adapter.chain is not None:
        return in_a_row(adapter.chain(name, module, stream.shape)).renamed(taken)
    if adapter.layer in PASS_THROUGH:
        return None
    build = None if adapter.layer is None else TRACE.get(adapter.layer)
    if build is None:
        raise InputError(f"There is no node for {path!r}, a {type(module).__name__}; use another layer.")
    made = build(name, module, stream.shape)
    return chained(*made) if isinstance(made, tuple) else single(made)


def _check_axes(path: str, module: Any, adapter: Adapter, stream: Stream) -> None:
    takes, gets = adapter.axes(module), stream.axes
    runs_alone = adapter.layer is not None or adapter.chain is not None
    if takes == gets or adapter.layer is nn.Linear or (runs_alone and len(stream.lead) == 1):
        return  # layers of torch take every row alone, and a matrix takes the last axis
    raise InputError(
        f"{path!r} ({type(module).__name__}) takes {AXES[takes]} and gets {AXES[gets]}; change its mode, or what it is "
        "given"
    )
