"""Random units on the device against the modules on the CPU: MLF bit for bit, tdBN with MLF against float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from gpu.rows import Row, Size
from torch import Tensor

from snnhw.nn import MLF, TDBatchNorm, fire_normalised

GRADIENT = {torch.float32: 1e-5, torch.bfloat16: 1e-2}  # how far a gradient may be from that in float64
SPIKES = 1e-4  # share of spikes that may differ from those in float64: of potentials that round to a threshold


def both(function: Callable[[Tensor], Tensor], x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
    """What it gives for x, and dL/dx for dL/do = g, on the CPU in float64."""
    leaf = x.detach().requires_grad_()
    out = function(leaf)
    out.backward(g.to(out.dtype))
    assert leaf.grad is not None
    return out.detach().cpu().double(), leaf.grad.cpu().double()


def drawn(random: np.random.Generator, smallest: bool) -> tuple[MLF, Tensor, Tensor]:
    """A unit, potentials [T*B, C, H, W] and dL/do; the smallest has one neuron."""
    levels, steps = int(random.integers(1, 5)), int(random.integers(1, 7))
    thresholds = np.cumsum(random.uniform(0.2, 1.2, levels))
    unit = MLF(thresholds, float(random.uniform(0, 1)), float(random.uniform(0.5, 2)), steps)
    batch, channels, pixels = int(random.integers(1, 5)), int(random.choice([1, 3, 16, 64, 65])), random.integers(2, 12)
    shape = (steps, 1, 1, 1) if smallest else (steps * batch, channels, int(pixels), int(pixels))
    return unit, *(torch.from_numpy(random.normal(m, 1.0, shape).astype(np.float32)) for m in (0.4, 0.0))


def units(size: Size) -> Iterator[Row]:
    """Spikes and gradients that differ."""
    random = np.random.default_rng(0)
    total = other_spikes = other_gradients = 0
    seen, flipped, worst = (dict.fromkeys(GRADIENT, start) for start in (0, 0, 0.0))
    for number in range(size.of(60, 4)):
        unit, x, g = drawn(random, number == 0)
        for kind in (torch.float32, torch.float64):
            there, here = (both(unit, x.to(where, kind), g.to(where, kind)) for where in (size.device, "cpu"))
            total += x.numel()
            other_spikes += int((there[0] != here[0]).sum())
            other_gradients += int((there[1] != here[1]).sum())
        if number == 0:
            continue  # the statistics of one neuron are none
        layout = torch.channels_last if number % 3 else torch.contiguous_format
        for kind in GRADIENT:
            norms = [TDBatchNorm(x.shape[1], unit.tdbn_factor, affine=bool(number % 2)) for _ in range(2)]
            norm, exact = norms[0].to(size.device), norms[1].double()
            given, back = (tensor.to(kind) for tensor in (x, g))
            placed = given.to(size.device, memory_format=layout)
            there = both(partial(fire_normalised, norm, unit), placed, back.to(size.device, memory_format=layout))
            here = both(lambda y, unit=unit, exact=exact: unit(exact(y)), given.double(), back.double())
            same = there[0] == here[0]
            seen[kind] += same.numel()
            flipped[kind] += int((~same).sum())
            if bool(same.all()):  # else the gradient is that of other spikes
                off = (there[1] - here[1]).norm() / here[1].norm().clamp_min(1e-9)
                worst[kind] = max(worst[kind], float(off))
    yield Row("MLF, spikes other than the CPU's", f"{other_spikes:,} of {total:,}", other_spikes == 0)
    yield Row("MLF, gradients other than the CPU's", f"{other_gradients:,} of {total:,}", other_gradients == 0)
    for kind, most in GRADIENT.items():
        name, share = str(kind).removeprefix("torch."), flipped[kind] / seen[kind]
        yield Row(f"tdBN + MLF, {name}, spikes other than in float64 at most {SPIKES}", f"{share:.1e}", share <= SPIKES)
        yield Row(f"tdBN + MLF, {name}, gradients within {most}", f"{worst[kind]:.1e}", worst[kind] <= most)
