import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
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
