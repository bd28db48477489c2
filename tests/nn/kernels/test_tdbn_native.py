"""The C passes of tdBN against sums in double precision."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.nn.kernels import tdbn_native, tdbn_operators


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 5),
    channels=st.integers(1, 4),
    pixels=st.sampled_from([1, 31, 32, 33, 100, 1024]),
    offset=st.sampled_from([0.0, 3.0, 1000.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_c_passes_equal_sums_in_double_precision(rows, channels, pixels, offset, dtype, seed):
    """Also far from zero, where a sum of squares in single precision would lose every digit of the variance."""
    generator = torch.Generator().manual_seed(seed)
    x, g = (torch.randn(rows, channels, pixels, generator=generator, dtype=dtype) for _ in range(2))
    x = x + offset
    exact, slope = x.double(), g.double()
    mean, var = tdbn_native.statistics(x)
    digits = 1e-6 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(mean.double(), exact.mean((0, 2)), rtol=digits, atol=digits)
    torch.testing.assert_close(var.double(), exact.var((0, 2), unbiased=False), rtol=digits, atol=1e-14)
    scale, pull = torch.rand(channels, dtype=dtype), torch.rand(channels, dtype=dtype)
    apart = exact - mean.double().view(1, -1, 1)
    grad_x, sum_g, sum_gx = tdbn_native.backward(g, x, mean, scale, pull, None)
    torch.testing.assert_close(sum_g.double(), slope.sum((0, 2)), rtol=digits, atol=digits)
    torch.testing.assert_close(sum_gx.double(), (slope * apart).sum((0, 2)), rtol=digits, atol=digits * pixels)
    mean_g, mean_gx = slope.mean((0, 2)).view(1, -1, 1), (slope * apart).mean((0, 2)).view(1, -1, 1)
    expected = scale.view(1, -1, 1) * (slope - mean_g - apart * pull.view(1, -1, 1) * mean_gx)
    torch.testing.assert_close(grad_x.double(), expected, rtol=10 * digits, atol=10 * digits)
    for one, other in zip(tdbn_operators.backward(g, x, mean, scale, pull, None), (grad_x, sum_g, sum_gx), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    y = (x - mean.view(1, -1, 1)) * scale.view(1, -1, 1) + pull.view(1, -1, 1)
    assert torch.equal(tdbn_native.affine(x, mean, scale, pull), y)


def test_c_passes_give_the_same_bits_on_any_number_of_threads():
    x, g = torch.randn(8, 6, 40, 40), torch.randn(8, 6, 40, 40)
    results = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            mean, var = tdbn_native.statistics(x)
            results.append((mean, var, *tdbn_native.backward(g, x, mean, var, var, None)))
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))
