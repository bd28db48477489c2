"""Stepping K levels that share one input current, in floats and in Loihi integers.

Takes the current [T, B, *shape] of one unit and gives, step by step, the spikes of every level and (on request) the
membranes before reset. Integers are held in floats: every value stays below 2^24 (float32) or 2^53 (float64), so the
arithmetic is exact; `integer_dtype` says which is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF, MLF, Array, LoihiLIF, Neuron, SlotMLF
from snnhw.graph.loihi import ACCUMULATOR_RANGE, CURRENT_RANGE, DECAY_ONE, MEMBRANE_LIMIT, UNITS_PER_WEIGHT

Steps = Iterator[tuple[list[Tensor], list[Tensor]]]  # spikes and membranes of the K levels


def step_unit(neurons: Sequence[Neuron], current: Iterable[Tensor]) -> Steps:
    """Spikes and membranes of all levels, one time step after the other.

    The current is taken step by step, so that in a loop it may depend on the spikes of the step before.

    Args:
        neurons: the unit's nodes: one MLF or ILIF, or its K LIF or LoihiLIF channels by ascending level.
        current: x [B, *shape] of every step, such as a tensor [T, B, *shape]; for LoihiLIF the integer sum of weights
            (weight units).

    Yields:
        (spikes, membranes): K boolean tensors [B, *shape] and K tensors [B, *shape] of u before the reset.
    """
    first, steps = neurons[0], iter(current)
    like = next(steps, None)
    if like is None:
        return
    frames = chain((like,), steps)
    if isinstance(first, SlotMLF):
        raise InputError(f"Unit {first.name!r} decides once a window and cannot be stepped; deploy it as channels.")
    if isinstance(first, MLF):
        yield from _step_mlf(first, frames, like)
    elif isinstance(first, ILIF):
        yield from _step_ilif(first, frames, like)
    elif isinstance(first, LoihiLIF):
        yield from _step_loihi([n for n in neurons if isinstance(n, LoihiLIF)], frames, like)
    else:
        yield from _step_lif([n for n in neurons if isinstance(n, LIF)], frames, like)


def _step_mlf(unit: MLF, current: Iterable[Tensor], like: Tensor) -> Steps:
    """u_k[t] = decay*u_k[t-1]*(1 - s_k[t-1]) + x[t];  s_k = u_k > theta_k (Feng et al., IJCAI 2022)."""
    carried = [torch.zeros_like(like) for _ in unit.thresholds]
    for x in current:
        membranes = [unit.decay * u + x for u in carried]
        spikes = [u > theta for u, theta in zip(membranes, unit.thresholds, strict=True)]
        carried = [u.masked_fill(s, 0.0) for u, s in zip(membranes, spikes, strict=True)]
        yield spikes, membranes


def _step_ilif(unit: ILIF, current: Iterable[Tensor], like: Tensor) -> Steps:
    """u[t] = decay*(u[t-1] - taken_off*s[t-1]) + x[t];  s = sum_k (u > theta_k) (Luo et al., ECCV 2024)."""
    carried = torch.zeros_like(like)
    for x in current:
        u = unit.decay * carried + x
        spikes = [u > theta for theta in unit.thresholds]
        sent = spikes[0].to(torch.int16)
        for level in spikes[1:]:
            sent += level
        carried = u - unit.taken_off * sent.to(u.dtype)
        yield spikes, [u] * unit.levels


def _step_lif(channels: Sequence[LIF], current: Iterable[Tensor], like: Tensor) -> Steps:
    """u = decay*u + gain*x + leak;  s = u > theta;  hard: u = v_reset, subtract: u = u - (theta - v_reset), where s."""

    def value(parameter: float | Array) -> Tensor | float:
        if isinstance(parameter, float | int):
            return parameter
        return torch.as_tensor(parameter, dtype=like.dtype, device=like.device)

    constants = [tuple(value(p) for p in (n.decay, n.gain, n.leak, n.threshold, n.v_reset)) for n in channels]
    carried = [torch.zeros_like(like) + value(n.start) for n in channels]
    for x in current:
        membranes, spikes, kept = [], [], []
        for node, u, (decay, gain, leak, theta, reset) in zip(channels, carried, constants, strict=True):
            drive = x if isinstance(gain, float | int) and gain == 1 else gain * x
            u = decay * u + drive
            if not (isinstance(leak, float | int) and leak == 0):
                u = u + leak
            s = u > theta
            after = reset if node.reset == "hard" else u - (theta - reset)
            kept.append(torch.where(s, after, u))
            membranes.append(u)
            spikes.append(s)
        carried = kept
        yield spikes, membranes


def _step_loihi(channels: Sequence[LoihiLIF], current: Iterable[Tensor], like: Tensor) -> Steps:
    """Lava's PyLifModelBitAcc, one step, all integers.

    With a, the sum of weights that arrives:  u = trunc(u*(4095-du)/4096) + 64*a, wrapped to 24 bits;
    v = clip(trunc(v*(4096-dv)/4096) + u + bias, -2^23+1, 2^23-1);  s = v > 64*vth;  v = 0 where s, or, of a neuron
    that resets by subtraction, v - taken_off.
    """

    def constant(value: int | Array) -> Tensor:
        return torch.as_tensor(value, dtype=like.dtype, device=like.device)

    bias = [constant(n.bias) for n in channels]
    theta = [constant(n.threshold) * UNITS_PER_WEIGHT for n in channels]
    kept = [(constant(n.current_kept) / DECAY_ONE, constant(n.kept) / DECAY_ONE) for n in channels]
    taken_off = [constant(n.taken_off) if n.reset == "subtract" else None for n in channels]
    currents = [torch.zeros_like(like) + constant(n.current_start) for n in channels]
    carried = [torch.zeros_like(like) + constant(n.start) for n in channels]
    # float32 is chosen by `integer_dtype` only where nothing can wrap
    wrapped = _wrap_current if like.dtype == torch.float64 else _as_is
    for a in current:
        drive = a * UNITS_PER_WEIGHT
        membranes, spikes = [], []
        for k, (kept_u, kept_v) in enumerate(kept):
            currents[k] = wrapped((currents[k] * kept_u).trunc_() + drive)
            v = ((carried[k] * kept_v).trunc_() + currents[k] + bias[k]).clamp_(-MEMBRANE_LIMIT, MEMBRANE_LIMIT)
            s = v > theta[k]
            membranes.append(v)
            spikes.append(s)
            less = taken_off[k]
            carried[k] = v.masked_fill(s, 0.0) if less is None else torch.where(s, v - less, v)
        yield spikes, membranes


def integer_dtype(neurons: Sequence[LoihiLIF], bound: int) -> torch.dtype:
    """float32 where every intermediate provably stays below 2^24, else float64 (exact below 2^53).

    Args:
        neurons: channels of one unit.
        bound: largest |a| that the synapses can send, in weight units.

    The membrane is below 2^23; its decay is exact in float32 when 4096-dv is a power of two, because scaling by a power
    of two only moves the exponent; it starts from 0. The current must not wrap (64|a| < 2^23) and v + u + bias must
    stay below 2^24. What a spike takes off lies below 2^23 too, so the difference is exact.
    """
    for node in neurons:
        keep = np.asarray(node.kept)
        power_of_two = bool(np.all(keep & (keep - 1) == 0))
        bias = int(abs(node.bias).max(initial=0))
        wraps = UNITS_PER_WEIGHT * bound >= CURRENT_RANGE // 2
        sum_fits = MEMBRANE_LIMIT * int(keep.max()) // DECAY_ONE + UNITS_PER_WEIGHT * bound + bias < 2**24
        from_rest = not np.any(node.start)
        if wraps or not from_rest or node.current_lasts or not (power_of_two and sum_fits):
            return torch.float64
    return torch.float32


def _as_is(u: Tensor) -> Tensor:
    return u


def _wrap_current(u: Tensor) -> Tensor:
    """The accumulator wraps to int32, then the current to 24 bits as Lava codes it.

    Above 2^23 minus 2^24, at or below -2^23 plus 2^24; exactly 2^23 stays.
    """
    half = CURRENT_RANGE // 2
    if float(u.abs().max()) < half:
        return u
    u = torch.remainder(u + ACCUMULATOR_RANGE // 2, ACCUMULATOR_RANGE) - ACCUMULATOR_RANGE // 2
    w = torch.where(u > half, u - CURRENT_RANGE, u)
    return torch.where(w <= -half, u + CURRENT_RANGE, w)
