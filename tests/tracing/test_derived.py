"""Layers that are others in disguise compute what torch computes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.simulation.synapses import apply_node
from snnhw.tracing.derived import held, shown
from snnhw.tracing.modules import TRACE


def as_nodes(module: nn.Module, shape: tuple[int, ...]):
    built = TRACE[type(module)]("node", module.eval(), held(shape))
    return built if isinstance(built, tuple) else (built,)


def same(module: nn.Module, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = module.double()
    x = torch.randn(2, *shape, dtype=torch.float64)
    y = x.reshape(1, 2, *held(shape))
    for node in as_nodes(module, shape):
        y = apply_node(node, y)
        assert tuple(y.shape[2:]) == node.shape
    with torch.no_grad():
        torch.testing.assert_close(y.reshape(2, *shown(tuple(y.shape[2:]), shape)), module(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("stride", [1, 2, (3, 2)])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(("kernel", "dilation", "padding"), [(3, 1, 0), ((2, 4), 1, 1), (3, 2, (1, 3)), (1, 1, 0)])
def test_a_transposed_convolution(stride, groups, kernel, dilation, padding):
    more = 0 if stride == 1 else 1
    if stride != 1 or kernel != 1:
        how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        same(nn.ConvTranspose2d(4, 6, kernel, output_padding=more, **how), (4, 5, 4))


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv1d(4, 6, 3, padding=1),
        nn.Conv1d(4, 6, 5, stride=2, dilation=2, groups=2, bias=False),
        nn.Conv1d(4, 4, 3, padding="same"),
        nn.AvgPool1d(2),
        nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False),
        nn.AdaptiveAvgPool1d(4),
    ],
)
def test_layers_of_sequences(module):
    same(module, (4, 12))


@pytest.mark.parametrize(
    "module",
    [
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(2, divisor_override=3),
        nn.AvgPool2d(3, 2, 1, divisor_override=2),
        nn.AvgPool2d((2, 3), (2, 3), ceil_mode=True),
    ],
)
def test_averages_that_divide_by_something_else(module):
    same(module, (2, 6, 6))


def test_windows_beyond_the_image_are_refused():
    with pytest.raises(InputError, match="'node' uses ceil_mode, and its windows reach beyond the 5x6 image"):
        as_nodes(nn.AvgPool2d(2, ceil_mode=True), (2, 5, 6))


def test_a_sequence_is_held_as_an_image_of_one_row():
    assert held((3, 8)) == (3, 1, 8) and held((5,)) == (5,) and held((1, 2, 3)) == (1, 2, 3)
    assert (
        shown((6, 1, 4), (3, 8)) == (6, 4) and shown((6, 1, 4), (3, 1, 8)) == (6, 1, 4) and shown((7,), (3, 8)) == (7,)
    )
