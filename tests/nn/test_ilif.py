"""The integer neuron as a module: torch's own rounding, the straight-through gradient, and its node."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph import ir
from snnhw.nn.ilif import ILIF
from snnhw.simulation.neurons import step_unit
from snnhw.tracing.modules import TRACE


class Rounded(torch.autograd.Function):
    """clip(round(u), 0, D); the derivative is 1 within 0..D."""

    @staticmethod
    def forward(ctx, u, most):
        ctx.save_for_backward(u)
        ctx.most = most
        return torch.round(torch.clamp(u, 0, most))

    @staticmethod
    def backward(ctx, g):
        (u,) = ctx.saved_tensors
        return g * ((u >= 0) & (u <= ctx.most)), None


def reference(x, levels, threshold, decay, timesteps):
    """Slow loop in plain autograd, x [T*B, ...]; the reset is detached."""
    steps = x.reshape(timesteps, -1, *x.shape[1:])
    u, s, out = torch.zeros_like(steps[0]), torch.zeros_like(steps[0]), []
    for current in steps:
        u = (u - threshold * s.detach()) * decay + current
        s = Rounded.apply(u / threshold, levels)
        out.append(s)
    return torch.stack(out).reshape(x.shape)


UNITS = st.fixed_dictionaries(
    {
        "levels": st.integers(1, 8),
        "threshold": st.sampled_from([0.25, 0.5, 1.0, 4.0]),  # divisions by a power of two do not round
        "decay": st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
        "timesteps": st.integers(1, 6),
    }
)


@settings(max_examples=80, deadline=None)
@given(UNITS, st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([torch.float32, torch.float64]))
def test_values_and_gradients_are_those_of_plain_autograd(unit, seed, ties, dtype):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(unit["timesteps"] * 3, 5, generator=generator) * 2 * unit["threshold"]
    x = ((x * 4).round() / 4 if ties else x).to(dtype).requires_grad_()
    weight = torch.randn(x.shape, generator=generator).to(dtype)
    expected = reference(x, **unit)
    (gradient,) = torch.autograd.grad((expected * weight).sum(), x)
    sent = ILIF(**unit)(x)
    assert torch.equal(sent, expected)
    (found,) = torch.autograd.grad((sent * weight).sum(), x)
    torch.testing.assert_close(found, gradient, rtol=1e-5, atol=1e-6)


@given(UNITS, st.integers(0, 2**32 - 1))
def test_the_node_that_it_is_traced_to_sends_the_same(unit, seed):
    module = ILIF(**unit)
    node = TRACE[ILIF]("n", module, (5,))
    assert isinstance(node, ir.ILIF) and node.levels == unit["levels"]
    x = torch.randn(unit["timesteps"] * 3, 5, generator=torch.Generator().manual_seed(seed)).double() * 2
    steps = [sum(s.double() for s in spikes) for spikes, _ in step_unit((node,), x.reshape(-1, 3, 5))]
    assert torch.equal(torch.cat(steps), module(x))


def test_a_level_is_what_brings_the_integer_there():
    unit = ILIF(levels=3, timesteps=1)
    x = torch.tensor([[-1.0, 0.2, 0.9, 2.1, 7.0]])
    levels = list(unit.by_level(x, unit(x)))
    assert torch.stack(levels).tolist() == [[[0, 0, 1, 1, 1]], [[0, 0, 0, 1, 1]], [[0, 0, 0, 0, 1]]]


def test_low_precision_computes_in_float32():
    x = torch.randn(4, 7, generator=torch.Generator().manual_seed(0)).mul(2).bfloat16().requires_grad_()
    unit = ILIF(timesteps=2)
    sent = unit(x)
    assert sent.dtype == torch.bfloat16 and torch.equal(sent.float(), unit(x.float()))
    sent.sum().backward()
    assert x.grad.dtype == torch.bfloat16 and x.grad.any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"levels": 0}, "0 levels; give 1 to 255"),
        ({"levels": 256}, "256 levels"),
        ({"threshold": 0.0}, "threshold is 0.0"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"decay": 1.5}, "decay is 1.5"),
        ({"timesteps": 0}, "lasts 0 time steps"),
    ],
)
def test_numbers_that_are_none_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        ILIF(**arguments)


def test_rows_that_are_no_steps_are_refused():
    with pytest.raises(InputError, match="ILIF got 5 rows for 4 time steps"):
        ILIF()(torch.zeros(5, 2))


def test_what_print_shows_and_the_factor_of_a_norm():
    unit = ILIF(levels=2, threshold=0.5, decay=0.0, timesteps=3)
    assert "levels=2, threshold=0.5, decay=0.0, timesteps=3" in repr(unit)
    assert unit.tdbn_factor == 0.5 and np.float32(unit.threshold) == unit.threshold
