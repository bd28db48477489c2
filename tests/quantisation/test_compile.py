"""From a multi-level float graph to integers in one call."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Linear
from snnhw.passes import FLOAT, LOIHI_CHANNELS, deploy, run_passes
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.moments import measure_moments
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from tests.nets import residual_net


def test_integers_follow_the_floats_closely():
    sample = residual_net(samples=8)
    graph = run_passes(sample.graph, LOIHI_CHANNELS)
    floats = simulate(graph, sample.inputs, raster=True)
    integers = simulate(compile_loihi(sample.graph, sample.inputs).graph, sample.inputs, raster=True)
    for unit in floats.raster:
        assert (floats.raster[unit] != integers.raster[unit]).mean() < 0.08, unit


@pytest.mark.parametrize("per_channel", [False, True])
def test_the_one_call_is_its_four_steps(per_channel):
    sample = residual_net(2, samples=8)
    channels = run_passes(sample.graph, LOIHI_CHANNELS)
    moments = measure_moments(channels, sample.inputs)
    coded = code_input(channels, sample.inputs, moments, per_channel=per_channel)
    by_hand = quantise(coded, moments=moments, per_channel=per_channel)
    at_once = compile_loihi(sample.graph, sample.inputs, per_channel=per_channel)
    assert list(at_once.graph.nodes) == list(by_hand.graph.nodes) and at_once.layers == by_hand.layers
    for name, scale in at_once.scales.items():
        assert np.array_equal(scale, by_hand.scales[name])
    for node in at_once.graph.of_type(Conv2d, Linear):
        assert np.array_equal(node.weight, by_hand.graph.nodes[node.name].weight)


def test_graphs_without_floats_or_without_levels_are_refused():
    sample = residual_net()
    integers = compile_loihi(sample.graph, sample.inputs).graph
    with pytest.raises(InputError, match="is in Loihi integers already"):
        compile_loihi(integers, sample.inputs)
    with pytest.raises(InputError, match="'stem_mlf' does not fit Loihi: it leaks and fires once every 3 sub-steps"):
        compile_loihi(deploy(run_passes(sample.graph, FLOAT), "slots"), sample.inputs)
