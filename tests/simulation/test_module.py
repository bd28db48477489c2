"""The torch module as a backend: spikes and membranes of every level from what enters its units."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import MLF
from snnhw.nn import neurons
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.module import simulate_module
from tests.simulation.slow_unit import slow_levels


class Small(nn.Module):
    """One linear layer and one unit of two levels, three steps."""

    def __init__(self):
        super().__init__()
        self.frames, self.flatten, self.fc = Frames(3), nn.Flatten(), nn.Linear(4, 6)
        self.unit, self.head, self.readout = neurons.MLF((0.3, 0.9), 0.5, timesteps=3), nn.Linear(6, 2), MeanOverTime(3)

    def forward(self, x):
        return self.readout(self.head(self.unit(self.fc(self.flatten(self.frames(x))))))


NODE = MLF(name="u", shape=(6,), thresholds=neurons.MLF((0.3, 0.9)).thresholds, decay=0.5)


def inputs(static):
    return np.random.default_rng(0).normal(0.5, 1.5, (5, 1, 2, 2) if static else (5, 3, 1, 2, 2))


@pytest.mark.parametrize("static", [True, False])
def test_levels_are_those_of_the_slow_recurrence(static):
    torch.manual_seed(0)
    network, x = Small(), inputs(static)
    record = simulate_module(network, {"u": ("unit", NODE)}, x, membranes=True)
    frames = np.repeat(x[:, None], 3, axis=1) if static else x
    weight, bias = (p.detach().double().numpy() for p in (network.fc.weight, network.fc.bias))
    current = frames.reshape(5, 3, 4) @ weight.T + bias
    assert record.raster["u"].shape == record.membranes["u"].shape == (5, 3, 2, 6)
    for b in range(5):
        for n in range(6):
            wanted = slow_levels(current[b, :, n], NODE.thresholds, 0.5)
            assert np.array_equal(record.raster["u"][b, :, :, n], wanted)
    np.testing.assert_allclose(record.membranes["u"][:, 0], np.repeat(current[:, :1], 2, axis=1), atol=1e-12)
    assert np.array_equal(record.units["u"].levels, record.raster["u"].sum(axis=(0, 1)))
    spikes = record.raster["u"].sum(axis=2)
    head, offset = (p.detach().double().numpy() for p in (network.head.weight, network.head.bias))
    np.testing.assert_allclose(record.logits, spikes.mean(axis=1) @ head.T + offset, atol=1e-12)


def test_precision_mode_and_hooks_are_as_before():
    network = Small().train()
    record = simulate_module(network, {"u": ("unit", NODE)}, inputs(True))
    assert network.training and network.fc.weight.dtype == torch.float32 and record.membranes == {}
    assert not network.unit._forward_hooks


def test_a_node_that_is_not_the_modules_is_refused():
    other = dataclasses.replace(NODE, thresholds=(-9.0, 0.9))
    with pytest.raises(InputError, match="unit 'u' does not send the sum of its levels"):
        simulate_module(Small(), {"u": ("unit", other)}, inputs(True))


def test_a_module_that_keeps_a_dtype_of_its_own_is_named_and_put_back():
    network = Small()
    network.frames.register_forward_hook(lambda m, i, o: o.float())
    with pytest.raises(InputError, match=r"Small does not run in torch\.float64"):
        simulate_module(network, {"u": ("unit", NODE)}, inputs(True))
    assert network.fc.weight.dtype == torch.float32 and not network.unit._forward_hooks
