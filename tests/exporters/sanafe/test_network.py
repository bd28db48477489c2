"""The network object: relays that balance branches, listed synapses, what is refused."""

import numpy as np

from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.exporters.sanafe import with_relays
from snnhw.simulation.engine import simulate
from tests.exporters.sanafe.nets import residual_net, sample_of


def test_relays_keep_the_spikes_of_the_network():
    graph = residual_net()
    balanced, relays = with_relays(graph)
    assert relays == ("a_l1_late1", "a_l2_late1", "a_l3_late1")
    events = sample_of(graph)
    record = simulate(graph, events[None].astype(float), raster=True)
    ours = run_stepwise(balanced, events, 10)
    for depth, unit in enumerate("abc", start=1):
        for level in range(3):
            late = ours.spikes[f"{unit}_l{level + 1}"][depth : depth + graph.timesteps]
            np.testing.assert_array_equal(late, record.raster[unit][0, :, level])
