"""Break-even: at the solved rate and number of steps the two really cost the same."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.digits import DASH
from snnhw.analysis.energy.breakeven import (
    break_even,
    break_even_layers,
    growing_part,
    matched_bits,
    published_bounds,
    spikes_per_synapse,
)
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.verdict import rate_text, steps_text
from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Flatten, Graph, Input, Linear, Readout
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


def with_spikes_times(counts, factor):
    """The same network with every spike count multiplied."""

    def layer(c):
        edges = tuple(
            dataclasses.replace(
                e,
                spikes=e.spikes * factor,
                graded_spikes=e.graded_spikes * factor,
                events=e.events * factor,
                level_synops=tuple(n * factor for n in e.level_synops),
            )
            for e in c.edges
        )
        spikes = tuple(n * factor for n in c.spikes)
        return dataclasses.replace(c, edges=edges, spikes=spikes, graded_spikes=c.graded_spikes * factor)

    return dataclasses.replace(counts, layers=tuple(layer(c) for c in counts.layers))


@pytest.mark.parametrize("name", [n for n in available_profiles() if load_profile(n).model != "power"])
def test_at_the_break_even_rate_both_cost_the_same(counts, name):
    profile = load_profile(name)
    energy = estimate(counts, profile)
    twin = Range.exact(2 * energy.per_inference.typical)
    found = break_even(counts, energy, twin)
    factor = found.break_even_rate / found.rate
    assert factor > 1
    low, high = (estimate(with_spikes_times(counts, f), profile).per_inference.typical for f in (1, 2))
    assert low + (high - low) * (factor - 1) == pytest.approx(twin.typical, rel=1e-9)  # linear in the spikes


def test_energy_that_spikes_do_not_change_has_no_limit_or_no_chance(counts):
    """A chip of which only the power is known: cheaper at any rate, or at none."""
    energy = estimate(counts, load_profile(Path(__file__).parents[2] / "golden" / "speck_by_power.toml"))
    watt, seconds = 0.7e-3, counts.timesteps * 1e-3
    assert energy.per_inference.typical == pytest.approx(watt * seconds)
    assert set(energy.layers) == {"chip"}
    dear, cheap = (break_even(counts, energy, Range.exact(factor * watt * seconds)) for factor in (2, 0.5))
    assert (dear.break_even_rate, cheap.break_even_rate) == (math.inf, None)
    assert (rate_text(dear), rate_text(cheap), steps_text(dear)) == ("any", "none", "6.0")
    silent = with_spikes_times(counts, 0)
    point = break_even(silent, estimate(silent, load_profile("yan22")), Range.exact(1.0))
    assert (point.break_even_rate, rate_text(point)) == (None, DASH)


def test_layer_that_costs_nothing_may_take_any_number_of_steps(counts):
    energy = dataclasses.replace(estimate(counts, load_profile("yan22")), terms=())
    first, *_ = break_even_layers(counts, energy, {"stem_mlf": Range.exact(1e-9)})
    assert (first.break_even_steps, steps_text(first)) == (math.inf, "any")


def test_no_rate_helps_where_the_steps_alone_cost_more(counts):
    profile = load_profile("horowitz45-int8")
    energy = estimate(counts, profile)
    ann = ann_estimate(counts, profile, "int8").per_inference
    found = break_even(counts, energy, ann)
    assert found.break_even_rate is None  # 3 steps of an analogue first layer and its updates
    assert found.break_even_steps == pytest.approx(3 * ann.typical / energy.per_inference.typical)
    assert found.break_even_steps < 3
    assert found.to_dict()["ratio"]["typical"] == pytest.approx(energy.per_inference.typical / ann.typical)


@pytest.mark.parametrize("name", ["loihi1-davies2018", "horowitz45-fp32", "lemaire45", "yan22"])
def test_ends_of_the_break_even_are_those_of_the_constants(counts, name):
    """At the low rate the dearest network costs as much as the cheapest twin, at the high rate the other way round."""
    energy = estimate(counts, load_profile(name))
    whole = energy.per_inference
    twin = Range(1.5 * whole.high, 2 * whole.high, 3 * whole.high)
    found = break_even(counts, energy, twin)
    assert found.rate_range.typical == found.break_even_rate and found.steps_range.typical == found.break_even_steps
    for end, ann, dear in (("low", twin.low, "high"), ("high", twin.high, "low")):
        moving = sum(getattr(t.energy, dear) for t in energy.terms if t.by_spikes)
        fixed = sum(getattr(t.energy, dear) for t in energy.terms if not t.by_spikes)
        assert fixed + moving * getattr(found.rate_range, end) / found.rate == pytest.approx(ann)
        assert getattr(found.steps_range, end) == pytest.approx(3 * ann / (fixed + moving))


def test_layers_add_up_to_the_network(counts):
    profile = load_profile("horowitz45-fp32")
    energy, twin = estimate(counts, profile), ann_estimate(counts, profile, "fp32")
    rows = break_even_layers(counts, energy, twin.layers)
    assert [row.name for row in rows] == ["stem_mlf", "body_mlf", "readout"]
    assert sum(row.snn.typical for row in rows) == pytest.approx(energy.per_inference.typical)
    body = counts.layers[1]
    assert rows[1].rate == pytest.approx(body.unit_synops / (4 * 3 * body.synapses))


def test_published_bounds_are_on_synops_per_synapse(counts):
    measured = spikes_per_synapse(counts)
    assert measured == counts.total("unit_synops") / (4 * counts.total("synapses"))
    bounds = {b.name: b for b in published_bounds(counts)}
    assert {b.value for b in bounds.values()} == {0.15, 1.38, 1.72}
    for bound in bounds.values():
        assert bound.kept == (measured < bound.value) and bound.source
    assert [b.kept for b in published_bounds(with_spikes_times(counts, 0))] == [True] * 3


def test_a_residual_sum_does_not_double_the_synapses_that_read_it():
    """The bounds are per synapse of the ANN, which adds the branches first: two full branches bring two spikes each."""
    shape, weight = (2, 3, 3), np.ones((2, 2, 1, 1))
    nodes = [
        Input(name="input", shape=shape, levels=1),
        *(Conv2d(name=name, shape=shape, weight=weight) for name in ("left", "right", "body")),
        *(MLF(name=f"{name}_mlf", shape=shape, thresholds=(0.5,), decay=0.25) for name in ("left", "right", "body")),
        Flatten(name="flatten", shape=(18,)),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 18))),
        Readout(name="readout", shape=(3,)),
    ]
    links = [("input", "left"), ("input", "right"), ("left", "left_mlf"), ("right", "right_mlf"), ("left_mlf", "body")]
    links += [
        ("right_mlf", "body"),
        ("body", "body_mlf"),
        ("body_mlf", "flatten"),
        ("flatten", "fc"),
        ("fc", "readout"),
    ]
    graph = Graph.build(nodes, links, timesteps=1)
    counts = count(graph, simulate(graph, np.ones((1, *shape))))
    by_name = {layer.name: layer for layer in counts.layers}
    assert by_name["body_mlf"].synapses == by_name["body_mlf"].dense_macs == 2 * 2 * 9
    assert by_name["body_mlf"].unit_synops == 2 * 2 * 2 * 9  # every neuron of both branches fires once
    assert spikes_per_synapse(counts) == (36 + 36 + 72 + 54) / (36 + 36 + 36 + 54)
    assert {bound.name: bound.kept for bound in published_bounds(counts)}["Dampfhoffer, loosest"]  # 1.22


def test_a_unit_without_levels_has_no_twin():
    with pytest.raises(InputError, match="tells nothing apart"):
        matched_bits(0, 4)


def test_a_twin_that_computes_every_step_has_no_break_even_in_steps():
    """Both cost T times as much: the network is cheaper at any T or at none. Half of it once: solved by hand."""
    graph = small_net()
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 3, 2, 6, 6))))
    profile = load_profile("horowitz45-fp32")
    energy, twin = estimate(counts, profile), ann_estimate(counts, profile, "fp32")
    assert growing_part(counts, twin.layers) == twin.layers
    spent = energy.per_inference.typical
    for ann, text in ((0.5 * spent, "none"), (2 * spent, "any")):
        point = break_even(counts, energy, Range.exact(ann), growing=Range.exact(ann))
        assert steps_text(point) == text
        assert point.break_even_steps == (0 if text == "none" else math.inf)
    point = break_even(counts, energy, Range.exact(0.9 * spent), growing=Range.exact(0.4 * spent))
    assert point.break_even_steps == pytest.approx(3 * 0.5 / 0.6)  # T * s = 0.5 + T * g, in thirds of s
