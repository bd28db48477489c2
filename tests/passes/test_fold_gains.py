"""Gains between a layer and its neurons enter the weights: the same values, and integers that know the bias."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.graph.ir import LIF, Edge, Graph, Input, Linear, Readout
from snnhw.passes.fold_gains import fold_gains
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE


def gained(*gains: int) -> Graph:
    rng = np.random.default_rng(2)
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="fc", shape=(6,), weight=rng.normal(size=(6, 4)), bias=rng.uniform(0.2, 0.4, 6)),
        LIF(name="unit", shape=(6,), decay=0.5, threshold=1.5),
        Linear(name="out", shape=(3,), weight=rng.normal(size=(3, 6))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [Edge("input", "fc"), *(Edge("fc", "unit", gain) for gain in gains), Edge("unit", "out")]
    return Graph.build(nodes, [*edges, Edge("out", "readout")], 5)


@pytest.mark.parametrize("gains", [(1,), (3,), (-2,), (1, 1), (2, -1, 4)])
def test_values_are_kept_and_one_edge_of_gain_one_is_left(gains: tuple[int, ...]) -> None:
    graph, x = gained(*gains), np.random.default_rng(0).normal(size=(20, 4))
    folded = fold_gains(graph)
    assert [(e.target, e.gain) for e in folded.out_of("fc")] == [("unit", 1)]
    assert np.allclose(folded.nodes["fc"].weight, sum(gains) * graph.nodes["fc"].weight)
    before, after = (simulate(g, x, execution=DOUBLE) for g in (graph, folded))
    assert np.array_equal(before.units["unit"].levels_t, after.units["unit"].levels_t)
    integers = simulate(compile_loihi(graph, x).graph, x)
    sent = before.units["unit"].spikes.sum()
    assert abs(int(integers.units["unit"].spikes.sum()) - sent) <= 0.03 * sent + 1


def test_what_does_not_end_in_neurons_keeps_its_gain() -> None:
    graph = gained(1).replace(edges=(*gained(1).edges[:-1], Edge("out", "readout", 3)))
    assert fold_gains(graph).out_of("out")[0].gain == 3
