import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nn.kernels import tdbn_native, tdbn_operators
from snnhw.nn.norm import TDBatchNorm

pytestmark = pytest.mark.usefixtures("path")


def equation(x, gamma, beta, factor, eps):
    axes = [0, *range(2, x.dim())]
    shape = [1, -1, *[1] * (x.dim() - 2)]
    mean = x.mean(axes)
    var = ((x - mean.view(shape)) ** 2).mean(axes)
    y = factor * (x - mean.view(shape)) / (var.sqrt() + eps).view(shape)
    return gamma.view(shape) * y + beta.view(shape), mean, var


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    factor=st.floats(0.1, 3.0),
    eps=st.sampled_from([1e-5, 1e-2, 1.0]),
    spread=st.sampled_from([1e-3, 1.0, 30.0]),
    images=st.booleans(),
    layout=st.sampled_from([torch.contiguous_format, torch.channels_last]),
)
def test_training_equals_the_equation_and_its_autograd(seed, factor, eps, spread, images, layout):
    generator = torch.Generator().manual_seed(seed)
    shape = (6, 3, 4, 5) if images else (12, 3)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * spread + 2.0
    x = x.to(memory_format=layout) if images else x
    weight = torch.randn(shape, generator=generator, dtype=torch.float64)
    layer = TDBatchNorm(3, factor, eps).double()
    with torch.no_grad():
        layer.weight.uniform_(0.5, 2.0, generator=generator)
        layer.bias.uniform_(-1.0, 1.0, generator=generator)
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()
    gamma, beta = (p.detach().clone().requires_grad_() for p in (layer.weight, layer.bias))
    expected, mean, var = equation(b, gamma, beta, factor, eps)
    y = layer(a)
    (y * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-7, atol=1e-9 / spread)
    torch.testing.assert_close(layer.weight.grad, gamma.grad, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(layer.bias.grad, beta.grad)
    n = x.numel() / 3
    torch.testing.assert_close(layer.running_mean, 0.1 * mean.detach())
    torch.testing.assert_close(layer.running_var, 0.9 + 0.1 * var.detach() * n / (n - 1))


@pytest.mark.parametrize("affine", [True, False])
def test_evaluation_uses_the_running_statistics(affine):
    layer = TDBatchNorm(2, factor=0.6, affine=affine).double().eval()
    layer.running_mean.copy_(torch.tensor([1.0, -2.0]))
    layer.running_var.copy_(torch.tensor([4.0, 1e-4]))
    x = torch.tensor([[[[3.0]], [[-1.0]]]], dtype=torch.float64)
    expected = torch.tensor([0.6 * 2.0 / (2.0 + 1e-5), 0.6 * 1.0 / (1e-2 + 1e-5)], dtype=torch.float64)
    torch.testing.assert_close(layer(x).flatten(), expected)
    assert sorted(layer.state_dict()) == (["bias"] if affine else []) + ["running_mean", "running_var"] + (
        ["weight"] if affine else []
    )


def test_constant_channel_has_finite_gradients():
    x = torch.zeros(8, 2, 3, 3)
    x[:, 1].normal_()
    x.requires_grad_()
    layer = TDBatchNorm(2)
    layer(x).square().sum().backward()
    assert bool(torch.isfinite(x.grad).all() and torch.isfinite(layer.weight.grad).all())


def test_wrong_channels_are_refused():
    with pytest.raises(InputError, match="4 channels got"):
        TDBatchNorm(4)(torch.zeros(2, 3, 5, 5))


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
