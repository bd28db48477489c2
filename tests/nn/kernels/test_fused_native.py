"""Norm and unit in one walk in C: the bits of the two walks one after the other."""

import pytest
import torch

from snnhw.nn.kernels import fused_native, native, tdbn_native
from snnhw.nn.kernels.constants import Affine, Recurrence


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("side", [4, 9])
def test_one_walk_gives_what_two_give(dtype, side):
    torch.manual_seed(0)
    unit = Recurrence((0.6, 1.6), 0.25, 1.0, 3)
    x, g = (torch.randn(6, 5, side, side, dtype=dtype) * 2 for _ in range(2))
    mean, scale, shift, pull = torch.rand(4, 5, dtype=dtype)
    assert fused_native.usable(x), "the C loops did not compile"
    y = tdbn_native.affine(x, mean, scale, shift).view(3, -1)
    spikes, grad_y = torch.empty_like(y), torch.empty_like(y)
    native.fire(y, spikes, unit.thresholds, unit.decay)
    native.fire_backward(y, g.view(3, -1), grad_y, unit.thresholds, unit.decay, unit.surrogate_width)
    norm = Affine(mean, scale, shift)
    assert torch.equal(fused_native.fire(x, norm, unit), spikes.view_as(x)) and spikes.sum() > 0
    grad_y = grad_y.view_as(x)
    apart = tdbn_native.backward(grad_y, x, mean, scale, pull, None)
    digits = {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-11, "atol": 1e-11}
    torch.testing.assert_close(fused_native.backward(x, g, norm, pull, unit, None), apart, **digits)


def test_small_planes_and_other_layouts_are_left_to_the_two_walks():
    assert not fused_native.usable(torch.zeros(4, 2, 3, 5))
    assert not fused_native.usable(torch.zeros(4, 2, 8, 8).contiguous(memory_format=torch.channels_last))
