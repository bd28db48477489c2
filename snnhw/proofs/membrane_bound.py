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
from snnhw.proofs.interval import ROUNDING, Interval, constant, rounded_sum
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
    """The recurrence of Lava's fixed-point LIF at both ends; nothing is proven where the 24-bit current may wrap."""
    unknown = np.full(node.shape[0], np.inf)
    keep_u, keep_v = DECAY_ONE - 1 - node.du, DECAY_ONE - node.dv
    finite = np.isfinite(x.low) & np.isfinite(x.high) & (np.maximum(abs(x.low), abs(x.high)) < CURRENT_RANGE)
    if keep_u < 0 or keep_v < 0 or not finite.any():
        return unknown
    drive = [UNITS_PER_WEIGHT * np.where(finite, end, 0).astype(np.int64) for end in (np.floor(x.low), np.ceil(x.high))]
    rows = np.broadcast_to(node.bias, node.shape).reshape(node.shape[0], -1)
    bias = (rows.min(axis=1), rows.max(axis=1))
    u, v = (_ends(start, node.shape) for start in (node.current_start, node.start))
    highest = np.full(node.shape[0], -MEMBRANE_LIMIT)
    for _ in range(timesteps):
        for end in (0, 1):
            u[end] = _decayed(u[end], keep_u) + drive[end]
            finite &= abs(u[end]) < CURRENT_RANGE // 2
            v[end] = np.clip(_decayed(v[end], keep_v) + u[end] + bias[end], -MEMBRANE_LIMIT, MEMBRANE_LIMIT)
        highest = np.maximum(highest, v[1])
        if not finite.any():
            break
    bound: Array = np.where(finite, highest, np.inf)
    return bound


def lowest_states(graph: Graph) -> dict[str, float]:
    """Integer neuron node -> lowest v that can occur in T steps if nothing clips or wraps, in 1/64 weight units.

    Whatever is reset starts again from 0 in whichever step, so v counts as 0 where it is above. (The other end needs no
    proof: the largest membrane is above every threshold, so clipping it changes no spike, and the neuron is reset.)
    """
    lowest: dict[str, float] = {}

    def spikes(node: Node, x: Interval) -> Interval:
        if isinstance(node, LoihiLIF):
            keep_u, keep_v = (DECAY_ONE - 1 - node.du) / DECAY_ONE, (DECAY_ONE - node.dv) / DECAY_ONE
            bias = np.broadcast_to(node.bias, node.shape).reshape(node.shape[0], -1).min(axis=1)
            u, v = (_ends(start, node.shape)[0] for start in (node.current_start, node.start))
            lowest[node.name] = 0.0
            for _ in range(graph.timesteps):
                u = np.trunc(u * keep_u) + UNITS_PER_WEIGHT * x.low
                v = np.minimum(np.trunc(v * keep_v), 0) + u + bias
                lowest[node.name] = min(lowest[node.name], float(v.min()))
        return Interval(np.zeros(node.shape[0]), np.full(node.shape[0], float(graph.signal(node.name).levels)))

    value_bounds(graph, spikes)
    return lowest


def _ends(start: int | Array, shape: tuple[int, ...]) -> list[Array]:
    """Lowest and highest state [C] before the first step."""
    state = constant(start, shape)
    return [state.low.astype(np.int64), state.high.astype(np.int64)]


def _decayed(state: Array, keep: int) -> Array:
    """trunc(state * keep / 4096), toward zero."""
    decayed: Array = np.sign(state) * (abs(state) * keep // DECAY_ONE)
    return decayed


def _thresholds(node: MLF | ILIF | LIF | LoihiLIF) -> Array:
    """Lowest threshold of each level and channel [K, C] that the comparison can see, whatever it is rounded to."""
    if isinstance(node, LoihiLIF):
        return constant(UNITS_PER_WEIGHT * np.asarray(node.threshold, dtype=np.float64), node.shape).low[None]
    lowest = np.stack([constant(theta, node.shape).low for theta in node.thetas])
    seen: Array = lowest - abs(lowest) * ROUNDING
    return seen
