"""From a multi-level float graph to integers in one call."""

from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from tests.nets import residual_net


def test_integers_follow_the_floats_closely():
    sample = residual_net(samples=8)
    graph = run_passes(sample.graph, LOIHI_CHANNELS)
    floats = simulate(graph, sample.inputs, raster=True)
    integers = simulate(compile_loihi(sample.graph, sample.inputs).graph, sample.inputs, raster=True)
    for unit in floats.raster:
        assert (floats.raster[unit] != integers.raster[unit]).mean() < 0.08, unit
