"""What travels between layers: sums, mixed sources, flattened values, layouts and the size of events."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Pool, Readout
from snnhw.passes import compile_channels
from snnhw.rules import flow
from snnhw.simulation.engine import simulate
from tests.checks.nets import lif, net

Rule = Callable[[Graph, str], Iterator[Finding]]


def codes(rule: Rule, graph: Graph) -> list[tuple[str, str]]:
    return [(f.code, f.node) for f in rule(graph, "Loihi")]


def chain(*nodes: object, timesteps: int = 2) -> Graph:
    names = [n.name for n in nodes]  # type: ignore[attr-defined]
    return Graph.build(nodes, list(pairwise(names)), timesteps)  # type: ignore[arg-type]


IMAGE = Input(name="input", shape=(2, 4, 4))
CONV = Conv2d(name="conv", shape=(3, 4, 4), weight=np.ones((3, 2, 3, 3)), padding=(1, 1), bias=np.ones(3))
UNIT = LIF(name="unit", shape=(3, 4, 4), decay=0.5, threshold=1.0)
POOL = Pool(name="pool", shape=(3, 1, 1), kind="avg", kernel=(4, 4), stride=(4, 4))
FLAT = Flatten(name="flat", shape=(48,))


def test_layers_pools_and_flattenings_on_sums_are_named() -> None:
    end = Readout(name="readout", shape=(3, 1, 1))
    assert codes(flow.passed_sums, chain(IMAGE, CONV, POOL, end)) == [("sums-passed-on", "pool")]
    assert codes(flow.passed_sums, chain(IMAGE, CONV, UNIT, POOL, end)) == []
    twice = Conv2d(name="again", shape=(1, 1, 1), weight=np.ones((1, 3, 1, 1)))
    behind = chain(IMAGE, CONV, POOL, twice, Readout(name="readout", shape=(1, 1, 1)))
    assert codes(flow.layers_on_sums, behind) == [("layer-on-sums", "again")]
    assert "takes the sums of conv, for which Loihi" in next(iter(flow.layers_on_sums(behind, "Loihi"))).message


def test_analogue_values_beside_spikes_are_mixed_but_events_are_not() -> None:
    graph = net(edges=(Edge("input", "flat"),))
    same = graph.replace(edges=(*graph.edges, Edge("input", "fc")))
    assert codes(flow.one_kind_of_source, same) == [("mixed-input", "fc")]
    events = dataclasses.replace(same.input, levels=3)
    assert codes(flow.one_kind_of_source, same.replace(nodes={**same.nodes, "input": events})) == []
    assert codes(flow.one_kind_of_source, net()) == []


@pytest.mark.parametrize(("levels", "found"), [(None, []), (127, []), (128, [("event-size", "input")])])
def test_events_fit_a_message_up_to_127(levels: int | None, found: list[tuple[str, str]]) -> None:
    graph = net(input=Input(name="input", shape=(2, 4, 4), levels=levels))
    assert codes(flow.fits_a_message, graph) == found
    assert codes(flow.binary_events, graph) == ([] if levels is None else [("graded-events", "input")])
    assert codes(flow.binary_events, net(input=Input(name="input", shape=(2, 4, 4), levels=1))) == []


def test_events_are_no_current() -> None:
    first = lif(name="first", shape=(2, 4, 4))
    graph = chain(dataclasses.replace(IMAGE, levels=1), first, Readout(name="readout", shape=(2, 4, 4)))
    assert codes(flow.fits_a_message, graph) == [("events-as-current", "input")]


def test_flattenings_stand_in_front_of_matrices_or_count_neurons_in_a_row() -> None:
    counted = chain(IMAGE, CONV, UNIT, FLAT, Readout(name="readout", shape=(48,)))
    assert codes(flow.flattened_behind_neurons, counted) == codes(flow.flattened_into_weights, counted) == []
    fc = Linear(name="fc", shape=(2,), weight=np.ones((2, 48)))
    matrix = chain(IMAGE, CONV, UNIT, FLAT, fc, Readout(name="readout", shape=(2,)))
    assert codes(flow.flattened_into_weights, matrix) == []
    assert codes(flow.flattened_behind_neurons, matrix) == [("flatten", "flat")]  # `fold_pool` takes it into weights
    assert codes(flow.flattened_behind_neurons, compile_channels(matrix)) == []
    row = LIF(name="row", shape=(48,), decay=0.5, threshold=1.0)
    neurons = chain(IMAGE, CONV, UNIT, FLAT, row, Readout(name="readout", shape=(48,)))
    assert codes(flow.flattened_into_weights, neurons) == [("flatten", "flat")]


def test_a_row_and_a_flattened_image_are_laid_out_differently() -> None:
    """By the values: torch's order of a flattened (C, H, W) is not that of (W, H, C), which a pipeline keeps."""
    row = LIF(name="row", shape=(48,), decay=0.5, threshold=1.0)
    fc = Linear(name="fc", shape=(48,), weight=np.eye(48, 32))
    graph = Graph.build(
        [IMAGE, CONV, UNIT, FLAT, fc, row, Linear(name="out", shape=(1,), weight=np.ones((1, 48))),
         Readout(name="readout", shape=(1,))],
        [("input", "conv"), ("conv", "unit"), ("unit", "flat"), ("input", "fc"), ("fc", "row"), ("flat", "out"),
         ("row", "out"), ("out", "readout")],
        2,
    )  # fmt: skip
    assert codes(flow.one_layout, graph) == [("layout", "out")]
    assert flow.layouts(graph)["flat"] == (3, 4, 4) and flow.layouts(graph)["row"] == (48,)
    assert simulate(graph, np.ones((1, 2, 4, 4))).logits.shape == (1, 1)  # the engine has no such limit
