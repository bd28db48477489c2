"""Quantisation: every limit of the hardware, what is clipped, and biases in mantissa and exponent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Conv2d, Linear, LoihiLIF
from snnhw.graph.loihi import CURRENT_LIMIT, MEMBRANE_LIMIT
from snnhw.graph.weight_width import WeightWidth, bits_needed
from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.integer_neuron import bias_code
from snnhw.quantisation.quantise import quantise
from snnhw.rules.integers import weights as weight_range
from snnhw.simulation.engine import simulate
from tests.nets import residual_net, residual_nets


@given(residual_nets)
def test_quantised_graphs_obey_every_hardware_limit(sample):
    quantised = quantise(code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs))
    graph = quantised.graph
    for node in graph.of_type(Conv2d, Linear):
        assert node.weight.dtype == np.int32 and (node.weight % 2 == 0).all() and np.abs(node.weight).max() <= 254
    for node in graph.of_type(LoihiLIF):
        assert 0 <= node.threshold <= 131071 and 0 <= node.dv <= 4095
        assert np.abs(node.bias_mant.astype(int)).max() <= 4096 and 0 <= node.bias_exp <= 7
    assert all(layer.current_bound < CURRENT_LIMIT for layer in quantised.layers if layer.name in graph.units())


@given(residual_nets, st.integers(4, 8))
def test_weights_of_fewer_bits_obey_the_same_limits(sample, bits):
    width = WeightWidth(bits)
    floats = run_passes(sample.graph, LOIHI_CHANNELS)
    quantised = quantise(code_input(floats, sample.inputs, width=width), width=width)
    graph = quantised.graph
    for node in graph.of_type(Conv2d, Linear):
        assert (node.weight % width.step == 0).all() and np.abs(node.weight).max() <= width.limit
        assert bits_needed(node.weight) <= bits
    assert all(layer.current_bound < CURRENT_LIMIT for layer in quantised.layers if layer.name in graph.units())
    assert quantised.width == width and ("weights", f"{bits} bits") in quantised.summary().rows
    assert list(weight_range(graph, "Loihi")) == []


def test_clipped_weights_and_membranes_are_findings():
    """The stem is scaled up to |a| < 2^17, so that its worst input clips the membrane; spikes alone do not."""
    sample = residual_net(samples=4)
    graph = code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)
    fine = quantise(graph)
    lowest = {layer.name: layer.lowest_state for layer in fine.layers}
    assert lowest["stem_mlf"] < -MEMBRANE_LIMIT < lowest["s0b0_2_mlf"] < 0
    assert [(f.code, f.node) for f in fine.findings if f.severity == "warning"] == [("state-may-clip", "stem_mlf")]
    made = quantise(graph, scales={**fine.scales, "s0b0_2_mlf": 1.6 * fine.scales["s0b0_2_mlf"]})
    assert ("saturated-weights", "s0b0_2_mlf") in {(f.code, f.node) for f in made.findings}
    assert all("--per-channel" in f.remedy for f in made.findings if f.code == "saturated-weights")
    assert ("saturated-weights", "s0b0_2_mlf") not in {(f.code, f.node) for f in fine.findings}


def test_clipped_weights_with_a_scale_for_each_channel_need_no_other_scale():
    sample = residual_net(samples=4)
    graph = code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)
    fine = quantise(graph, per_channel=True)
    made = quantise(graph, scales={**fine.scales, "s0b0_2_mlf": 1.6 * fine.scales["s0b0_2_mlf"]})
    assert {f.remedy for f in made.findings if f.code == "saturated-weights"} == {"none needed"}


@given(st.lists(st.floats(-500000, 500000), min_size=1, max_size=6))
def test_bias_code_is_within_half_a_step(values):
    mantissa, exponent = bias_code(np.array(values))
    step = 2**exponent
    assert (np.abs(mantissa.astype(float) * step - np.array(values)) <= step / 2 + step).all()
    assert exponent == 0 or np.abs(values).max() > 4095 * 2 ** (exponent - 1)


def test_scales_per_channel_lose_less():
    sample = residual_net(samples=4, widths=(8, 8))
    graph = code_input(run_passes(sample.graph, LOIHI_CHANNELS), sample.inputs)
    one, many = (quantise(graph, per_channel=flag) for flag in (False, True))
    for a, b in zip(one.layers, many.layers, strict=True):
        assert b.weight_error <= a.weight_error * 1.001 and b.current_bound < CURRENT_LIMIT
    assert sum(b.weight_error for b in many.layers) < 0.9 * sum(a.weight_error for a in one.layers)
    thresholds = [n.threshold for n in many.graph.of_type(LoihiLIF)]
    assert all(np.ndim(theta) == 3 and theta.max() <= 131071 for theta in thresholds)
    floats = simulate(graph, sample.inputs, raster=True).raster
    differing = [
        sum(int((floats[u] != r).sum()) for u, r in simulate(q.graph, sample.inputs, raster=True).raster.items())
        for q in (one, many)
    ]
    assert differing[1] < differing[0]


def test_a_bias_out_of_range_is_refused():
    from snnhw.errors import InputError

    with pytest.raises(InputError, match="exponent 8 > 7"):
        bias_code(np.array([4095.0 * 256]))
