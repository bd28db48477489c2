"""Functions of one value: copies, other axes and means; the rest is left to others."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Flatten, Node, Pool, Wires
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.idioms import Growing
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream
from snnhw.tracing.values import moved_by, reducing, reshaping, unchanged, viewed
from snnhw.workflows.load import model_of

ROWS = Rows(Fraction(3))
IMAGE = Stream((("a", 1),), (2, 4, 4), (ROWS,))


class Record:
    """What idioms add to a graph, in order."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.steps: set[int] = set()
        self.growing = Growing(self.add, self.end, lambda name: name, self.steps.add)

    def add(self, node: Node, stream: Stream) -> Stream:
        self.nodes.append(node)
        return stream.through(node)

    def end(self, node: Node, stream: Stream, steps: int) -> Stream:
        return stream.ended(node, steps)


def test_copies_and_dropout_that_drops_nothing_change_nothing():
    graph = Record().growing
    assert unchanged(graph, "contiguous", (IMAGE,), {}) is IMAGE
    assert unchanged(graph, F.dropout3d, (IMAGE, 0.5, False), {}) is IMAGE
    assert unchanged(graph, F.alpha_dropout, (IMAGE, 0.5), {}) is IMAGE  # whose default is evaluation
    assert unchanged(graph, F.dropout1d, (IMAGE, 0.5), {}) is None
    assert unchanged(graph, torch.tanh, (IMAGE,), {}) is None


def test_views_are_flattens_or_wires():
    record = Record()
    assert reshaping(record.growing, torch.flatten, (IMAGE, 1), {}).shape == (32,)
    assert reshaping(record.growing, "unflatten", (IMAGE, 1, (1, 2)), {}) is None  # four axes
    assert reshaping(record.growing, "view", (IMAGE, (ROWS, 2, 16)), {}).shape == (2, 16)
    apart = reshaping(record.growing, "unflatten", (IMAGE, 0, (3, -1)), {})
    assert apart.lead == (3, Rows()) and [type(n) for n in record.nodes] == [Flatten, Wires]
    assert record.nodes[1].shape == (2, 1, 16)
    assert viewed(record.growing, apart, (ROWS, 32), "named").lead == (ROWS,) and record.nodes[-1].name == "named"


def test_means_over_time_and_over_positions():
    record = Record()
    apart = dataclasses.replace(IMAGE, lead=(3, Rows()))
    assert reducing(record.growing, "mean", (apart, 0), {}).end is not None and record.steps == {3}
    assert reducing(record.growing, torch.sum, (apart,), {"dim": 0}).terms == (("a", 3),)
    assert reducing(record.growing, "mean", (IMAGE, (2, 3)), {"keepdim": True}).shape == (2, 1, 1)
    assert reducing(record.growing, "mean", (dataclasses.replace(IMAGE, shape=(2, 8)), -1), {}).shape == (2,)
    assert [type(n) for n in record.nodes] == [Pool, Pool, Flatten] and record.nodes[1].kernel == (1, 8)
    for stream, dim in ((IMAGE, 0), (IMAGE, (0, 2)), (apart, (1, 3)), (IMAGE, None)):
        assert reducing(record.growing, "mean", (stream, dim), {}) is None


class Reduced(nn.Module):
    """Spikes of a convolution, reduced by a call."""

    def __init__(self, how):
        super().__init__()
        self.frames, self.conv, self.unit, self.how = Frames(2), nn.Conv2d(1, 3, 3, padding=1), MLF(timesteps=2), how
        self.head, self.mean = nn.LazyLinear(2), MeanOverTime(2)

    def forward(self, x):
        return self.mean(self.head(self.how(self.unit(self.conv(self.frames(x)))).flatten(1)))


@pytest.mark.parametrize(
    "how",
    [
        lambda x: x.sum(1),
        lambda x: x.sum(dim=(2, 3)),
        lambda x: torch.sum(x, dim=(1, 3), keepdim=True),
        lambda x: x.mean(-2, keepdim=True),
        lambda x: x.flatten(2).sum(-2),
        lambda x: x.unflatten(0, (2, -1)).mean((2, 4)).flatten(0, 1),
        lambda x: x.sum((1, 2, 3), keepdim=True),
    ],
)
def test_sums_over_axes_of_a_sample_are_pools_of_rows(how):
    torch.manual_seed(0)
    network, x = Reduced(how).double().eval(), torch.rand(3, 1, 4, 6, dtype=torch.float64) * 3
    expected = network(x).detach().numpy()
    model = model_of(network, (1, 4, 6))
    record = simulate(model.graph, x.numpy(), execution=DOUBLE)
    np.testing.assert_allclose(record.logits, expected, atol=1e-12)
    assert len(set(record.logits[:, 0])) == 3


def test_modules_that_give_other_axes():
    record = Record()
    assert moved_by(record.growing, "rows", nn.Flatten(), IMAGE).shape == (32,)
    assert moved_by(record.growing, "apart", nn.Unflatten(0, (3, -1)), IMAGE).lead == (3, Rows())
    assert moved_by(record.growing, "wide", nn.ZeroPad2d((1, 0, 0, 0)), IMAGE).shape == (2, 4, 5)
    assert [n.name for n in record.nodes] == ["rows", "wide"]
    with pytest.raises(InputError, match="Flatten 'all' mixes batch and time with values; keep them apart"):
        moved_by(record.growing, "all", nn.Flatten(0), IMAGE)
