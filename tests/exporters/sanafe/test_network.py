"""The network object: relays that balance branches, listed synapses, what is refused."""

import numpy as np
import torch

from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.exporters.sanafe import with_relays
from snnhw.exporters.synapses import conv_synapses
from snnhw.graph.ir import Conv2d
from snnhw.simulation.engine import simulate
from tests.analysis.nets import weights
from tests.exporters.sanafe.nets import RNG, residual_net, sample_of


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


def test_listed_synapses_are_the_convolution():
    layer = Conv2d(
        name="c", shape=(4, 3, 4), weight=weights(RNG, (4, 2, 3, 2)), stride=(2, 1), padding=(1, 0), groups=2,
        dilation=(1, 2),
    )  # fmt: skip
    shape = (4, 5, 6)
    start, end, weight = conv_synapses(layer, shape)
    matrix = np.zeros((layer.size, 120))
    np.add.at(matrix, (end, start), weight)
    x = RNG.normal(size=shape)
    y = torch.nn.functional.conv2d(
        torch.as_tensor(x)[None], torch.as_tensor(layer.weight), None, (2, 1), (1, 0), (1, 2), 2
    )
    np.testing.assert_allclose(matrix @ x.ravel(), y.numpy().ravel(), atol=1e-12)
