"""Running all levels of one unit over a batch, with its counts: in C where it can, else over torch's operators.

Both ways give the same bits. Takes the current [1 or T, B, *shape], gives the spikes sent and their record.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from snnhw import native
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF, MLF, Array, LoihiLIF, Neuron, SlotMLF
from snnhw.graph.loihi import DECAY_ONE, MEMBRANE_LIMIT, UNITS_PER_WEIGHT
from snnhw.simulation.neurons import step_unit
from snnhw.simulation.record import COUNTS, Keep, UnitRecord

SOURCE = Path(__file__).parent / "kernels" / "step.c"
LONGEST = 1024  # levels times steps; the C loops keep a row of counters for each on the stack of a thread


@dataclass(frozen=True)
class Fired:
    """Spikes of a unit in one batch, and the record of their counts."""

    sent: Tensor  # [T, B, *shape], sum over the levels
    record: UnitRecord
    channels: tuple[Tensor, ...] = ()  # [T, B, *shape] per level, on request
    raster: Array | None = None  # uint8 [B, T, K, *shape], on request
    membranes: Array | None = None  # [B, T, K, *shape], on request


@dataclass(frozen=True)
class _Constants:
    """Numbers of a unit whose levels differ in their threshold alone, as the C loops take them."""

    theta: Array  # [K], or [K, *shape]
    keep: float
    bias: Array | None  # membrane units [*shape] for integers


def fire(
    neurons: Sequence[Neuron],
    current: Tensor,
    steps: int,
    *,
    channels: bool = False,
    keep: Keep = COUNTS,
    overwrite: bool = False,
) -> Fired:
    """Run one unit.

    Args:
        neurons: its MLF or ILIF node, or its channels by ascending level.
        current: x [T, B, *shape], or [1, B, *shape] if it is the same in every step.
        steps: T.
        channels: also give every level's spikes as tensors.
        keep: which of all spikes and all membranes before the reset are given too.
        overwrite: the spikes sent may take the memory of the current, which has no other use any more.
    """
    first = neurons[0]
    if isinstance(first, SlotMLF):
        return fire_in_slots(first, current.expand(steps, *current.shape[1:]), keep)
    constants = None if channels else _constants(neurons, current)
    if constants is None or len(constants.theta) * steps > LONGEST or not native.usable(SOURCE, current):
        return _fire_in_torch(neurons, current.expand(steps, *current.shape[1:]), channels, keep)
    return _fire_in_c(constants, current.contiguous(), steps, keep, overwrite)


def _constants(neurons: Sequence[Neuron], current: Tensor) -> _Constants | None:
    first = neurons[0]
    if isinstance(first, MLF):
        return _Constants(np.array(first.thresholds), first.decay, None)
    if isinstance(first, LIF):
        return _lif_constants([n for n in neurons if isinstance(n, LIF)])
    # in float64 wraps are possible: `integer_dtype` chose the wide arithmetic
    if not isinstance(first, LoihiLIF) or current.dtype == torch.float64:
        return None
    integers = [n for n in neurons if isinstance(n, LoihiLIF)]
    hard = all(n.reset == "hard" and n.has_one_decay for n in integers)
    if not hard or not all(
        np.array_equal(n.dv, first.dv) and n.bias_exp == first.bias_exp and np.array_equal(n.bias_mant, first.bias_mant)
        for n in integers
    ):
        return None
    bias = np.broadcast_to(first.bias, first.shape).astype(np.float32)
    theta = _stacked([np.asarray(n.threshold, dtype=np.float64) * UNITS_PER_WEIGHT for n in integers], first.shape)
    return _Constants(theta, float(np.ravel(first.kept)[0]) / DECAY_ONE, bias)


def _lif_constants(channels: Sequence[LIF]) -> _Constants | None:
    if not all(n.is_plain and np.ndim(n.decay) == 0 for n in channels):
        return None
    decays = {float(n.decay) for n in channels}
    if len(decays) != 1:
        return None
    theta = _stacked([np.asarray(n.threshold, dtype=np.float64) for n in channels], channels[0].shape)
    return _Constants(theta, decays.pop(), None)


def _stacked(thresholds: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """[K] if every level has one threshold, else [K, *shape]."""
    if all(theta.ndim == 0 for theta in thresholds):
        return np.stack(thresholds)
    return np.stack([np.broadcast_to(theta, shape) for theta in thresholds])


def _fire_in_c(unit: _Constants, x: Tensor, steps: int, keep: Keep, overwrite: bool) -> Fired:
    levels, batch, shape = len(unit.theta), x.shape[1], x.shape[2:]
    n = x[0, 0].numel()
    sent = x if overwrite and len(x) == steps else x.new_empty((steps, batch, *shape))
    counts = torch.zeros((levels, *shape), dtype=torch.int64)
    graded_spikes = torch.zeros(shape, dtype=torch.int64)
    counts_t = torch.zeros((levels, steps), dtype=torch.int64)
    spikes = torch.empty((batch, steps, levels, *shape), dtype=torch.uint8) if keep.raster else None
    potentials = x.new_empty((batch, steps, levels, *shape)) if keep.membranes else None
    theta = torch.as_tensor(unit.theta).to(x.dtype)
    bias = None if unit.bias is None else torch.as_tensor(np.ascontiguousarray(unit.bias)).to(x.dtype)
    loops = native.library(SOURCE)
    getattr(loops, f"step_{native.SUFFIX[x.dtype]}")(
        native.address(x),
        ctypes.c_int64(0 if x.shape[0] == 1 else batch * n),
        native.address(sent),
        *(ctypes.c_int64(size) for size in (n, batch, steps, levels)),
        native.address(theta),
        ctypes.c_int64(unit.theta.ndim > 1),
        ctypes.c_double(unit.keep),
        native.address(bias),
        ctypes.c_double(MEMBRANE_LIMIT),
        *(native.address(t) for t in (counts, graded_spikes, counts_t, spikes, potentials)),
        ctypes.c_int(torch.get_num_threads()),
    )
    return Fired(
        sent,
        UnitRecord(counts.numpy(), graded_spikes.numpy(), counts_t.numpy()),
        raster=None if spikes is None else spikes.numpy(),
        membranes=None if potentials is None else potentials.numpy(),
    )


def _fire_in_torch(neurons: Sequence[Neuron], x: Tensor, channels: bool, keep: Keep) -> Fired:
    levels = sum(n.levels for n in neurons)
    sent = torch.empty_like(x)
    counts = torch.zeros((levels, *x.shape[2:]), dtype=torch.int64, device=x.device)
    graded_spikes = torch.zeros_like(counts[0])
    counts_t = torch.zeros((levels, len(x)), dtype=torch.int64, device=x.device)
    single = [torch.empty_like(x) for _ in range(levels)] if channels else []
    rows: list[Tensor] = []
    potentials: list[Tensor] = []
    of_sums = torch.uint8 if levels < 256 else torch.int64  # bytes add up many times faster
    for t, (spikes, u) in enumerate(step_unit(neurons, x)):
        stacked = torch.stack(spikes)  # [K, B, *shape]
        total = stacked.view(torch.uint8).sum(dim=0, dtype=of_sums)
        sent[t] = total
        per_level = stacked.sum(dim=1)
        counts += per_level
        graded_spikes += (total > 0).sum(dim=0)
        counts_t[:, t] = per_level.flatten(1).sum(dim=1)
        for k, value in enumerate(single):
            value[t] = spikes[k]
        if keep.raster:
            rows.append(stacked.to(torch.uint8).transpose(0, 1))
        if keep.membranes:
            potentials.append(torch.stack(u).transpose(0, 1))
    return Fired(
        sent,
        UnitRecord(counts.cpu().numpy(), graded_spikes.cpu().numpy(), counts_t.cpu().numpy()),
        tuple(single),
        torch.stack(rows, dim=1).cpu().numpy() if keep.raster else None,
        torch.stack(potentials, dim=1).cpu().numpy() if keep.membranes else None,
    )


def fire_in_slots(unit: SlotMLF, x: Tensor, keep: Keep = COUNTS) -> Fired:
    """One decision per window on the sum of x [T*S, B, *shape] over its S sub-steps; level k is sent in sub-step k.

    The result is in sub-steps; each of them has the membranes of its window.

    Raises:
        InputError: there are fewer slots than levels.
    """
    slots, levels = unit.slots, unit.levels
    if levels > slots:
        raise InputError(f"Unit {unit.name!r} has {slots} slots for {levels} levels; give it one for each.")
    windows = x.reshape(-1, slots, *x.shape[1:]).sum(dim=1)
    if unit.bias is not None:
        windows = windows + torch.as_tensor(unit.bias).to(dtype=x.dtype, device=x.device)
    whole = _unit_of_window(unit)
    inner = _fire_in_torch([whole], windows, True, keep)
    sent = x.new_zeros((len(windows), slots, *x.shape[1:]))
    counts_t = np.zeros((levels, len(x)), dtype=np.int64)
    spikes = None
    if inner.raster is not None:
        samples, steps, _, *shape = inner.raster.shape
        spikes = np.zeros((samples, steps * slots, levels, *shape), dtype=np.uint8)
    for k, level in enumerate(inner.channels):
        sent[:, k] = level
        counts_t[k, k::slots] = inner.record.levels_t[k]
        if spikes is not None and inner.raster is not None:
            spikes[:, k::slots, k] = inner.raster[:, :, k]
    held = None if inner.membranes is None else inner.membranes.repeat(slots, axis=1)
    record = UnitRecord(inner.record.levels, inner.record.spikes, counts_t)
    return Fired(sent.flatten(0, 1), record, raster=spikes, membranes=held)


def _unit_of_window(unit: SlotMLF) -> MLF | ILIF:
    """What decides once in each window."""
    if unit.taken_off is None:
        return MLF(name=unit.name, shape=unit.shape, thresholds=unit.thresholds, decay=unit.decay)
    off = unit.taken_off
    return ILIF(name=unit.name, shape=unit.shape, thresholds=unit.thresholds, decay=unit.decay, taken_off=off)
