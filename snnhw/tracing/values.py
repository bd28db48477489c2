"""What functions of one value make of it: the same, other axes, a mean; None where the call is another one."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

import numpy as np
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Flatten, Pool, Wires
from snnhw.tracing import calls
from snnhw.tracing.calls import dims
from snnhw.tracing.derived import held
from snnhw.tracing.idioms import Growing, through_wires
from snnhw.tracing.modules import readout
from snnhw.tracing.rearrange import moving, reshaped
from snnhw.tracing.sizes import Rows, Size, flattened, unflattened
from snnhw.tracing.streams import Stream


def unchanged(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """Copies, and dropout that drops nothing."""
    if not args or not isinstance(args[0], Stream):
        return None
    if target in calls.DROPOUTS:
        training = args[2] if len(args) > 2 else named.get("training", calls.DROPOUTS[target])
        return args[0] if training is False else None
    return args[0] if target in calls.COPIES else None


def reshaping(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """Views and flattens."""
    if not args or not isinstance(args[0], Stream):
        return None
    stream, rest = args[0], args[1:]
    if target in calls.VIEWS:
        wanted = rest or (named.get("shape"),)
        return viewed(graph, stream, wanted[0] if isinstance(wanted[0], tuple) else wanted)
    if target in calls.FLATTENS:
        given = {**dict(zip(("start_dim", "end_dim"), rest, strict=False)), **named}
        return viewed(graph, stream, flattened(stream.sizes, given.get("start_dim", 0), given.get("end_dim", -1)))
    if target in calls.UNFLATTENS:
        given = {**dict(zip(("dim", "sizes"), rest, strict=False)), **named}
        return viewed(graph, stream, unflattened(stream.sizes, given["dim"], given["sizes"]))
    return None


def reducing(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """The mean or the sum over time or over axes of a sample, such as all positions of a channel."""
    if target not in (*calls.MEANS, *calls.SUMS) or not args or not isinstance(args[0], Stream):
        return None
    stream = args[0]
    options = {**dict(zip(("dim", "keepdim"), args[1:], strict=False)), **named}
    keepdim = bool(options.get("keepdim", False))
    axes = sorted(d % len(stream.sizes) for d in dims(options.get("dim")))
    if axes == [stream.time_axis] and isinstance(steps := stream.steps, int) and not keepdim:
        graph.lasts(steps)
        summed = stream.added_up(steps) if target in calls.SUMS else stream
        return graph.end(readout(graph.name("readout"), None, stream.shape), summed, steps)
    lead = stream.lead
    positions = list(range(len(lead) + 1, len(stream.sizes)))
    if not axes or axes[0] < len(lead):
        return None
    if target not in calls.MEANS or axes != positions:
        return _reduced(graph, stream, axes, "avg" if target in calls.MEANS else "sum", keepdim)
    channels, *kernel = held(stream.shape)
    window = (kernel[0], kernel[1])
    pool = Pool(name=graph.name("pool"), shape=(channels, 1, 1), kind="avg", kernel=window, stride=window)
    pooled = graph.add(pool, dataclasses.replace(stream, lead=(Rows(),)))  # it changes nothing along batch and time
    if not keepdim:
        pooled = graph.add(Flatten(name=graph.name("flatten"), shape=(channels,)), pooled)
    return dataclasses.replace(pooled, lead=lead)


def _reduced(graph: Growing, stream: Stream, axes: list[int], kind: Literal["avg", "sum"], keepdim: bool) -> Stream:
    """The mean or the sum over `axes` of a sample: a pool over rows of what is added up."""
    lead = len(stream.lead)
    gone = [axis - lead for axis in axes]
    kept = [axis for axis in range(len(stream.shape)) if axis not in gone]
    sizes = [[stream.shape[axis] for axis in some] for some in (kept, gone)]
    many, each = (math.prod(some) for some in sizes)
    source = np.arange(math.prod(stream.shape)).reshape(stream.shape).transpose([*kept, *gone]).reshape(many, 1, each)
    wires = Wires(name=graph.name("wires"), shape=source.shape, source=source, taken=stream.shape)
    pool = Pool(name=graph.name("pool"), shape=(many, 1, 1), kind=kind, kernel=(1, each), stride=(1, each))
    rows = dataclasses.replace(through_wires(graph, wires, stream), lead=(Rows(),))
    shape = tuple(1 if axis in gone else n for axis, n in enumerate(stream.shape)) if keepdim else tuple(sizes[0])
    back = reshaped(graph.name("view"), pool.shape, shape or (1,))
    return dataclasses.replace(through_wires(graph, back, graph.add(pool, rows)), lead=stream.lead)


def viewed(graph: Growing, stream: Stream, wanted: tuple[Size, ...], name: str = "") -> Stream | None:
    """The stream with other axes; a node of that name stands for it where the shape of a sample changes."""
    seen = stream.viewed(wanted)
    if seen is None or seen.shape == stream.shape:
        return seen
    if len(seen.shape) == 1:
        flat = graph.add(Flatten(name=name or graph.name("flatten"), shape=seen.shape), stream.folded())
        return dataclasses.replace(flat, lead=seen.lead)
    made = reshaped(name or graph.name("view"), stream.shape, seen.shape)
    return dataclasses.replace(through_wires(graph, made, stream), lead=seen.lead)


def moved_by(graph: Growing, name: str, module: Any, stream: Stream) -> Stream:
    """What a module sends that moves values, or gives them other axes.

    Raises:
        InputError: it mixes batch and time with values, or computes.
    """
    if not isinstance(module, nn.Unflatten | nn.Flatten):
        return through_wires(graph, moving(name, module, stream.shape), stream)
    if isinstance(module, nn.Unflatten):
        axes = unflattened(stream.sizes, int(module.dim), tuple(module.unflattened_size))
    else:
        axes = flattened(stream.sizes, module.start_dim, module.end_dim)
    seen = viewed(graph, stream, axes, name)
    if seen is None:
        raise InputError(f"{type(module).__name__} {name!r} mixes batch and time with values; keep them apart.")
    return seen


UNARY = (unchanged, reshaping, reducing)
