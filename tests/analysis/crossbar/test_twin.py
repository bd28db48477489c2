"""The twin on the same tiles: its reads against the network's, by hand."""

import numpy as np
import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.costs import load_costs
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reads import count_reads
from snnhw.analysis.crossbar.twin import int8_twin, matched_twin
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net

COSTS = load_costs("rram")


def network(**choices):
    sample = residual_net(1, levels=3, timesteps=4)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = map_crossbars(graph, load_crossbar("rram").having(**choices))
    return mapping, count_reads(mapping, sample.inputs)


def conversions(estimate, layer):
    (term,) = [t for t in estimate.terms if (t.layer, t.part) == (layer, "adc")]
    return term.count.typical, term.constant.name


def test_an_eight_bit_twin_reads_eight_bits_once():
    mapping, reads = network()
    found = int8_twin(mapping, reads, COSTS)
    for layer in mapping.layers:
        bits = layer.coding.bits if layer.coding.kind == "serial" else 8
        expected = layer.matrix.positions * bits * layer.columns * len(layer.row_spans)
        assert conversions(found, layer.name) == (expected, f"adc_conversion of {layer.lossless_bits} bits")


def test_the_matched_twin_reads_the_bits_of_the_spike_counts_once():
    mapping, reads = network()
    found = matched_twin(mapping, reads, COSTS, "all")
    assert found.what == "crossbar ANN, matched, 5 bits"  # a sum of two units of 3 levels and 4 steps: 0..24
    by_name = {layer.name: layer for layer in mapping.layers}
    for name, bits in (("s0b0_2_conv", 4), ("s1b0_1_conv", 5)):  # 0..12 and 0..24
        layer = by_name[name]
        assert conversions(found, name)[0] == layer.matrix.positions * bits * layer.columns
    skipped = matched_twin(mapping, reads, COSTS, "silent skipped")
    assert skipped.per_inference.high < found.per_inference.high


def test_bit_serial_twins_need_no_wider_converters_and_pulsed_ones_do():
    for drive, wider in (("channels", 0), ("pulse", 2)):  # 3 levels against 15: 2 bits against 4
        mapping, reads = network(drive=drive)
        layer = next(layer for layer in mapping.layers if layer.name == "s0b0_2_conv")
        twin = matched_twin(mapping, reads, COSTS, "all")
        assert conversions(twin, layer.name)[1] == f"adc_conversion of {layer.lossless_bits + wider} bits"


def test_a_twin_of_frames_computes_every_frame():
    sample = residual_net(1, levels=3, timesteps=4)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = map_crossbars(graph, load_crossbar("rram"))
    frames = np.repeat(sample.inputs[:, None], 4, axis=1)
    once, every = count_reads(mapping, sample.inputs), count_reads(mapping, frames)
    assert every.layers == once.layers
    assert every.twin["stem_conv"].vectors == 4 * once.twin["stem_conv"].vectors
    twins = [int8_twin(mapping, reads, COSTS).per_inference.typical for reads in (once, every)]
    assert twins[1] == pytest.approx(4 * twins[0])
