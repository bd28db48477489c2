"""What every node of a graph can send: sound bounds per channel from weights and kinds of signals, no data needed.

By induction over the graph, in the interval arithmetic of `interval.py`; products of Loihi integers are exact. Where a
window reaches over the border, its taps may be 0, and all other positions see a subset of these cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import (
    LI,
    Array,
    Conv2d,
    Delay,
    Flatten,
    Graph,
    Input,
    Linear,
    MaxPool,
    Neuron,
    Node,
    Norm,
    Pool,
    Product,
    Scale,
    Wires,
)
from snnhw.proofs.interval import ROUNDING, Interval, constant, product, rounded_sum, unbounded, widened

INTEGERS_EXACT = 2.0**53  # float64 holds all integers below
NORM_TERMS = 16  # rounded operations of one normalisation, generously


def value_bounds(
    graph: Graph,
    spikes: Callable[[Node, Interval], Interval],
    input_range: tuple[float, float] | None = None,
) -> dict[str, Interval]:
    """Node -> what it can send.

    Args:
        graph: any graph; a late Delay sends any sum of the spikes in front of it, or anything if values are analogue.
        spikes: what a neuron node sends, given what arrives at it.
        input_range: of an analogue input; without it, nothing is known of one. Events lie in 0..levels, the integers of
            a quantised input within its bits.

    Raises:
        InputError: the range is no range.
    """
    found: dict[str, Interval] = {}
    with np.errstate(all="ignore"):  # NaN and overflow prove nothing, which is all that they have to do
        for name in graph.order(loops=True):
            node = graph.nodes[name]
            if isinstance(node, Input):
                found[name] = _entering(graph, node, input_range)
            elif isinstance(node, Neuron):
                found[name] = spikes(node, arriving(graph, name, found))
            elif type(node) in SENT:
                found[name] = SENT[type(node)](graph, node, arriving(graph, name, found))
            else:
                found[name] = unbounded(node.shape[0])
    return found


def arriving(graph: Graph, name: str, sent: Mapping[str, Interval]) -> Interval:
    """Sum of all edges into `name`; what a loop brings is bounded by its kind."""
    edges = graph.into(name)
    if not edges or any(e.source not in sent for e in edges):
        return _by_kind(graph, name)
    longest = max(len(sent[e.source].low) for e in edges)  # a flattened and an unflattened stream may meet
    terms = []
    for edge in edges:
        term, gain = sent[edge.source], np.full(1, float(edge.gain))
        terms.append(term.repeat(longest // len(term.low)).times(Interval(gain, gain)))
    exact = (len(terms) == 1 and edges[0].gain == 1) or (graph.is_integer and all(map(_whole, terms)))
    return sum(terms[1:], terms[0]) if exact else rounded_sum(terms, len(terms))


def _by_kind(graph: Graph, name: str) -> Interval:
    low, high = _summed_by_kind(graph, name)
    channels = graph.nodes[name].shape[0]
    return Interval(np.full(channels, low), np.full(channels, high))


def _summed_by_kind(graph: Graph, name: str) -> tuple[float, float]:
    """Least and largest sum of spikes that can arrive at `name`, of any values if something else arrives."""
    ends = [sorted(e.gain * end for end in _sent_by_kind(graph, e.source)) for e in graph.into(name)]
    return (sum(low for low, _ in ends), sum(high for _, high in ends)) if ends else (-np.inf, np.inf)


def _sent_by_kind(graph: Graph, name: str) -> tuple[float, float]:
    node = graph.nodes[name]
    if isinstance(node, Neuron) or (isinstance(node, Input) and node.levels is not None and not graph.is_integer):
        return 0.0, float(graph.signal(name).levels)
    if isinstance(node, Flatten | Delay | Pool | MaxPool | Wires):
        low, high = _summed_by_kind(graph, name)
        taps = node.kernel[0] * node.kernel[1] if isinstance(node, Pool) and node.kind == "sum" else 1
        return min(low * taps, 0.0), max(high * taps, 0.0)  # 0 on the border and in the first steps
    return -np.inf, np.inf


def _entering(graph: Graph, node: Input, given: tuple[float, float] | None) -> Interval:
    if given is not None and not (np.isfinite(given).all() and given[0] <= given[1]):
        raise InputError(f"The input range {given[0]:g} to {given[1]:g} is no range; give its low and its high end.")
    low, high = (-np.inf, np.inf) if given is None else given
    ends = np.array([low, high] if node.levels is None else [0.0, node.levels])
    if graph.is_integer:
        limit = 2 ** (node.bits - 1)
        ends = np.clip(np.rint(ends * (node.scale or 1.0)), -limit, limit - 1)
    elif node.levels is None:
        ends = ends + np.array([-1, 1]) * np.where(np.isfinite(ends), np.abs(ends), 0) * ROUNDING
    return Interval(np.full(node.shape[0], ends[0]), np.full(node.shape[0], ends[1]))


def _synapse(graph: Graph, node: Conv2d | Linear, x: Interval) -> Interval:
    """Row sums of positive and negative weights; where a window may reach over the border, its taps may be 0."""
    outputs, weight = len(node.weight), node.weight.astype(np.float64)
    if isinstance(node, Conv2d):
        x = x.hull(0.0) if any(node.padding) else x
        groups, per_group = node.groups, outputs // node.groups
    else:
        x = x.repeat(weight.shape[1] // len(x.low)) if len(x.low) < weight.shape[1] else x
        groups, per_group = 1, outputs
    taps = weight.reshape(outputs, weight.shape[1], -1)
    up, down = np.maximum(taps, 0).sum(axis=2), np.minimum(taps, 0).sum(axis=2)  # [O, inputs of its group]
    ends = []
    for g in range(groups):
        rows, columns = slice(g * per_group, (g + 1) * per_group), slice(g * up.shape[1], (g + 1) * up.shape[1])
        low, high = x.low[columns], x.high[columns]
        ends.append((*_extreme(up[rows], low, down[rows], high), *_extreme(up[rows], high, down[rows], low)))
    low, below, high, above = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    if node.bias is not None:
        bias = node.bias.astype(np.float64)
        low, below, high, above = low + bias, below + abs(bias), high + bias, above + abs(bias)
    if graph.is_integer and _integral(node):
        exact = (below < INTEGERS_EXACT) & (above < INTEGERS_EXACT)
        return Interval(np.where(exact, low, -np.inf), np.where(exact, high, np.inf))
    return widened(low, high, below, above, weight[0].size + 1)


def _extreme(up: Array, at_up: Array, down: Array, at_down: Array) -> tuple[Array, Array]:
    """(sum of the terms, sum of their sizes) [O], for inputs that may be infinite."""
    total, size = np.zeros(len(up)), np.zeros(len(up))
    for weight, value in ((up, at_up), (down, at_down)):
        finite = np.isfinite(value)
        total, size = total + weight @ np.where(finite, value, 0), size + abs(weight) @ np.where(finite, abs(value), 0)
        if not finite.all():
            infinite = product(weight[:, ~finite], np.broadcast_to(value[~finite], weight[:, ~finite].shape))
            total, size = total + infinite.sum(axis=1), size + abs(infinite).sum(axis=1)
    return total, size


def _integral(node: Conv2d | Linear) -> bool:
    arrays = [node.weight] if node.bias is None else [node.weight, node.bias]
    return all(bool((np.mod(a, 1) == 0).all()) for a in arrays)


def _whole(x: Interval) -> bool:
    """Whether both ends are integers of a size that sums exactly."""
    ends = np.concatenate([x.low, x.high])
    return bool(((np.mod(ends, 1) == 0) & (abs(ends) < INTEGERS_EXACT)).all())


def _norm(graph: Graph, node: Norm, x: Interval) -> Interval:
    scale, shift = node.affine()
    y = x.times(Interval(scale, scale)) + Interval(shift, shift)
    size = abs(scale) * (np.maximum(abs(x.low), abs(x.high)) + abs(node.mean)) + abs(node.beta)
    return widened(y.low, y.high, size, size, NORM_TERMS)


def _pool(graph: Graph, node: Pool, x: Interval) -> Interval:
    window = node.kernel[0] * node.kernel[1]
    x = x.hull(0.0) if any(node.padding) else x
    taps = Interval(x.low * window, x.high * window)
    summed = rounded_sum([taps], window + 1)
    return summed if node.kind == "sum" else Interval(summed.low / window, summed.high / window)


def _max_pool(graph: Graph, node: MaxPool, x: Interval) -> Interval:
    return x


def _flatten(graph: Graph, node: Flatten, x: Interval) -> Interval:
    return x.repeat(node.size // len(x.low))


def _wires(graph: Graph, node: Wires, x: Interval) -> Interval:
    """The channels from which the wires of each channel come, and 0 where some of them start nowhere."""
    per_channel = int(np.prod(node.taken, dtype=np.int64)) // len(x.low)
    channel = np.where(node.connected, node.source // per_channel, len(x.low)).reshape(node.shape[0], -1)
    return Interval(np.append(x.low, 0.0)[channel].min(axis=1), np.append(x.high, 0.0)[channel].max(axis=1))


def _scale(graph: Graph, node: Scale, x: Interval) -> Interval:
    return rounded_sum([x.times(constant(node.scale, node.shape))], 1)


def _product(graph: Graph, node: Product, x: Interval) -> Interval:
    """What a sum of so many products of any two values of a group can be."""
    ends = []
    for part, size in ((slice(None, node.sizes[0]), node.left), (slice(node.sizes[0], None), node.right)):
        low, high = (end[part].reshape(size[0], -1) for end in (x.low, x.high))
        ends.append(Interval(low.min(axis=1), high.max(axis=1)))
    terms = np.full(size[0], float(node.inner))
    return rounded_sum([ends[0].times(ends[1]).times(Interval(terms, terms))], node.inner + 1)


def _delay(graph: Graph, node: Delay, x: Interval) -> Interval:
    return x.hull(0.0)


def _integrate(graph: Graph, node: LI, x: Interval) -> Interval:
    """Everything that v reaches in T steps from its start: v = decay*v + gain*x + leak."""
    decay, gain, leak = (constant(p, node.shape) for p in (node.decay, node.gain, node.leak))
    drive = x.times(gain)
    v = reached = constant(node.start, node.shape)
    for _ in range(graph.timesteps):
        v = rounded_sum([decay.times(v), drive, leak], 3)
        reached = Interval(np.minimum(reached.low, v.low), np.maximum(reached.high, v.high))
    return reached


SENT: dict[type[Node], Callable[..., Interval]] = {
    Conv2d: _synapse,
    Linear: _synapse,
    Norm: _norm,
    Pool: _pool,
    MaxPool: _max_pool,
    Flatten: _flatten,
    Scale: _scale,
    Wires: _wires,
    Product: _product,
    Delay: _delay,
    LI: _integrate,
}
