"""tdBN and MLF in the Triton kernels against the module: on CPU tensors with TRITON_INTERPRET=1, else on a GPU.

`sweep SEED UNITS` compares random units, `network` a network, `pair FOLDER` a unit on two processes with the same on
one that has the whole batch. Each prints one JSON object: what was compared, and the largest relative difference (of
norms) or the number of those that differ.
"""

import copy
import json
import os
import sys
from collections import Counter
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch
from torch import distributed, multiprocessing

from snnhw.nn import MLF, TDBatchNorm, build, fire_normalised
from snnhw.nn.kernels import fused_gpu, gpu, loops

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
APART = 1e-4  # no slope is sent to neurons with a potential closer to where their gradient jumps


def on_triton():
    """Within it every unit runs on the Triton kernels."""
    return mock.patch.object(gpu, "on_gpu", lambda x: True)


def relative(one, other) -> float:
    """Norm of the difference as a share of the norm."""
    one, other = (tensor.detach().cpu().double() for tensor in (one, other))
    return float((one - other).norm() / other.norm())


def far_from_jumps(y, unit):
    """Neurons [T*B, ...], at all steps alike, whose potentials in plain float64 steps keep away from every jump."""
    steps = y.reshape(unit.timesteps, -1)
    far = torch.ones_like(steps[0], dtype=torch.bool)
    for theta in unit.thresholds:
        carried = torch.zeros_like(steps[0])
        for now in steps:
            u = unit.decay * carried + now
            carried = torch.where(u > theta, 0.0, u)
            for edge in (theta, theta - unit.surrogate_width / 2, theta + unit.surrogate_width / 2):
                far &= (u - edge).abs() > APART
    return far.expand_as(steps).reshape(y.shape)


def random_unit(generator):
    """A norm with a past, and a unit."""
    levels, steps = int(generator.integers(1, 6)), int(generator.choice([1, 2, 4, 5, 9, 13]))
    thresholds = np.sort(generator.uniform(-0.5, 3.0, levels))
    decay = float(generator.choice([0.0, 0.25, 1.0, generator.uniform()]))
    unit = MLF(thresholds, decay, float(generator.choice([0.5, 1.0, generator.uniform(0.2, 3.0)])), steps)
    channels = int(generator.choice([1, 3, 16, 70]))
    affine = bool(generator.integers(2))
    norm = TDBatchNorm(channels, generator.uniform(0.3, 2.0), 1e-3, generator.uniform(0.05, 0.9), affine)
    with torch.no_grad():
        norm.running_mean.copy_(torch.from_numpy(generator.normal(size=channels)))
        norm.running_var.copy_(torch.from_numpy(generator.uniform(0.5, 2.0, channels)))
        if affine:
            norm.weight.copy_(torch.from_numpy(generator.normal(1.0, 1.0, channels)))
            norm.bias.copy_(torch.from_numpy(generator.normal(size=channels)))
    return norm, unit


def random_input(generator, rows, channels, offset):
    """[rows, channels] or an image, in one of the memory orders that torch has."""
    sides = ((), (1, 1), (3, 5), (4, 8))[generator.integers(4)]
    spread = generator.uniform(0.5, 3.0, (1, channels, *[1] * len(sides)))
    x = torch.from_numpy(generator.normal(size=(rows, channels, *sides)) * spread + offset)
    if len(sides) and generator.integers(2):
        return x.contiguous(memory_format=torch.channels_last)
    return x.transpose(0, -1).contiguous().transpose(0, -1) if generator.integers(3) == 0 else x


def given_the_same_numbers(x, numbers, unit):
    """Spikes of the torch loops in float32, for the numbers of each channel that the kernels found."""
    mean, scale, shift = numbers[:3, :, None]
    steps = x.float().flatten(2) if x.dim() > 2 else x.float()[:, :, None]
    y = ((steps - mean) * scale + shift).reshape(unit.timesteps, -1)
    spikes = torch.empty_like(y)
    loops.fire(y, spikes, unit.thresholds, unit.decay)
    return spikes.reshape(x.shape)


class Run(NamedTuple):
    """What one unit gave for an input, and the numbers [5, C] that it kept."""

    spikes: torch.Tensor
    grad_x: torch.Tensor
    numbers: torch.Tensor


def on_kernels(norm, unit, x, g, programs) -> Run:
    """Forward and backward on the Triton kernels, with the spikes in the type of x."""
    norm, leaf, kept = norm.to(DEVICE), x.to(DEVICE, copy=True).requires_grad_(), []
    keep = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t)
    precision = torch.autocast(DEVICE, torch.bfloat16, enabled=x.dtype != torch.float32)
    with on_triton(), mock.patch.object(fused_gpu, "MOST_PROGRAMS", programs):
        with precision, keep:
            spikes = fire_normalised(norm, unit, leaf)
        (spikes * g.to(DEVICE)).sum().backward()
    assert [tensor.shape for tensor in kept] == [x.shape, (5, norm.channels)]
    return Run(spikes.detach().cpu(), leaf.grad.cpu(), kept[1].cpu())


def stored(x, dtype):
    """x as the kernels store it: Triton's interpreter cuts bfloat16 off, where the compiled ones round."""
    if INTERPRETED and dtype == torch.bfloat16:
        return (x.view(torch.int32) >> 16).to(torch.int16).view(dtype)
    return x.to(dtype)


def order(x):
    """The memory order of results: that of x, or contiguous where x has neither of the two."""
    last = x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def sweep(seed: int, units: int) -> None:
    generator = np.random.default_rng(seed)
    found = dict.fromkeys(("units", "spikes", "spikes_apart", "far_apart", "slopes", "low", "low_apart", "in_order"), 0)
    worst = dict.fromkeys(("running_mean", "running_var", "rate", "grad_x", "grad_gamma", "grad_beta"), 0.0)
    for case in range(units):
        norm, unit = random_unit(generator)
        dtype = (torch.float32, torch.bfloat16, torch.float32, torch.float16)[case % 4]
        far_off = case % 8 == 0  # 500 from zero: float32 has too few digits of the mean left for gradients
        rows = int(generator.integers(1, 4)) * unit.timesteps
        x = random_input(generator, rows, norm.channels, 500.0 if far_off else generator.uniform(-1, 1)).to(dtype)
        if x.numel() == x.shape[1]:
            continue  # the variance of one number has no gradient
        oracle, low, programs = copy.deepcopy(norm).double(), copy.deepcopy(norm), int(generator.choice([1, 3, 1024]))
        exact = x.double().clone().requires_grad_()
        y = oracle(exact)
        wanted = unit(y)
        far = far_from_jumps(y.detach(), unit)
        g = torch.from_numpy(generator.normal(0.3, 1.0, x.shape)).to(dtype) * far
        (wanted * g).sum().backward()
        run = on_kernels(norm, unit, x.float(), g.float(), programs)
        found["units"] += 1
        found["spikes"] += int(run.spikes.sum())
        found["spikes_apart"] += int((run.spikes != given_the_same_numbers(x, run.numbers, unit)).sum())
        for name in ("running_mean", "running_var"):
            worst[name] = max(worst[name], relative(getattr(norm, name), getattr(oracle, name)))
        deviation = x.double().var([0, *range(2, x.dim())], unbiased=False).sqrt()
        worst["rate"] = max(worst["rate"], relative(run.numbers[4], norm.factor / (deviation + norm.eps)))
        found["in_order"] += run.spikes.is_contiguous(memory_format=order(x))
        if dtype != torch.float32:
            narrow = on_kernels(low, unit, x, g, programs)
            found["low"] += int((narrow.grad_x != 0).sum())
            for one, other in ((narrow.spikes, run.spikes), (narrow.grad_x, run.grad_x)):
                found["low_apart"] += int((one != stored(other, dtype)).sum())
        if not far_off and x.numel() >= 8 * x.shape[1]:  # with few numbers in a channel gradients cancel
            found["far_apart"] += int((far & (run.spikes != wanted)).sum())
            found["slopes"] += int((exact.grad != 0).sum())
            worst["grad_x"] = max(worst["grad_x"], relative(run.grad_x, exact.grad))
            if norm.affine:
                worst["grad_gamma"] = max(worst["grad_gamma"], relative(norm.weight.grad, oracle.weight.grad))
                worst["grad_beta"] = max(worst["grad_beta"], relative(norm.bias.grad, oracle.bias.grad))
    print(json.dumps({**found, **worst}))


def network() -> None:
    """One step of a small network: in float32 by both ways, in bfloat16 under autocast."""
    torch.manual_seed(0)
    one = build("digits_ds_resnet8", widths=(2, 3, 4))
    networks = [one, copy.deepcopy(one)]
    x, target = torch.rand(3, 1, 8, 8), torch.arange(3)
    losses = [torch.nn.functional.cross_entropy(networks[1](x), target)]
    losses[0].backward()
    networks[0].to(DEVICE)
    x, target = x.to(DEVICE), target.to(DEVICE)
    with on_triton():
        losses.append(torch.nn.functional.cross_entropy(networks[0](x), target))
        losses[1].backward()
    found = {"loss": relative(losses[1], losses[0])}
    pairs = zip(*(n.parameters() for n in networks), strict=True)
    found["gradients"] = max(relative(a.grad, b.grad) for a, b in pairs)
    pairs = zip(*(n.buffers() for n in networks), strict=True)
    found["buffers"] = max(relative(a, b) for a, b in pairs)
    kinds = Counter()
    convolutions = [module for module in networks[0].modules() if isinstance(module, torch.nn.Conv2d)]
    for convolution in convolutions:
        convolution.register_forward_pre_hook(lambda module, inputs: kinds.update([str(inputs[0].dtype)]))
    images = x.contiguous(memory_format=torch.channels_last)
    with on_triton(), torch.autocast(DEVICE, torch.bfloat16):
        torch.nn.functional.cross_entropy(networks[0](images), target).backward()
    found |= {"kinds": kinds, "convolutions": len(convolutions)}
    found["finite"] = all(bool(p.grad.isfinite().all()) for p in networks[0].parameters())
    print(json.dumps(found))


def parts_of_pair():
    """A unit of three steps, five rows a step, and slopes; and which rows each process has."""
    generator = torch.Generator().manual_seed(3)
    x, g = (torch.randn(3, 5, 4, 3, 3, generator=generator) for _ in range(2))
    return MLF(timesteps=3), x * 2 + 1, g + 0.3, (slice(0, 2), slice(2, 5))


def one_of_pair(rank: int, folder: str) -> None:
    """The share of a process: rows of different number."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    unit, x, g, shares = parts_of_pair()
    torch.save(step(unit, x[:, shares[rank]], g[:, shares[rank]]), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def step(unit, x, g):
    """Spikes and gradients [T, B, ...], gradients of gamma and beta, and the running statistics, of a fresh norm."""
    norm = TDBatchNorm(x.shape[2])
    leaf = x.flatten(0, 1).contiguous(memory_format=torch.channels_last).requires_grad_()  # gloo is for CPU tensors
    with on_triton(), mock.patch.object(fused_gpu, "MOST_PROGRAMS", 2):
        spikes = fire_normalised(norm, unit, leaf)
        (spikes * g.flatten(0, 1)).sum().backward()
    by_step = [tensor.detach().reshape(x.shape) for tensor in (spikes, leaf.grad)]
    return [*by_step, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var]


def pair(folder: str) -> None:
    multiprocessing.spawn(one_of_pair, args=(folder,), nprocs=2)
    spikes, grad_x, *summed, mean, var = step(*parts_of_pair()[:3])
    mine = [torch.load(f"{folder}/{rank}.pt") for rank in (0, 1)]
    found = {"spikes": int(spikes.sum()), "spikes_apart": int((torch.cat([m[0] for m in mine], 1) != spikes).sum())}
    found["grad_x"] = relative(torch.cat([m[1] for m in mine], 1), grad_x)
    for i, name in ((2, "grad_gamma"), (3, "grad_beta")):
        found[name] = relative(mine[0][i] + mine[1][i], summed[i - 2])
    found["running"] = max(relative(m[i], wanted) for m in mine for i, wanted in ((4, mean), (5, var)))
    print(json.dumps(found))


if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    if verb == "sweep":
        sweep(*map(int, arguments))
    else:
        {"network": network, "pair": pair}[verb](*arguments)
