"""Floats with the values of the integers fire as the integers do, for all layers and for single ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Conv2d, Linear
from snnhw.passes import compile_channels
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.moments import measure_moments
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.nets import residual_net, residual_nets


@settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(residual_nets)
def test_floats_of_the_integers_fire_as_the_integers_do(sample):
    """Only the truncation of the membrane, below 1/64 weight unit a step, is left between them."""
    quantised = compile_loihi(sample.graph, sample.inputs, per_channel=sample.graph.timesteps % 2 == 0)
    floats = dequantise(compile_channels(sample.graph), quantised)
    entering = quantised.graph.input
    rounded = entering.coded(sample.inputs) / entering.scale
    a = simulate(floats, rounded, execution=DOUBLE, raster=True).raster
    b = simulate(quantised.graph, sample.inputs, raster=True).raster
    wrong = {unit: (a[unit] != b[unit]).mean() for unit in a}
    assert wrong["stem_mlf"] < 0.005 and all(share < 0.03 for share in wrong.values()), wrong


def test_single_layers_can_be_put_into_integers():
    sample = residual_net(3)
    channels = compile_channels(sample.graph)
    quantised = compile_loihi(sample.graph, sample.inputs)
    one = dequantise(channels, quantised, ["s0b0_1_mlf"])
    changed = {n for n in channels.nodes if one.nodes[n] is not channels.nodes[n]}
    assert changed == {"input", "s0b0_1_conv", *(f"s0b0_1_mlf_l{k}" for k in (1, 2, 3))}
    with pytest.raises(InputError, match="not in both graphs"):
        dequantise(compile_channels(residual_net(3, widths=(4,)).graph), quantised)


def test_each_layer_alone_changes_fewer_spikes_than_with_nearest_rounding():
    """Where the windows are spikes; those of the stem are random numbers, which have nothing in common."""
    sample = residual_net(0, widths=(8, 12), samples=16)
    graph = compile_channels(sample.graph)
    moments = measure_moments(graph, sample.inputs)
    coded = code_input(graph, sample.inputs, moments)
    made = {kind: quantise(coded, moments=m) for kind, m in (("nearest", None), ("compensated", moments))}
    floats = simulate(graph, sample.inputs, raster=True).raster
    wrong = {"nearest": 0, "compensated": 0}
    for unit in ("s0b0_1_mlf", "s0b0_2_mlf", "s1b0_1_mlf", "s1b0_2_mlf", "s1b0_sc_mlf"):
        for kind, quantised in made.items():
            alone = simulate(dequantise(graph, quantised, [unit]), sample.inputs, raster=True)
            wrong[kind] += int((alone.raster[unit] != floats[unit]).sum())
    assert wrong["compensated"] < 0.8 * wrong["nearest"]


def test_thresholds_of_every_channel_are_kept():
    sample = residual_net(4)
    quantised = compile_loihi(sample.graph, sample.inputs, per_channel=True)
    floats = dequantise(compile_channels(sample.graph), quantised)
    for node in floats.of_type(LIF):
        back = (quantised.graph.nodes[node.name].threshold + 1 / 128) / quantised.scales[node.unit][:, None, None]
        assert np.allclose(node.threshold, back)
    assert all(n.weight.dtype == np.float64 for n in floats.of_type(Conv2d, Linear))
