"""Each torch module becomes the node that computes what it computes, of the shape that it sends, or is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Graph, Input, Node, Norm
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.passes.fold_norm import fold_norm
from snnhw.tracing.modules import TRACE, array, pair
from tests.nir.step_runner import run_steps

SHAPE = (4, 6, 7)
PAIR = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))


def node_of(module: nn.Module, shape: tuple[int, ...] = SHAPE) -> Node:
    return TRACE[type(module)]("node", module, shape)


def assert_same_function(module: nn.Module, shape: tuple[int, ...] = SHAPE) -> Node:
    """The node sends, for random input, what the module returns."""
    node = node_of(module, shape)
    x = torch.randn(1, *shape, dtype=torch.float64)
    with torch.no_grad():
        expected = module.double().eval()(x)
    graph = Graph.build([Input(name="input", shape=shape), node], [("input", "node")], 1)
    graph = fold_norm(graph) if isinstance(node, Norm) else graph
    assert node.shape == tuple(expected.shape[1:])
    np.testing.assert_allclose(run_steps(graph, x.numpy())["node"], expected.numpy(), atol=1e-10)
    return node


@given(
    PAIR, PAIR, PAIR, st.integers(0, 2) | st.tuples(st.integers(0, 2), st.integers(0, 2)), st.sampled_from([1, 2, 4]),
    st.booleans(),
)  # fmt: skip
def test_a_convolution(kernel, stride, dilation, padding, groups, bias):
    assume(all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(SHAPE[1:], *map(pair, (padding, dilation, kernel)))))  # noqa: B905
    module = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, bias)
    assert (assert_same_function(module).bias is not None) == bias


@given(st.tuples(*2 * [st.sampled_from([1, 3, 5])]), PAIR, st.sampled_from(["same", "valid"]))
def test_a_convolution_with_padding_by_name(kernel, dilation, padding):
    assume(all(n > d * (k - 1) for n, d, k in zip(SHAPE[1:], pair(dilation), kernel)))  # noqa: B905
    assert_same_function(nn.Conv2d(4, 8, kernel, 1, padding, dilation))


@given(st.integers(1, 3), st.none() | st.integers(1, 3), st.integers(0, 1))
def test_an_average_or_a_sum_over_windows(kernel, stride, padding):
    assert_same_function(nn.AvgPool2d(kernel, stride, min(padding, kernel // 2)))
    node = node_of(nn.LPPool2d(1, kernel, stride))
    x = torch.rand(1, *SHAPE, dtype=torch.float64)  # of positive values, as spikes are: LPPool2d sums sizes
    graph = Graph.build([Input(name="input", shape=SHAPE), node], [("input", "node")], 1)
    expected = nn.LPPool2d(1, kernel, stride)(x)
    np.testing.assert_allclose(run_steps(graph, x.numpy())["node"], expected.numpy(), atol=1e-10)


@pytest.mark.parametrize("size", [1, (2, 1), (3, 7), (6, 7), (None, 1), (3, None), (None, None)])
def test_an_adaptive_average_of_equal_windows(size):
    assert_same_function(nn.AdaptiveAvgPool2d(size))


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norms_with_and_without_parameters(affine):
    torch.manual_seed(0)
    for module in (nn.BatchNorm2d(4, eps=0.1, affine=affine), TDBatchNorm(4)):
        module.running_mean.normal_()
        module.running_var.uniform_(0.2, 2)
        assert_same_function(module)


def test_a_matrix_and_a_flatten():
    assert_same_function(nn.Linear(5, 3), (5,))
    assert_same_function(nn.Linear(5, 3, bias=False), (5,))
    assert_same_function(nn.Flatten())


def test_a_unit_keeps_its_thresholds_and_decay():
    node = node_of(MLF(timesteps=2))
    module = MLF(timesteps=2)
    assert (node.thresholds, node.decay, node.shape) == (tuple(module.thresholds), module.decay, SHAPE)


@pytest.mark.parametrize(
    ("module", "shape", "sentence"),
    [
        (nn.Conv2d(4, 4, 2, padding="same"), SHAPE, "'node' pads 'same' with more zeros on one side"),
        (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), SHAPE, "'node' pads by the mode reflect; use"),
        (nn.Conv2d(3, 4, 3), SHAPE, r"'node' takes 3 channels and gets \(4, 6, 7\); fix the shapes"),
        (nn.Conv2d(4, 4, 3), (4,), r"'node' takes 4 channels and gets \(4,\)"),
        (nn.Linear(5, 3), (4,), r"'node' takes 5 values and gets shape \(4,\); flatten before it"),
        (nn.Linear(5, 3), SHAPE, r"'node' takes 5 values and gets shape \(4, 6, 7\)"),
        (nn.BatchNorm2d(4, track_running_stats=False), SHAPE, "'node' keeps no running statistics; train it with"),
        (nn.AvgPool2d(2, ceil_mode=True), SHAPE, "'node' uses ceil_mode, and its windows reach beyond the 6x7 image"),
        (nn.Upsample(scale_factor=2, mode="bilinear"), SHAPE, "'node' interpolates by the mode 'bilinear'"),
        (nn.ConstantPad2d(1, 0.5), SHAPE, "ConstantPad2d 'node' does more than to move values"),
        (nn.PixelShuffle(3), SHAPE, r"'node' does not take \(4, 6, 7\)"),
        (nn.ConvTranspose2d(4, 2, 3, padding=3), SHAPE, "'node' cuts off more than its kernel adds"),
        (nn.ConvTranspose2d(3, 2, 3), SHAPE, r"'node' takes 3 channels and gets \(4, 6, 7\)"),
        (nn.Conv1d(4, 2, 3), SHAPE, r"Conv1d 'node' takes \(C, L\) and gets \(4, 6, 7\)"),
        (nn.LPPool2d(2, 2), SHAPE, r"'node' is a norm of degree 2 or uses ceil_mode; use LPPool2d\(1, \.\.\)"),
        (nn.LPPool2d(1, 2, ceil_mode=True), SHAPE, "'node' is a norm of degree 1 or uses ceil_mode"),
        (nn.AdaptiveAvgPool2d(4), SHAPE, r"'node' divides \(6, 7\) into \(4, 4\) unequal windows; choose sizes"),
        (nn.AdaptiveAvgPool2d((None, 2)), SHAPE, r"'node' divides \(6, 7\) into \(6, 2\) unequal windows"),
        (nn.AvgPool2d(2), (4,), r"'node' takes \(C, H, W\) and gets \(4,\); put it before what flattens"),
        (nn.AdaptiveAvgPool2d(1), (4,), r"'node' takes \(C, H, W\) and gets \(4,\)"),
        (nn.LPPool2d(1, 2), (4,), r"'node' takes \(C, H, W\) and gets \(4,\)"),
        (nn.Flatten(2), SHAPE, "'node' keeps some axes; flatten everything behind the batch"),
    ],
)
def test_what_has_no_node_is_refused_by_name(module, shape, sentence):
    with pytest.raises(InputError, match=sentence):
        node_of(module, shape)


def test_an_average_that_ignores_padding_is_plain_where_there_is_none():
    assert_same_function(nn.AvgPool2d(2, count_include_pad=False))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parameters_are_copied_as_doubles_and_missing_ones_are_their_default(dtype):
    stored = torch.nn.Parameter(torch.tensor([0.1, 0.2], dtype=dtype))
    before = stored.tolist()
    copy = array(stored, 2, 0.0)
    with torch.no_grad():
        stored += 1  # as training does: the graph stays what was traced
    assert copy.dtype == np.float64 and copy.tolist() == before
    np.testing.assert_array_equal(array(None, 3, 1.5), [1.5, 1.5, 1.5])
    assert (pair(3), pair((1, 2)), pair([4, 5])) == ((3, 3), (1, 2), (4, 5))
