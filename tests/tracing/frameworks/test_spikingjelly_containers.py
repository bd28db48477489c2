"""Recurrent containers step as y[t] = f(x[t], y[t-1]) says, voting layers average, and the rest is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Delay, Linear, Pool
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import cell_of, named, sent_by, standin

SURROGATE = named("Sigmoid", spiking=True)
STEPS, SIZE = 12, 6


def neuron(step_mode="s", **own):
    attributes = {"v_threshold": 0.5, "v_reset": 0.0, "tau": 2.0, "decay_input": True, **own}
    return standin("spikingjelly", "LIFNode", surrogate_function=SURROGATE, step_mode=step_mode, **attributes)


def element_wise(inner, function=lambda y, x: y + x, step_mode="s"):
    own = {"sub_module": inner, "element_wise_function": function, "step_mode": step_mode}
    return standin("spikingjelly", "ElementWiseRecurrentContainer", **own)


def linear(inner, out, bias=True, step_mode="s"):
    torch.manual_seed(0)
    own = {"rc": nn.Linear(SIZE + out, SIZE, bias), "sub_module": inner, "step_mode": step_mode}
    return standin("spikingjelly", "LinearRecurrentContainer", **own)


def lif(current, v):
    """LIFNode by its equation: v += (x - v) / 2; s = v >= 0.5; v = 0 where s."""
    v = v + (current - v) / 2
    s = (v >= 0.5).astype(float)
    return s, v * (1 - s)


def driven(seed=0):
    return np.random.default_rng(seed).normal(0.4, 1.0, (STEPS, SIZE)).astype(np.float32)


@pytest.mark.parametrize("function", [lambda y, x: y + x, lambda y, x: torch.add(x, y), torch.add])
def test_spikes_come_back_beside_the_input(function):
    cell = cell_of(element_wise(neuron(), function), (SIZE,))
    assert [type(n) for n in cell.nodes] == [LIF, Delay] and cell.sent == "n"
    x, y, v, sent = driven(), np.zeros(SIZE), np.zeros(SIZE), []
    for now in x.astype(float):
        y, v = lif(y + now, v)
        sent.append(y)
    assert 5 < np.sum(sent) < 60 and np.array_equal(sent_by(cell, x), sent)


@pytest.mark.parametrize("bias", [True, False])
def test_spikes_come_back_through_a_matrix_and_layers(bias):
    torch.manual_seed(1)
    layer = nn.Linear(SIZE, 4)
    module = linear(nn.Sequential(layer, nn.Dropout(), neuron()), 4, bias)
    module.rc.weight.data *= 5
    layer.weight.data *= 2
    cell = cell_of(module, (SIZE,))
    assert sum(isinstance(n, Linear) for n in cell.nodes) == 3 and cell.sender.shape == (4,)
    x, y, v, sent = driven(), np.zeros(4), np.zeros(4), []
    with torch.no_grad():
        for now in x.astype(float):
            joined = module.rc.double()(torch.from_numpy(np.concatenate([now, y])))
            y, v = lif(layer.double()(joined).numpy(), v)
            sent.append(y)
    assert 5 < np.sum(sent) < 40 and np.array_equal(sent_by(cell, x), sent)


def test_containers_stand_in_networks_of_all_steps():
    network = nn.Sequential(nn.Linear(3, SIZE), element_wise(neuron(), step_mode="m"))
    graph = trace(network, (3,), timesteps=STEPS)
    assert graph.timesteps == STEPS and [n.name for n in graph.of_type(LIF)] == ["layer_1"]


REFUSED = {
    "another function": (lambda: element_wise(neuron(), lambda y, x: y * x), "by a function that is no sum"),
    "a branch": (lambda: element_wise(neuron(), lambda y, x: y if x > 0 else x), "by a function that is no sum"),
    "another shape": (
        lambda: element_wise(nn.Sequential(nn.Linear(SIZE, 2), neuron())),
        r"adds it to",
    ),
    "no neuron": (lambda: linear(nn.Sequential(nn.Linear(SIZE, 2)), 2), "holds a Linear where a neuron is needed"),
    "neurons in a row": (
        lambda: element_wise(nn.Sequential(neuron(), neuron())),
        "holds a LIFNode where a layer is needed",
    ),
    "nothing": (lambda: element_wise(nn.Sequential()), "holds no neuron"),
    "all steps inside": (lambda: element_wise(neuron("m")), "of all steps; set its step_mode to 's'"),
    "another size": (lambda: linear(neuron(), 3), r"gets back \(6,\) where it has 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_such_recurrence_is_refused(name):
    make, sentence = REFUSED[name]
    with pytest.raises(InputError, match=sentence):
        cell_of(make(), (SIZE,))


def test_a_linear_container_takes_its_features():
    with pytest.raises(InputError, match=r"takes 6 values and gets \(5,\)"):
        cell_of(linear(neuron(), SIZE), (5,))


@pytest.mark.parametrize("behind", [False, True])
def test_votes_are_means_of_neighbours_before_and_behind_the_read_out(behind):
    vote = standin("spikingjelly", "VotingLayer", voting_size=3, step_mode="s")

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.fc, self.lif, self.vote = nn.Linear(SIZE, 7), neuron(), vote

        def forward(self, x):
            total = 0
            for _ in range(STEPS):
                fired = self.lif(self.fc(x))
                total = total + (fired if behind else self.vote(fired))
            return self.vote(total) if behind else total

    graph = trace(Net().eval(), (SIZE,))
    (pool,) = graph.of_type(Pool)
    assert pool.kernel == (1, 3) and graph.readout.shape == (2,)
    x = np.random.default_rng(0).uniform(0, 4, (5, SIZE))
    record = simulate(graph, x, raster=True, execution=DOUBLE)
    total = record.raster["lif"][:, :, 0].sum(1)
    assert total.sum() > 20
    assert np.allclose(record.logits, total[:, :6].reshape(5, 2, 3).mean(2), rtol=0, atol=1e-12)


def test_a_voting_layer_takes_vectors():
    network = nn.Sequential(neuron(), standin("spikingjelly", "VotingLayer", voting_size=3, step_mode="s"))
    with pytest.raises(InputError, match=r"takes a vector of at least 3 values and gets \(1, 2, 3\)"):
        trace(network, (1, 2, 3), timesteps=4)
