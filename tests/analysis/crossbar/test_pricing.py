"""The energy of two layers, calculated by hand."""

import dataclasses

import pytest

from snnhw.analysis.crossbar.costs import load_costs
from snnhw.analysis.crossbar.digital import adders_of
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.pricing import ACCOUNTINGS, SAID, price, read_layers
from snnhw.analysis.crossbar.reads import count_reads
from snnhw.quantisation.compile import compile_loihi
from tests.analysis.crossbar.nets import INPUTS, two_layers
from tests.nets import residual_net

PICO, FEMTO = 1e-12, 1e-15


def priced(accounting, samples=INPUTS):
    mapping = two_layers()
    reads = count_reads(mapping, samples)
    driven = read_layers(mapping, reads.layers)
    return price("net", driven, adders_of(mapping.graph), reads.samples, load_costs("rram"), accounting)


def test_every_read_by_hand():
    # fc: 3 lines, 2 outputs of 2 columns (2 bits of magnitude are one device of 2 bits), 8 bits of input = 8 reads.
    #     3 lines of devices up to 3 send up to 9: converters of 4 bits. out: 2 lines, 1 output of 2 columns, 1 read;
    #     2 lines send up to 6: converters of 3 bits.
    devices = 8 * 3 * 4 + 1 * 2 * 2
    assert devices == 100
    crossbar = devices * 1.83 * FEMTO
    drivers = (8 * 3 + 1 * 2) * 0.41667 * PICO
    conversions = 8 * 4, 1 * 2
    adc = conversions[0] * 1.666667 * 4 / 8 * PICO + conversions[1] * 1.666667 * 3 / 8 * PICO
    shift_add = (32 + 2) * 0.021 * PICO
    fetched = 3 * 8 + 2 * 1  # an 8-bit input on three lines, a spike on two
    written = 2 * 1  # two neurons, one bit each
    buffers = (fetched * (0.07988 + 0.054) + written * 0.07988) * PICO
    adds = 1 * 0.1 * PICO  # the read-out adds what arrives
    neurons = 2 * 5.096 * PICO
    found = priced("all")
    by_hand = {
        "crossbar": crossbar,
        "drivers": drivers,
        "adc": adc,
        "shift_add": shift_add,
        "buffers": buffers,
        "adds": adds,
        "neurons": neurons,
    }
    assert {part: energy.typical for part, energy in found.split.items()} == pytest.approx(by_hand)
    assert found.per_inference.typical == pytest.approx(sum(by_hand.values()))
    assert found.per_inference.low < found.per_inference.typical < found.per_inference.high


def test_skipped_reads_by_hand():
    # two of the eight bits of the input drive lines: 2 lines, then 1; out: one of its two lines
    found = priced("silent skipped")
    by_hand = {
        "crossbar": (3 * 4 + 1 * 2) * 1.83 * FEMTO,
        "drivers": (3 + 1) * 0.41667 * PICO,
        "adc": (2 * 4 * 1.666667 * 4 / 8 + 1 * 2 * 1.666667 * 3 / 8) * PICO,
        "shift_add": (2 * 4 + 1 * 2) * 0.021 * PICO,
    }
    assert {part: found.split[part].typical for part in by_hand} == pytest.approx(by_hand)
    assert {part: found.split[part] for part in ("buffers", "adds", "neurons")} == {
        part: priced("all").split[part] for part in ("buffers", "adds", "neurons")
    }


def test_layers_and_parts_are_sums_of_the_same_terms():
    for accounting in ACCOUNTINGS:
        found = priced(accounting)
        said = found.to_dict()
        assert sum(energy.high for energy in found.layers.values()) == pytest.approx(found.per_inference.high)
        assert sum(energy.low for energy in found.split.values()) == pytest.approx(found.per_inference.low)
        assert said["scope"] == "memory" and said["said"] == SAID[accounting] and said["excludes"]


def test_nothing_is_saved_by_sparsity_where_every_read_is_priced_and_less_never_costs_more():
    sample = residual_net(2, samples=4)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = two_layers()
    mapping = map_crossbars(graph, mapping.crossbar)
    costs, adders = load_costs("rram"), adders_of(graph)
    energies = {}
    for name, inputs in (("some", sample.inputs), ("none", 0 * sample.inputs)):
        reads = count_reads(mapping, inputs)
        driven = read_layers(mapping, reads.layers)
        energies[name] = [price(name, driven, adders, reads.samples, costs, a).per_inference for a in ACCOUNTINGS]
    assert energies["some"][0].ends == pytest.approx(energies["none"][0].ends)
    assert energies["none"][1].high < energies["some"][1].high < energies["some"][0].high


def test_converters_of_fixed_bits_are_priced_as_such():
    mapping = two_layers()
    layers = tuple(dataclasses.replace(e, crossbar=e.crossbar.having(adc_bits=8)) for e in mapping.layers)
    reads = count_reads(mapping, INPUTS)
    fixed = dataclasses.replace(mapping, layers=layers)
    found = price("net", read_layers(fixed, reads.layers), (), 1, load_costs("rram"), "all")
    assert found.split["adc"].typical == pytest.approx((32 + 2) * 1.666667 * PICO)
