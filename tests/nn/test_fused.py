"""A norm and the unit behind it as one operator: what they give apart, with less kept."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nn import MLF, TDBatchNorm, build, fire_normalised
from snnhw.nn.kernels import fused_native
from snnhw.tracing.trace import trace

pytestmark = pytest.mark.usefixtures("path")


def step_by_step(norm, unit, x, width):
    """The equations in elementary operators with autograd, and the distance to the next discontinuity."""
    shape = [1, -1, *[1] * (x.dim() - 2)]
    axes = [0, *range(2, x.dim())]
    mean = x.mean(axes).view(shape)
    var = ((x - mean) ** 2).mean(axes).view(shape)
    y = norm.factor * (x - mean) / (var.sqrt() + norm.eps) * norm.weight.view(shape) + norm.bias.view(shape)
    steps, out, margin = y.reshape(unit.timesteps, -1), 0, np.inf
    for theta in unit.thresholds:
        u, fired, level = torch.zeros_like(steps[0]), torch.zeros_like(steps[0]), []
        for now in steps:
            u = unit.decay * u * (1 - fired) + now
            rise = ((u - theta).abs() < width / 2).to(u.dtype) / width
            fired = (u > theta).to(u.dtype) + rise * (u - u.detach())  # the step, with the rectangle as its slope
            level.append(fired)
            for edge in (theta, theta - width / 2, theta + width / 2):
                margin = min(margin, float((u.detach() - edge).abs().min()))
        out = out + torch.stack(level)
    return out.reshape(x.shape), margin


@settings(max_examples=80, deadline=None)
@given(
    thresholds=st.lists(st.floats(-0.5, 3.0), min_size=1, max_size=4, unique_by=np.float32).map(sorted),
    decay=st.floats(0.0, 1.0),
    width=st.floats(0.2, 3.0),
    steps=st.integers(1, 5),
    rows=st.integers(1, 2),
    channels=st.integers(1, 3),
    sides=st.sampled_from([(1, 1), (3, 5), (4, 4), (8, 8), (5, 13), (9, 15)]),
    seed=st.integers(0, 2**31),
)
def test_spikes_and_gradients_equal_the_equations(thresholds, decay, width, steps, rows, channels, sides, seed):
    assume(steps * rows * sides[0] * sides[1] > 1)  # the root of a variance of 0 has no slope
    generator = torch.Generator().manual_seed(seed)
    unit = MLF(thresholds, decay, width, steps)
    norm = TDBatchNorm(channels, eps=1e-2).double()
    with torch.no_grad():
        norm.weight.uniform_(0.5, 3.0, generator=generator)
        norm.bias.uniform_(-0.5, 1.5, generator=generator)
    x, weight = (
        torch.randn(steps * rows, channels, *sides, generator=generator, dtype=torch.float64) * 2 for _ in range(2)
    )
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    twin = copy.deepcopy(norm)
    spikes = fire_normalised(norm, unit, one)
    expected, margin = step_by_step(twin, unit, other, width)
    assume(margin > 1e-9)
    (spikes * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(spikes, expected.round(), rtol=0, atol=0)
    torch.testing.assert_close(one.grad, other.grad, rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(norm.weight.grad, twin.weight.grad, rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(norm.bias.grad, twin.bias.grad, rtol=1e-7, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(
    sides=st.sampled_from([(1, 1), (4, 4), (8, 8), (7, 11)]),
    affine=st.booleans(),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
    layout=st.sampled_from([torch.contiguous_format, torch.channels_last]),
    seed=st.integers(0, 2**31),
)
def test_as_one_or_as_modules_the_spikes_are_the_same_bits(sides, affine, dtype, layout, seed):
    generator = torch.Generator().manual_seed(seed)
    x = (torch.randn(8, 3, *sides, generator=generator) * 2).to(dtype).to(memory_format=layout)
    weight = torch.randn(8, 3, *sides, generator=generator)
    unit, norms = MLF(), [TDBatchNorm(3, affine=affine) for _ in range(2)]
    for norm in norms:
        norm.to(torch.float64 if dtype == torch.float64 else torch.float32)
    leaves = [x.clone().requires_grad_() for _ in range(2)]
    spikes = [fire_normalised(norms[0], unit, leaves[0]), unit(norms[1](leaves[1]))]
    assert spikes[0].dtype == spikes[1].dtype and torch.equal(*spikes)
    for out in spikes:
        (out * weight).sum().backward()
    close = {"rtol": 1e-2, "atol": 1e-3} if dtype == torch.bfloat16 else {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, **close)
    assert torch.equal(norms[0].running_mean, norms[1].running_mean)
    assert torch.equal(norms[0].running_var, norms[1].running_var)
    for one, other in zip(norms[0].parameters(), norms[1].parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-4)


def test_nothing_more_is_kept_than_the_input_of_the_norm():
    """The unit's input is computed again from that of the norm."""
    x = torch.randn(8, 3, 5, 5, requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.numel()) or t, lambda t: t):
        fire_normalised(TDBatchNorm(3), MLF(), x)
    assert sorted(kept) == [3, 3, 3, 3, 3, x.numel()]


def test_whoever_watches_a_module_or_replaces_it_sees_it_called(path):
    x, seen = torch.randn(8, 3, 5, 5), []

    class Other(MLF):
        def forward(self, x):
            seen.append("other")
            return super().forward(x)

    norm, unit = TDBatchNorm(3), MLF()
    assert fused_native.usable(x) is (path == "c")
    watch = norm.register_forward_hook(lambda module, inputs, y: seen.append(y))
    fired = fire_normalised(norm, unit, x)
    assert torch.equal(fired, unit(seen[0])) and len(seen) == 1
    watch.remove()
    unit.register_forward_pre_hook(lambda module, inputs: seen.append("unit"))
    fire_normalised(norm, unit, x)
    everywhere = torch.nn.modules.module.register_module_forward_pre_hook(lambda module, inputs: seen.append("all"))
    fire_normalised(norm, MLF(), x)
    everywhere.remove()
    fire_normalised(norm, Other(), x)
    norm.eval()
    before = norm.running_mean.clone()
    fire_normalised(norm, MLF(), x)
    assert seen[1:] == ["unit", "all", "all", "other"] and torch.equal(norm.running_mean, before)


def test_a_graph_is_traced_through_the_two_modules():
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.mlf = TDBatchNorm(3), MLF()

        def forward(self, x):
            return fire_normalised(self.norm, self.mlf, x)

    for training in (True, False):
        graph = trace(Layer().train(training), (3, 4, 4))
        assert {type(node).__name__ for node in graph.nodes.values()} >= {"Norm", "MLF"}


def test_wrong_shapes_are_refused_before_the_running_statistics_move():
    norm = TDBatchNorm(3)
    for x, said in ((torch.ones(7, 3, 5, 5), "7 rows for 4 time steps"), (torch.ones(8, 2, 5, 5), "3 channels got")):
        with pytest.raises(InputError, match=said):
            fire_normalised(norm, MLF(), x)
    assert float(norm.running_mean.abs().sum()) == 0.0


def test_a_network_learns_the_same_whether_watched_or_not():
    """Every norm and unit called as a module against all of them as one: same loss, gradients up to rounding."""
    torch.manual_seed(0)
    one = build("digits_ds_resnet8")
    other = copy.deepcopy(one)
    for module in other.modules():
        if isinstance(module, MLF):
            module.register_forward_hook(lambda module, inputs, spikes: None)
    x, target = torch.rand(6, 1, 8, 8), torch.arange(6)
    losses = [torch.nn.functional.cross_entropy(network(x), target) for network in (one, other)]
    assert torch.equal(*losses)
    for loss in losses:
        loss.backward()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)
    for a, b in zip(one.buffers(), other.buffers(), strict=True):
        assert torch.equal(a, b)
