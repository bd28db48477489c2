"""Pools of torch as nodes: the node computes what the module does, and what has no node is refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.simulation.synapses import apply_node
from snnhw.tracing.derived import held
from snnhw.tracing.modules import TRACE


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.MaxPool2d(2), (3, 6, 6)),
        (nn.MaxPool2d(3, 2, 1), (3, 7, 6)),
        (nn.MaxPool2d((2, 3), (1, 2), (1, 0), (1, 2)), (3, 6, 7)),
        (nn.MaxPool2d(2, ceil_mode=True), (3, 6, 6)),
        (nn.AdaptiveMaxPool2d((2, None)), (3, 6, 7)),
        (nn.MaxPool1d(3, 2, 1), (3, 9)),
        (nn.AdaptiveMaxPool1d(3), (3, 9)),
        (nn.LPPool2d(1, 2), (3, 6, 6)),
    ],
)
def test_a_node_computes_what_its_module_does(module, shape):
    x = torch.rand(4, *shape, dtype=torch.float64)
    node = TRACE[type(module)]("node", module, held(shape))
    y = apply_node(node, x.reshape(2, 2, *held(shape)))
    assert tuple(y.shape[2:]) == node.shape
    torch.testing.assert_close(y.reshape(module(x).shape), module(x))


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.MaxPool2d(2, return_indices=True), "'node' gives indices beside the values; leave return_indices out"),
        (nn.AdaptiveMaxPool2d(2, return_indices=True), "'node' gives indices beside the values"),
        (nn.MaxPool2d(2, ceil_mode=True), "'node' uses ceil_mode, and its windows reach beyond the 5x6 image"),
        (nn.AdaptiveMaxPool2d(4), r"'node' divides \(5, 6\) into \(4, 4\) unequal windows"),
    ],
)
def test_what_has_no_node_is_refused_by_name(module, sentence):
    with pytest.raises(InputError, match=sentence):
        TRACE[type(module)]("node", module, (3, 5, 6))
