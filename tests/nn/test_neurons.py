import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nn.kernels.loops import CHUNK
from snnhw.nn.neurons import MLF, fire_levels, shortest
from snnhw.nn.norm import TDBatchNorm

pytestmark = pytest.mark.usefixtures("path")


class Step(torch.autograd.Function):
    """One plain spike function per level; the rectangle is its derivative."""

    @staticmethod
    def forward(ctx, u, theta, width):
        ctx.save_for_backward(u)
        ctx.theta, ctx.width = theta, width
        return (u > theta).to(u.dtype)

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * ((u - ctx.theta).abs() < ctx.width / 2) / ctx.width, None, None


def reference(x, thresholds, decay, width, timesteps):
    """Slow loop in plain autograd, x [T*B, n]; also the smallest distance of a membrane to a discontinuity."""
    steps = x.reshape(timesteps, -1)
    out, margin = 0, float("inf")
    for theta in (float(np.float32(theta)) for theta in thresholds):
        u = torch.zeros_like(steps[0])
        s = torch.zeros_like(u)
        level = []
        for t in range(timesteps):
            u = decay * u * (1 - s) + steps[t]
            s = Step.apply(u, theta, width)
            level.append(s)
            for edge in (theta, theta - width / 2, theta + width / 2):
                margin = min(margin, float((u.detach() - edge).abs().min()))
        out = out + torch.stack(level)
    return out.reshape(x.shape), margin


settings_of_unit = st.fixed_dictionaries(
    {
        "thresholds": st.lists(st.floats(-0.5, 5.0), min_size=1, max_size=5, unique_by=np.float32)
        .map(sorted)
        .map(tuple),
        "decay": st.floats(0.0, 1.0),
        "surrogate_width": st.floats(0.05, 4.0),
        "timesteps": st.integers(1, 6),
    }
)


@settings(max_examples=150, deadline=None)
@given(unit=settings_of_unit, batch=st.integers(1, 3), seed=st.integers(0, 2**31))
def test_spikes_and_gradient_equal_the_plain_loop(unit, batch, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = unit["timesteps"] * batch
    x = torch.randn(rows, 2, 3, 3, generator=generator, dtype=torch.float64) * 2 + 0.5
    weight = torch.randn(rows, 2, 3, 3, generator=generator, dtype=torch.float64)
    fused, plain = x.clone().requires_grad_(), x.clone().requires_grad_()
    spikes = MLF(**unit)(fused)
    expected, margin = reference(plain, unit["thresholds"], unit["decay"], unit["surrogate_width"], unit["timesteps"])
    (spikes * weight).sum().backward()
    (expected * weight).sum().backward()
    assume(margin > 1e-9)
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(fused.grad, plain.grad, rtol=1e-9, atol=1e-11)


@settings(max_examples=50, deadline=None)
@given(unit=settings_of_unit, batch=st.integers(1, 3), seed=st.integers(0, 2**31))
def test_each_level_fires_as_the_plain_loop_with_its_threshold_alone(unit, batch, seed):
    x = torch.randn(unit["timesteps"] * batch, 5, generator=torch.Generator().manual_seed(seed)).double() * 2 + 0.5
    mlf = MLF(**unit)
    sent = mlf(x)
    levels = list(mlf.by_level(x.clone().requires_grad_(), sent))
    for theta, fired in zip(unit["thresholds"], levels, strict=True):
        expected, _ = reference(x, [theta], unit["decay"], unit["surrogate_width"], unit["timesteps"])
        assert torch.equal(fired, expected) and not fired.requires_grad
    assert torch.equal(sum(levels), sent)


def test_levels_apart_have_the_gradients_that_add_up():
    x = torch.randn(4 * 3, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 2
    one, apart = x.clone().requires_grad_(), x.clone().requires_grad_()
    unit = MLF()
    unit(one).square().sum().backward()
    levels = fire_levels(apart, unit.recurrence(apart))
    sum(levels).square().sum().backward()
    assert torch.equal(sum(levels), unit(x))
    torch.testing.assert_close(one.grad, apart.grad, rtol=1e-12, atol=1e-12)
    assert [shortest(theta) for theta in unit.thresholds] == [0.6, 1.6, 2.6]


def test_gradient_is_exercised_through_the_reset():
    x = torch.tensor([[0.8], [0.5]], dtype=torch.float64, requires_grad=True)
    MLF((0.6,), decay=0.5, surrogate_width=1.0, timesteps=2)(x)[1].sum().backward()
    # u0 = 0.8 fires: du1/du0 = 0.5*(1 - 1) - 0.5*0.8*h(u0) = -0.4, and h(u1 = 0.5) = 1
    torch.testing.assert_close(x.grad, torch.tensor([[-0.4], [1.0]], dtype=torch.float64))


def test_firing_is_strict_at_the_threshold_in_both_precisions():
    theta = float(np.float32(0.6))
    for dtype in (torch.float32, torch.float64):
        x = torch.tensor([[theta], [0.45]], dtype=dtype)
        # not fired at theta, so a quarter of it is carried into the second step: 0.15 + 0.45 = 0.6 + rounding
        assert MLF((theta,), timesteps=2)(x)[0].item() == 0.0
        assert MLF((theta,), timesteps=1)(torch.nextafter(x[:1], x[:1] + 1)).item() == 1.0
        assert MLF((theta,), decay=0.5, timesteps=2)(torch.tensor([[theta], [theta]], dtype=dtype))[1].item() == 1.0


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_levels_are_nested_for_the_published_thresholds(seed):
    x = torch.randn(4 * 2, 50, generator=torch.Generator().manual_seed(seed)) * 2
    single = [MLF((theta,))(x) for theta in (0.6, 1.6, 2.6)]
    assert torch.equal(MLF()(x), sum(single))
    assert bool((single[0] >= single[1]).all() and (single[1] >= single[2]).all())


def test_result_does_not_depend_on_chunks_or_memory_order():
    x = torch.randn(8, 64, 40, 40) * 2
    assert x.numel() // 4 > 2 * CHUNK
    grads, outs = [], []
    for layout in (torch.contiguous_format, torch.channels_last):
        leaf = x.clone(memory_format=layout).requires_grad_()
        out = MLF()(leaf)
        (out * x).sum().backward()
        outs.append(out)
        grads.append(leaf.grad)
    parts = torch.cat([MLF()(x[:, c : c + 1]) for c in range(64)], dim=1)
    assert torch.equal(outs[0], outs[1]) and torch.equal(outs[0], parts) and torch.equal(grads[0], grads[1])


def test_only_the_input_is_saved_for_backward():
    x = torch.randn(8, 3, 5, 5, requires_grad=True)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        MLF()(x)
    assert [t.data_ptr() for t in saved] == [x.data_ptr()]


def test_bfloat16_input_fires_like_its_float32_copy():
    x = (torch.randn(8, 3, 5, 5) * 2).bfloat16()
    spikes = MLF()(x)
    assert spikes.dtype == torch.bfloat16
    assert torch.equal(spikes.float(), MLF()(x.float()))


def test_writing_into_the_output_of_a_norm_changes_the_gradient_as_it_should():
    x, weight = torch.randn(8, 3, 5, 5) * 2, torch.randn(8, 3, 5, 5)
    grads = []
    for scaled in (lambda y: y * 1.7, lambda y: y.mul_(1.7)):
        norm, leaf = TDBatchNorm(3), x.clone().requires_grad_()
        (MLF()(scaled(norm(leaf))) * weight).sum().backward()
        grads.append((leaf.grad, norm.weight.grad, norm.bias.grad))
    for apart, in_place in zip(*grads, strict=True):
        assert torch.equal(apart, in_place)


def test_many_steps_and_no_samples():
    x = torch.full((40_000, 64), 0.3, dtype=torch.float64, requires_grad=True)  # 20 MB, more than a stack holds
    MLF((0.6,), timesteps=40_000)(x).sum().backward()
    assert bool(torch.isfinite(x.grad).all())
    assert MLF()(torch.zeros(0, 3, 2, 2)).shape == (0, 3, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"thresholds": ()}, "ascending"),
        ({"thresholds": (float("nan"),)}, "ascending"),
        ({"thresholds": (0.6, float("inf"))}, "ascending"),
        ({"surrogate_width": float("nan")}, "width"),
        ({"thresholds": (1.0, 1.0)}, "ascending"),
        ({"decay": 1.5}, "decay"),
        ({"surrogate_width": 0.0}, "width"),
        ({"timesteps": 0}, "time steps"),
    ],
)
def test_impossible_arguments_are_refused(arguments, word):
    with pytest.raises(InputError, match=word):
        MLF(**arguments)


def test_rows_must_be_a_multiple_of_the_steps():
    with pytest.raises(InputError, match="7 rows for 4 time steps"):
        MLF()(torch.zeros(7, 3))
