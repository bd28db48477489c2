"""A framework's network as a backend: its own spikes, whatever way it is called, and nothing of it is left changed."""

import numpy as np
import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.simulation.certificate import Stage, certify, graph_backend, module_backend
from snnhw.simulation.stepped import simulate_stepped
from snnhw.tracing.calling import Calling, Result
from snnhw.workflows.load import model_of
from tests.tracing.test_stepwise import INPUTS, STEPS, Net, added, batch_first, in_place, stacked

WAYS = {
    "loop inside": (stacked, {}, {}),
    "sum inside": (added(0), {}, {}),
    "steps of the input": (in_place, {}, {"timesteps": STEPS}),
    "batch first": (batch_first, {}, {"timesteps": STEPS}),
    "one call is one step": (
        lambda net, x: net.lif2(net.fc2(net.lif1(net.fc1(x)))),
        {"init_hidden": True},
        {"timesteps": STEPS},
    ),
}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("static", [True, False])
def test_the_certificate_holds_the_graph_to_the_network(name, static):
    forward, neuron, told = WAYS[name]
    net = Net(forward, **neuron)
    model = model_of(net, (INPUTS,), **told)
    assert model.traced is not None and model.calling is not None
    shape = (7, INPUTS) if static else (7, STEPS, INPUTS)
    inputs = np.random.default_rng(0).uniform(0, 2, shape)
    stages = (
        Stage(module_backend(net, model.traced, model.calling), model.traced),
        Stage(graph_backend("graph", model.graph), model.traced),
    )
    if not static and model.calling.entering is None:
        with pytest.raises(InputError, match="shows its input in every step; give samples without time"):
            certify(stages, inputs)
        return
    before = {key: value.clone() for key, value in net.state_dict().items()}
    (agreement,) = certify(stages, inputs).agreements
    assert agreement.agrees and agreement.differing == 0 and agreement.spikes > 50
    assert agreement.logits_difference < 1e-6
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert next(net.parameters()).dtype == torch.float32
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_a_wrong_graph_is_found():
    net = Net(stacked)
    model = model_of(net, (INPUTS,))
    net.lif1.threshold.fill_(0.9)
    stages = (
        Stage(module_backend(net, model.traced, model.calling), model.traced),
        Stage(graph_backend("graph", model.graph), model.traced),
    )
    (agreement,) = certify(stages, np.random.default_rng(0).uniform(0, 2, (7, INPUTS))).agreements
    assert not agreement.agrees and agreement.units["lif1"] > 0


def test_what_is_no_spike_is_refused():
    net = nn.Sequential(snn.Leaky(0.5, threshold=0.1, graded_spikes_factor=0.5, init_hidden=True))
    calling = Calling("step", (Result("readout", leaving="step"),), 3)
    with pytest.raises(InputError, match="something else than single spikes"):
        simulate_stepped(net, calling, {"n": "0"}, np.ones((2, 4)))


def test_a_network_that_cannot_run_is_an_error_of_one_sentence():
    with pytest.raises(InputError, match=r"Sequential does not run as it was traced \(mat1"):
        simulate_stepped(
            nn.Sequential(nn.Linear(3, 2)),
            Calling("step", (Result("readout", leaving="step"),), 3),
            {},
            np.ones((2, 4)),
        )
