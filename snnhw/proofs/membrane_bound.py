"""The highest membrane that a neuron can have before it has fired once, from what can arrive in T steps from rest.

Until the first spike there is no reset, so u[T] is a finite geometric sum of what arrived: at most x_max/(1 - decay),
and tighter for few steps. If that never exceeds the threshold, there is no first spike, whatever the reset does. The
levels of an ILIF take off from one membrane, which only lowers it: each stays below the same bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import ILIF, LIF, MLF, Array, Graph, LoihiLIF, Node
from snnhw.graph.loihi import CURRENT_RANGE, DECAY_ONE, MEMBRANE_LIMIT, UNITS_PER_WEIGHT
from snnhw.proofs.interval import ROUNDING, Interval, constant, rounded_sum, rows_of
from snnhw.proofs.value_bounds import value_bounds

STEP_OPERATIONS = 5  # decay*u, gain*x, two sums, gain rounded


@dataclass(frozen=True)
class Bounds:
    """What is proven about a graph that runs for its T steps."""

    sent: Mapping[str, Interval]  # node -> what it can send, per channel
    membranes: Mapping[str, Array]  # neuron node -> bound on u before the first spike [C]; membrane units for integers
    thresholds: Mapping[str, Array]  # neuron node -> lowest threshold of each level [K, C], rounding subtracted

    def dead(self, name: str) -> Array:
        """Levels of a neuron node that provably never fire, bool [K, C]."""
        dead: Array = self.membranes[name][None] <= self.thresholds[name]
        return dead


def bounds(graph: Graph, input_range: tuple[float, float] | None = None) -> Bounds:
    """Bounds of every node and membrane of `graph`.

    Args:
        graph: any graph, floats or Loihi integers.
        input_range: lowest and highest value of an analogue input; without it nothing behind the first layer's weights
            of an analogue input is known.

    Raises:
        InputError: the range is no range.
    """
    membranes: dict[str, Array] = {}
    thresholds: dict[str, Array] = {}

    def spikes(node: Node, x: Interval) -> Interval:
        if isinstance(node, MLF | ILIF | LIF | LoihiLIF):
            membranes[node.name] = membrane_bound(node, x, graph.timesteps)
            thresholds[node.name] = _thresholds(node)
            alive = ~(membranes[node.name][None] <= thresholds[node.name])
            return Interval(np.zeros(node.shape[0]), alive.sum(axis=0).astype(np.float64))
        return Interval(np.zeros(node.shape[0]), np.full(node.shape[0], float(graph.signal(node.name).levels)))

    return Bounds(value_bounds(graph, spikes, input_range), membranes, thresholds)


def membrane_bound(node: MLF | ILIF | LIF | LoihiLIF, x: Interval, timesteps: int) -> Array:
    """Bound [C] on u in all of `timesteps` steps from rest, before the first spike; infinite where nothing is proven.

    Args:
        node: its reset, v_reset and thresholds do not matter.
        x: what arrives in each step.
        timesteps: T.
    """
    if isinstance(node, LoihiLIF):
        return _integer_bound(node, x, timesteps)
    if isinstance(node, ILIF) and (node.decay < 0 or node.taken_off < 0):  # a reset would raise a later membrane
        return np.full(node.shape[0], np.inf)
    terms = (1.0, 0.0) if isinstance(node, MLF | ILIF) else (node.gain, node.leak)
    decay, gain, leak = (constant(p, node.shape) for p in (node.decay, *terms))
    drive = x.times(gain)
    u = constant(0.0 if isinstance(node, MLF | ILIF) else node.start, node.shape)
    highest = np.full(node.shape[0], -np.inf)
    for _ in range(timesteps):
        before, u = u, rounded_sum([decay.times(u), drive, leak], STEP_OPERATIONS)
        highest = np.maximum(highest, u.high)
        if np.array_equal(before.low, u.low) and np.array_equal(before.high, u.high):
            break
    return highest


def _integer_bound(node: LoihiLIF, x: Interval, timesteps: int) -> Array:
    """The recurrence of Lava's fixed-point LIF, neuron by neuron, at both ends of what arrives.

    Nothing is proven where the 24-bit current may wrap.
    """
    finite = np.isfinite(x.low) & np.isfinite(x.high) & (np.maximum(abs(x.low), abs(x.high)) < CURRENT_RANGE)
    kept_u, kept_v, bias = (rows_of(value, node.shape) for value in (node.current_kept, node.kept, node.bias))
    if kept_u.min() < 0 or kept_v.min() < 0 or not finite.any():
        return np.full(node.shape[0], np.inf)
    ends = [np.where(finite, end, 0).astype(np.int64)[:, None] for end in (np.floor(x.low), np.ceil(x.high))]
    u, v = ([rows_of(start, node.shape)] * 2 for start in (node.current_start, node.start))
    highest = np.full(node.shape[0], -MEMBRANE_LIMIT)
    for _ in range(timesteps):
        for end in (0, 1):
            u[end] = _decayed(u[end], kept_u) + UNITS_PER_WEIGHT * ends[end]
            finite &= (abs(u[end]) < CURRENT_RANGE // 2).all(axis=1)
            v[end] = np.clip(_decayed(v[end], kept_v) + u[end] + bias, -MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        highest = np.maximum(highest, v[1].max(axis=1))
        if not finite.any():
            break
    bound: Array = np.where(finite, highest, np.inf)
    return bound


def reached_states(graph: Graph) -> dict[str, tuple[float, float]]:
    """Integer neuron node -> lowest and highest v that its register has to hold, in 1/64 weight units.

    They are what can occur in T steps if nothing clips or wraps. The highest is 0 where the reset is hard: the largest
    membrane of the register is above every threshold, so clipping it changes no spike, and the neuron starts again from
    0. One that resets by subtraction keeps what is above. Whatever is reset starts again in whichever step, so at the
    lower end v counts as 0, or as the least that is left behind a spike, where it is above.
    """
    found: dict[str, tuple[float, float]] = {}

    def spikes(node: Node, x: Interval) -> Interval:
        if isinstance(node, LoihiLIF):
            found[node.name] = _reached(node, x, graph.timesteps)
        return Interval(np.zeros(node.shape[0]), np.full(node.shape[0], float(graph.signal(node.name).levels)))

    value_bounds(graph, spikes)
    return found


def _reached(node: LoihiLIF, x: Interval, timesteps: int) -> tuple[float, float]:
    kept_u, kept_v, bias = (rows_of(value, node.shape) for value in (node.current_kept, node.kept, node.bias))
    theta = UNITS_PER_WEIGHT * rows_of(node.threshold, node.shape)
    taken_off = rows_of(node.taken_off, node.shape)
    low_u = high_u = rows_of(node.current_start, node.shape)
    low = high = rows_of(node.start, node.shape)
    lowest = highest = 0.0
    for _ in range(timesteps):
        low_u = np.trunc(low_u * (kept_u / DECAY_ONE)) + UNITS_PER_WEIGHT * x.low[:, None]
        low = np.minimum(np.trunc(low * (kept_v / DECAY_ONE)), 0) + low_u + bias
        if node.reset == "subtract":
            low = np.minimum(low, theta + 1 - taken_off)
            high_u = np.trunc(high_u * (kept_u / DECAY_ONE)) + UNITS_PER_WEIGHT * x.high[:, None]
            high = np.trunc(high * (kept_v / DECAY_ONE)) + high_u + bias
            highest = max(highest, float(high.max()))
            high = np.maximum(np.minimum(high, theta), high - taken_off)
        lowest = min(lowest, float(low.min()))
    return lowest, highest


def _decayed(state: Array, kept: Array) -> Array:
    """trunc(state * kept / 4096), toward zero."""
    decayed: Array = np.sign(state) * (abs(state) * kept // DECAY_ONE)
    return decayed


def _thresholds(node: MLF | ILIF | LIF | LoihiLIF) -> Array:
    """Lowest threshold of each level and channel [K, C] that the comparison can see, whatever it is rounded to."""
    if isinstance(node, LoihiLIF):
        return constant(UNITS_PER_WEIGHT * np.asarray(node.threshold, dtype=np.float64), node.shape).low[None]
    lowest = np.stack([constant(theta, node.shape).low for theta in node.thetas])
    seen: Array = lowest - abs(lowest) * ROUNDING
    return seen
