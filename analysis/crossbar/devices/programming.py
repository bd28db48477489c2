"""Programmed devices: conductances that miss their levels, drift away, or are stuck, drawn for many seeds at once.

Takes levels 0 .. 2^bits - 1 and a `Device`; gives conductances in uS. A device aims at g = g_off + level * step with
step = (g_on - g_off) / (2^bits - 1) and gets max(0, g + sigma(g) z), z normal; after `time_s` it has that times
(time_s / drift_from)^-nu, nu = |normal(drift_exponent, drift_exponent_spread)|; a stuck one has g_on or g_off for ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from snnhw.analysis.crossbar.devices.device import Device, Spread
from snnhw.errors import InputError


@dataclass(frozen=True)
class Levels:
    """Levels of one device: 2^bits of them, evenly from g_off to g_on."""

    device: Device
    bits: int

    @property
    def step_us(self) -> float:
        """Between two levels."""
        return self.device.range_us / float(2**self.bits - 1)

    def conductances(self, levels: Tensor) -> Tensor:
        """What devices aim at, float64 in uS, for levels of any shape."""
        return self.device.g_off_us + levels.to(torch.float64) * self.step_us

    def in_steps(self, conductances: Tensor) -> Tensor:
        """Conductances in uS as numbers of steps above g_off, which is taken off."""
        return (conductances - self.device.g_off_us) / self.step_us


def spread_us(device: Device, aimed: Tensor, time_s: float = 0.0) -> Tensor:
    """Standard deviation in uS of devices that aimed at `aimed` uS, `time_s` seconds after programming.

    Between two times of the file linear in the logarithm of time; before the first it is that of the first.

    Raises:
        InputError: the file knows no spread so late.
    """
    spreads = device.spreads
    if not spreads:
        return torch.zeros_like(aimed)
    if time_s <= spreads[0].at_s or len(spreads) == 1:
        return _polynomial(device, spreads[0], aimed)
    for early, late in pairwise(spreads):
        if time_s <= late.at_s:
            start = max(early.at_s, 1e-9)
            share = math.log(time_s / start) / math.log(late.at_s / start)
            return (1 - share) * _polynomial(device, early, aimed) + share * _polynomial(device, late, aimed)
    raise InputError(
        f"The spread of {device.name} is known up to {spreads[-1].at_s:g} s after programming, not at {time_s:g} s; "
        "give an earlier time."
    )


def program(levels: Tensor, of: Levels, generator: torch.Generator, time_s: float = 0.0, seeds: int = 1) -> Tensor:
    """Conductances float64 [seeds, *levels.shape] in uS of devices, each drawn on its own.

    Args:
        levels: integers 0 .. 2^bits - 1 of any shape.
        of: the device and its bits.
        generator: of all draws; the same state gives the same devices.
        time_s: seconds after programming at which they are read.
        seeds: how many chips are drawn.

    Raises:
        InputError: the time is negative or later than the spread is known.
    """
    if not (math.isfinite(time_s) and time_s >= 0):
        raise InputError(f"Devices cannot be read {time_s} s after programming; give a time of at least 0.")
    device, shape = of.device, (seeds, *levels.shape)
    aimed = of.conductances(levels).expand(shape)
    got = aimed
    if device.spreads:
        got = (aimed + spread_us(device, aimed[:1], time_s) * _normal(shape, generator, levels)).clamp(min=0.0)
    if device.drift_exponent and time_s > device.drift_from_s:
        wanted = device.drift_exponent + device.drift_exponent_spread * _normal(shape, generator, levels)
        got = got * (time_s / device.drift_from_s) ** -wanted.abs()
    if device.stuck_on or device.stuck_off:
        fate = torch.rand(shape, generator=generator, dtype=torch.float64).to(levels.device)
        got = torch.where(fate < device.stuck_on, device.g_on_us, got)
        stuck_off = (fate >= device.stuck_on) & (fate < device.stuck_on + device.stuck_off)
        got = torch.where(stuck_off, device.g_off_us, got)
    return got.clone() if got is aimed else got


def _polynomial(device: Device, spread: Spread, aimed: Tensor) -> Tensor:
    share, total = aimed / device.g_on_us, torch.zeros_like(aimed)
    for coefficient in reversed(spread.coefficients_us):
        total = total * share + coefficient
    return total.clamp(min=0.0)


def _normal(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(like.device)
