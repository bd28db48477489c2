"""The C loops of the MLF unit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.nn.kernels import loops, native
from snnhw.nn.neurons import MLF


@settings(max_examples=60, deadline=None)
@given(
    thresholds=st.lists(st.floats(-0.5, 4.0), min_size=1, max_size=4, unique_by=np.float32).map(sorted),
    decay=st.floats(0.0, 1.0),
    width=st.floats(0.05, 4.0),
    steps=st.integers(1, 6),
    n=st.sampled_from([1, 63, 64, 65, 200]),
    seed=st.integers(0, 2**31),
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_c_and_torch_loops_give_the_same_bits(dtype, thresholds, decay, width, steps, n, seed):
    """Also where the decay is no power of two, so that a product fused into a sum would show."""
    unit = MLF(thresholds, decay, width, steps)
    generator = torch.Generator().manual_seed(seed)
    x, g = (torch.randn(steps, n, generator=generator, dtype=dtype) * 2 for _ in range(2))
    assert native.usable(x), "the C loops did not compile"
    results = []
    for path in (native, loops):
        spikes, grad = torch.full_like(x, torch.nan), torch.full_like(x, torch.nan)
        path.fire(x, spikes, unit.thresholds, decay)
        path.fire_backward(x, g, grad, unit.thresholds, decay, width)
        results.append((spikes, grad))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
