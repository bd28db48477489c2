"""Run with TRITON_INTERPRET=1: the Triton kernels against the loops over torch's operators, on CPU tensors.

Arguments: seed, number of units. Prints one JSON object: what was compared and how much of it differs.
"""

import json
import sys
from unittest import mock

import numpy as np
import torch

from snnhw.nn.kernels import gpu, loops
from snnhw.nn.neurons import MLF


def case(generator: np.random.Generator):
    """Constants of a unit, T and the number of neurons: below, at and above a multiple of a program's."""
    levels, steps = generator.integers(1, 6), int(generator.integers(1, 14))
    n = int(generator.choice([1, 2, 127, 128, 129, 300]))
    thresholds = MLF(np.sort(generator.uniform(-0.5, 4.0, levels))).thresholds
    decay = float(generator.choice([0.0, 0.25, 0.5, 1.0, generator.uniform()]))
    width = float(generator.choice([0.5, 1.0, generator.uniform(0.05, 4.0)]))
    return thresholds, decay, width, steps, n


def tied(x: torch.Tensor, thresholds, decay: float, generator: np.random.Generator) -> int:
    """Move some inputs so that the membrane of one level equals its threshold; how many were moved."""
    moved = 0
    number = x.numpy()
    kind = number.dtype.type
    for i in range(number.shape[1]):
        if generator.uniform() > 0.3:
            continue
        theta, stop = kind(generator.choice(thresholds)), generator.integers(len(number))
        u = kind(0)
        for t in range(stop + 1):
            carried = kind(decay) * (kind(0) if u > theta else u)
            if t == stop:
                number[t, i] = theta - carried
                moved += bool(carried + number[t, i] == theta)
            u = carried + number[t, i]
    return moved


def module_differs(generator: np.random.Generator) -> int:
    """Numbers in which the module, given low precision in either memory order, differs between the two paths."""
    values = torch.from_numpy(generator.normal(0.7, 1.5, (6, 3, 5, 7))).bfloat16()
    differ = 0
    for layout in (torch.contiguous_format, torch.channels_last):
        results = []
        for path in (loops, gpu):
            x = values.clone(memory_format=layout).requires_grad_()
            with mock.patch("snnhw.nn.kernels.LOOPS", (path,)), mock.patch.object(gpu, "usable", lambda x: True):
                spikes = MLF(timesteps=3)(x)
                (spikes * values).sum().backward()
            results.append((spikes, x.grad))
        differ += sum(int((a != b).sum()) for a, b in zip(*results, strict=True))
    return differ


def main(seed: int, cases: int) -> None:
    generator = np.random.default_rng(seed)
    found = dict.fromkeys(("cases", "spikes", "spikes_apart", "gradients", "gradients_apart", "ties"), 0)
    for _ in range(cases):
        thresholds, decay, width, steps, n = case(generator)
        for dtype in (torch.float32, torch.float64):
            x = torch.from_numpy(generator.normal(0.7, 1.5, (steps, n))).to(dtype)
            g = torch.from_numpy(generator.normal(size=(steps, n))).to(dtype)
            found["ties"] += tied(x, thresholds, decay, generator)
            spikes, grads = [], []
            for path in (loops, gpu):
                spikes.append(torch.full_like(x, torch.nan))
                grads.append(torch.full_like(x, torch.nan))
                path.fire(x, spikes[-1], thresholds, decay)
                path.fire_backward(x, g, grads[-1], thresholds, decay, width)
            found["cases"] += 1
            found["spikes"] += int(spikes[0].sum())
            found["spikes_apart"] += int((spikes[0] != spikes[1]).sum())
            found["gradients"] += int((grads[0] != 0).sum())
            found["gradients_apart"] += int((grads[0] != grads[1]).sum())
    print(json.dumps({**found, "module_apart": module_differs(generator)}))


main(int(sys.argv[1]), int(sys.argv[2]))
