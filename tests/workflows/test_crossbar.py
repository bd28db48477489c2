"""A model on crossbars: mapped, priced on samples, and beside its twins."""

import dataclasses

import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.crossbar.verdict import ANN, SNN, SNN_ALL, SNN_SKIPPED
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.crossbar import compare_on_crossbars, crossbar_of, on_crossbars


def test_without_samples_there_is_the_mapping_alone(digits):
    made = on_crossbars(digits, crossbar_of("rram", "channels"))
    said = made.to_dict()
    assert said["tiles"] == 34 and said["chip"] == "rram" and "energy" not in said and said["samples"] == 0


def test_reads_of_samples_are_priced(digits, some):
    made = on_crossbars(digits, crossbar_of("rram64", "channels"), inputs=some)
    said = made.to_dict()
    assert said["samples"] == 24 and set(said["energy"]) == {"all", "silent skipped"}
    low, high = (made.energies[way].per_inference.typical for way in (1, 0))
    assert 0 < low < high and made.machine.pipelined.typical <= made.machine.one_by_one.typical
    assert "Integers are calibrated on the first 24 samples themselves." in said["assumes"]
    integers = dataclasses.replace(digits, graph=compile_loihi(digits.graph, some.values).graph)
    again = on_crossbars(integers, crossbar_of("rram64", "channels"), inputs=some)
    assert again.reads.layers == made.reads.layers
    assert not any("calibrated" in text for text in again.assumes)


def test_bits_of_the_crossbar_that_the_integers_do_not_have_are_said(digits, some):
    narrow = dataclasses.replace(crossbar_of("rram", "channels"), weight_bits=3)
    usual, made = (
        on_crossbars(digits, crossbar_of("rram", "channels"), inputs=some),
        on_crossbars(digits, narrow, inputs=some),
    )
    assert made.mapping.devices == usual.mapping.devices > on_crossbars(digits, narrow).mapping.devices
    said = [text for text in made.to_dict()["assumes"] if "weight_bits = 3" in text]
    assert len(said) == 1 and "weights of 8 bits" in said[0]
    compared = compare_on_crossbars(digits, narrow, some).verdict
    assert said[0] in compared.assumes
    assert {row.bits for row in compared.rows if "crossbar" in row.name} == {8}


def test_levels_in_one_pulse_are_fewer_conversions_of_more_bits(digits, some):
    unary, pulse = (on_crossbars(digits, crossbar_of("rram", how)) for how in ("channels", "graded"))
    assert unary.mapping.tiles == pulse.mapping.tiles
    for one, other in zip(unary.mapping.layers[1:], pulse.mapping.layers[1:], strict=True):
        assert other.coding.reads == 1 < one.coding.reads and other.adc_bits > one.adc_bits
    slots = on_crossbars(digits, crossbar_of("rram", "slots"))
    assert [layer.coding for layer in slots.mapping.layers] == [layer.coding for layer in unary.mapping.layers]


def test_deployments_that_crossbars_lack_are_refused():
    with pytest.raises(InputError, match="'shared' is that of channels; give one of channels, graded, slots"):
        crossbar_of("rram", "shared")
    with pytest.raises(InputError, match="no deployment 'grades'; did you mean 'graded'"):
        crossbar_of("rram", "grades")


def test_digital_rows_are_those_of_the_report(digits, some):
    made = compare_on_crossbars(digits, crossbar_of("rram", "channels"), some)
    rows = {row.name: row for row in made.verdict.rows}
    counts = count(digits.graph, simulate(digits.graph, some.values))
    profile = load_profile("lemaire45")
    assert rows[SNN].energy == estimate(counts, profile).per_inference
    assert rows[ANN].energy == ann_estimates(counts, profile)["int8, with memory"].per_inference
    assert {row.scope for row in rows.values()} == {"memory"}
    priced = on_crossbars(digits, crossbar_of("rram", "channels"), inputs=some)
    assert [rows[name].energy for name in (SNN_ALL, SNN_SKIPPED)] == [e.per_inference for e in priced.energies]
    assert len(made.conditions) == 3 and made.to_dict()["samples"] == 24
