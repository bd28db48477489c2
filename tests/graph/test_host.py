"""Operations of nodes that a host computes, against loops over every window and every value."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.graph.host import GroupNorm, MaxPool
from snnhw.graph.ir import Conv2d, Edge, Graph, Input, Pool, Readout, Signal


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [((2, 2), (2, 2), (0, 0), (1, 1)), ((3, 3), (2, 2), (1, 1), (1, 1)), ((2, 3), (1, 2), (1, 0), (2, 1))],
)
def test_a_pool_compares_what_is_inside_the_image(kernel, stride, padding, dilation):
    pool = MaxPool(name="p", shape=(), kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    shape = (3, 6, 7)
    module = nn.MaxPool2d(kernel, stride, padding, dilation)
    assert pool.sent_shape(shape) == tuple(module(torch.zeros(1, *shape)).shape[1:])
    comparisons = 0
    for row, column in np.ndindex(*pool.sent_shape(shape)[1:]):
        taps = 0
        for i, j in np.ndindex(*kernel):
            y = row * stride[0] - padding[0] + i * dilation[0]
            x = column * stride[1] - padding[1] + j * dilation[1]
            taps += 0 <= y < shape[1] and 0 <= x < shape[2]
        comparisons += shape[0] * (taps - 1)
    assert pool.operations(shape) == comparisons
    assert pool.sent_shape((4,)) is None


def test_a_norm_touches_every_value_four_times():
    norm = GroupNorm(name="n", shape=(4, 3, 3), groups=2, gamma=np.ones(1), beta=np.zeros(1), eps=1e-5)
    assert norm.operations((4, 3, 3)) == 4 * 36 + 3 * 2 and norm.sent_shape((4, 3, 3)) == (4, 3, 3)


def pooled(*before: Pool, gain: int = 1, levels: int | None = 2) -> Signal:
    """What a max pool sends of an input's events."""
    nodes = [
        Input(name="input", shape=(1, 4, 4), levels=levels),
        *before,
        MaxPool(name="max", shape=(1, 2, 2), kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=(1, 2, 2), weight=np.ones((1, 1, 1, 1))),
        Readout(name="out", shape=(1, 2, 2)),
    ]
    names = [node.name for node in nodes]
    edges = [Edge(a, b, gain if b == "max" else 1) for a, b in pairwise(names)]
    return Graph.build(nodes, edges, 2).signal("max")


def test_a_pool_of_spikes_sends_spikes_unless_they_are_fractions_or_differences():
    same = {"shape": (1, 4, 4), "kernel": (1, 1), "stride": (1, 1)}
    assert pooled() == Signal("spikes", 2) and pooled(gain=3) == Signal("spikes", 6)
    assert pooled(Pool(name="sum", kind="sum", **same)) == Signal("spikes", 2)
    assert pooled(Pool(name="avg", kind="avg", **same)).kind == "analog"
    assert pooled(gain=-1).kind == "analog" and pooled(levels=None).kind == "analog"
