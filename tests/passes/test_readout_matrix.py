"""Votes of groups of the last neurons as a matrix: the same sums, and integers that rank the same classes."""

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.checks.check import check
from snnhw.graph.ir import Linear, Pool, Wires
from snnhw.nn import MLF, Frames, MeanOverTime
from snnhw.passes import compile_channels
from snnhw.passes.readout_matrix import readout_matrix
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, LAVA, SANAFE, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel, model_of
from snnhw.workflows.map import map_to_chip
from tests.tracing.frameworks.standins import standin

T, CLASSES, VOTES = 4, 5, 4


class Population(nn.Module):
    """Twenty neurons, four for each of five classes; their spikes are summed, or averaged, in groups."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.frames, self.last = kind, Frames(T), MeanOverTime(T)
        self.layer, self.unit = nn.Linear(6, CLASSES * VOTES), MLF(timesteps=T, thresholds=(0.2,))

    def forward(self, x):
        spikes = self.unit(self.layer(self.frames(x)))
        groups = spikes.reshape(spikes.shape[0], CLASSES, VOTES)
        return self.last(groups.sum(-1) if self.kind == "sum" else groups.mean(-1))


def of(kind):
    torch.manual_seed(0)
    return model_of(Population(kind), (6,))


@pytest.mark.parametrize("kind", ["sum", "mean"])
def test_votes_are_sums_over_groups_of_the_counts(kind):
    model, inputs = of(kind), np.random.default_rng(0).normal(0, 2, (9, 6))
    assert model.graph.of_type(Pool, Wires)
    compiled = compile_channels(model.graph)
    (matrix,) = (n for n in compiled.of_type(Linear) if compiled.out_of(n.name)[0].target == "last")
    share = 1.0 if kind == "sum" else 1 / VOTES
    np.testing.assert_array_equal(matrix.weight, share * np.repeat(np.eye(CLASSES), VOTES, axis=1))
    record = simulate(model.graph, inputs, raster=True, execution=DOUBLE)
    counts = record.raster["unit"].sum(axis=(1, 2)).reshape(9, CLASSES, VOTES).sum(axis=2)
    assert counts.any()
    np.testing.assert_allclose(simulate(compiled, inputs, execution=DOUBLE).logits, share * counts / T, rtol=1e-12)


@pytest.mark.parametrize("kind", ["sum", "mean"])
def test_chips_take_them_and_integers_count_the_same_votes(kind):
    model, inputs = of(kind), np.random.default_rng(1).normal(0, 2, (9, 6))
    assert [refusals(model.graph, way) for way in (INTEGERS, LAVA, SANAFE)] == [[], [], []]
    assert not any(f.severity == "error" for f in check(model.graph, "loihi2"))
    assert map_to_chip(LoadedModel("net", model.graph), "loihi1").cores == 2
    made = compile_loihi(model.graph, inputs)
    record = simulate(made.graph, inputs, raster=True)
    votes = record.raster["unit"].sum(axis=(1, 2)).reshape(9, CLASSES, VOTES).sum(axis=2)
    each = np.unique(made.graph.nodes["last_votes"].weight)
    assert each[0] == 0 and len(each) == 2
    np.testing.assert_array_equal(record.logits, each[1] * votes)  # all votes weigh the same


def test_the_voting_layer_of_spikingjelly_is_one():
    layer = standin("spikingjelly", "VotingLayer", voting_size=VOTES, step_mode="s")
    net = nn.Sequential(Frames(T), nn.Linear(6, 20), MLF(timesteps=T), layer, MeanOverTime(T))
    graph = model_of(net, (6,)).graph
    assert refusals(graph, INTEGERS) == [] and not readout_matrix(graph).of_type(Pool, Wires)


def test_what_reads_no_groups_of_spikes_stays():
    torch.manual_seed(0)
    plain = model_of(nn.Sequential(Frames(T), nn.Linear(6, 3), MLF(timesteps=T), MeanOverTime(T)), (6,)).graph
    assert readout_matrix(plain) is plain
    sums = model_of(nn.Sequential(Frames(T), nn.Linear(6, 9), MLF(timesteps=T), nn.Linear(9, 3), MeanOverTime(T)), (6,))
    assert readout_matrix(sums.graph) is sums.graph
