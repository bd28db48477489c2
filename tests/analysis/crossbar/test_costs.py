"""Profiles of crossbars: all constants with their sources, and converters of other bits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.crossbar.costs import CYCLES, FOLDER, available_costs, conversion, converter_area, load_costs
from snnhw.analysis.energy.estimate import estimate
from snnhw.errors import InputError
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from tests.nets import residual_net


def test_every_constant_says_where_it_comes_from():
    assert available_costs() == ("rram",) and available_costs(CYCLES) == ("spikesim65",)
    for profile in (load_costs("rram"), load_costs("spikesim65", CYCLES)):
        assert profile.scope == "memory" and profile.assumes and profile.excludes
        for constant in profile.constants.values():
            assert constant.source and constant.table and constant.kind == "simulated"


def test_other_profiles_are_refused():
    with pytest.raises(InputError, match="There is no profile of crossbars 'lemaire45'"):
        load_costs("lemaire45")
    with pytest.raises(InputError, match="'spikesim65' has the model 'crossbar_cycles' and crossbars need 'crossbar'"):
        load_costs(FOLDER / "spikesim65.toml")


def test_counts_of_events_are_not_priced_by_reads():
    sample = residual_net(0)
    graph = run_passes(sample.graph, FLOAT)
    counts = count(graph, simulate(graph, sample.inputs))
    with pytest.raises(InputError, match="'rram' prices reads of crossbars; give it to snnhw map --chip rram"):
        estimate(counts, load_costs("rram"))


def test_the_converter_of_the_source_costs_what_the_source_says():
    costs = load_costs("rram")
    assert conversion(costs, 8).range == costs["adc_conversion"].range
    assert conversion(costs, 8).typical == pytest.approx(1.666667e-12)
    assert conversion(costs, 4).range.low == pytest.approx(1.666667e-12 / 16)  # half the bits, a sixteenth of the steps
    assert conversion(costs, 4).typical == pytest.approx(1.666667e-12 / 2)
    assert conversion(costs, 10).range.high == pytest.approx(4 * 2.296e-12)
    # what hwcomponents prints beside the constant, after Saberi et al. 2011: 4 to 10 bits lie in the range
    for bits, printed in ((4, 0.79), (5, 0.99), (6, 1.20), (7, 1.42), (8, 1.67), (9, 1.969), (10, 2.379)):
        found = conversion(costs, bits).range
        assert found.low <= 1.01 * printed * 1e-12 and printed * 1e-12 <= 1.01 * found.high


@given(st.integers(1, 14))
def test_more_bits_never_cost_less(bits):
    costs = load_costs("rram")
    for found in (lambda b: conversion(costs, b).range, lambda b: converter_area(costs, b)):
        assert all(one <= other for one, other in zip(found(bits).ends, found(bits + 1).ends, strict=True))
