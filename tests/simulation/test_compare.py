"""Comparing runs: differences are counted, located and told from near-ties."""

import dataclasses

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import MLF
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.certificate import Certificate, graph_backend
from snnhw.simulation.compare import CompareOptions, compare
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.verbs.tables.compiling import certificate_table
from tests.nets import residual_net


def changed(graph, node, **fields):
    return graph.replace(nodes={**graph.nodes, node: dataclasses.replace(graph.nodes[node], **fields)})


def test_a_changed_threshold_is_located():
    sample = residual_net(samples=5)
    graph = run_passes(sample.graph, FLOAT)
    unit = graph.nodes["s0b0_1_mlf"]
    other = changed(graph, unit.name, thresholds=(unit.thresholds[0], unit.thresholds[1] + 0.1, unit.thresholds[2]))
    agreement = compare(graph, graph_backend("a", graph), graph_backend("b", other), sample.inputs, CompareOptions(2))
    a = simulate(graph, sample.inputs, execution=DOUBLE, raster=True)
    b = simulate(other, sample.inputs, execution=DOUBLE, raster=True)
    differing = {u: int((a.raster[u] != b.raster[u]).sum()) for u in a.raster}
    assert agreement.units == differing and agreement.differing == sum(differing.values()) > 0
    assert agreement.samples == 5 and agreement.compared == sum(r.size for r in a.raster.values())
    assert not agreement.agrees
    first = agreement.first
    assert (first.unit, first.level) == ("s0b0_1_mlf", 2)
    earlier = (a.raster["s0b0_1_mlf"] != b.raster["s0b0_1_mlf"])[: first.sample + 1, : first.timestep]
    assert not earlier[first.sample].any()
    u_a, u_b = first.membranes
    assert unit.thresholds[1] < u_a <= unit.thresholds[1] + 0.1 and u_a == pytest.approx(u_b)


def test_near_ties_are_told_from_real_differences():
    sample = residual_net(samples=2, widths=(4,))
    graph = run_passes(sample.graph, FLOAT)
    unit = next(n for n in graph.of_type(MLF) if n.name == "s0b0_2_mlf")  # the last one: nothing follows
    record = simulate(graph, sample.inputs, execution=DOUBLE, raster=True, membranes=True)
    u = np.sort(record.membranes[unit.name][:, :, 0].ravel())
    theta = float(u[np.searchsorted(u, 0.6)])
    at = changed(graph, unit.name, thresholds=(theta, *unit.thresholds[1:]))
    below = changed(graph, unit.name, thresholds=(theta - 1e-9, *unit.thresholds[1:]))
    agreement = compare(at, graph_backend("at", at), graph_backend("below", below), sample.inputs)
    assert agreement.differing >= 1 and agreement.near_ties >= 1 and agreement.agrees
    assert len(agreement.ties) == min(20, agreement.near_ties) and agreement.first == agreement.ties[0]
    for tie in agreement.ties:
        assert (tie.unit, tie.level) == (unit.name, 1) and max(abs(u - theta) for u in tie.membranes) < 1e-8
        assert record.membranes[unit.name][(tie.sample, tie.timestep, 0, *tie.neuron)] == tie.membranes[0]
    assert "near-ties only: sample" in _text(Certificate((agreement,), None, {}))
    strict = compare(
        at, graph_backend("at", at), graph_backend("below", below), sample.inputs, CompareOptions(near_tie=0.0)
    )
    assert strict.near_ties == 0 and not strict.agrees


def test_ties_of_later_batches_keep_their_sample():
    sample = residual_net(samples=4, widths=(4,))
    graph = run_passes(sample.graph, FLOAT)
    inputs = np.repeat(sample.inputs[:1], 4, axis=0)  # the same sample four times, so the same tie four times
    unit = next(n for n in graph.of_type(MLF) if n.name == "s0b0_2_mlf")
    u = simulate(graph, inputs[:1], execution=DOUBLE, membranes=True).membranes[unit.name][:, :, 0].ravel()
    theta = float(np.sort(u)[np.searchsorted(np.sort(u), 0.6)])
    at, below = (changed(graph, unit.name, thresholds=(t, *unit.thresholds[1:])) for t in (theta, theta - 1e-9))
    backends = graph_backend("at", at), graph_backend("below", below)
    whole, parts = (compare(at, *backends, inputs, CompareOptions(size)) for size in (4, 1))
    # sums of a batch of four and of one may be added in another order
    assert parts.logits_difference == pytest.approx(whole.logits_difference, rel=1e-9)
    assert dataclasses.replace(parts, logits_difference=whole.logits_difference) == whole
    assert {tie.sample for tie in parts.ties} == {0, 1, 2, 3}


def _text(certificate):
    return " ".join(str(cell) for column in certificate_table(certificate).columns for cell in column.cells)


def test_different_networks_are_refused():
    a, b = residual_net(widths=(4,)), residual_net(widths=(4, 6))
    with pytest.raises(InputError, match="different units"):
        compare(a.graph, graph_backend("a", a.graph), graph_backend("b", b.graph), a.inputs)
    b = residual_net(widths=(6,))
    with pytest.raises(InputError, match="differ in the size of unit 'stem_mlf'"):
        compare(a.graph, graph_backend("a", a.graph), graph_backend("b", b.graph), a.inputs)
