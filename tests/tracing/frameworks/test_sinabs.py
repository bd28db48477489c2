"""sinabs' neurons: what its own run sent for the same attributes, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF
from snnhw.simulation.engine import simulate
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import StandIn, cell_of, named, recorded, sent_by, standin, tensor

RECORDED = recorded("sinabs")


def module_of(described, **changed):
    own = {key: tensor(value) for key, value in {**described, **changed}.items()}
    name = own.pop("class")
    if "spike_fn" in own:
        spike, reset = own.pop("spike_fn"), own.pop("reset_fn")
        most = spike["max_num_spikes_per_bin"]
        own["spike_fn"] = named(spike["class"], max_num_spikes_per_bin=most)
        own["reset_fn"] = named(reset["class"], **{k: v for k, v in reset.items() if k != "class"})
    if "rec_connect" in own:
        weight, bias = (tensor(own["rec_connect"][k]) for k in ("weight", "bias"))
        own["rec_connect"] = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        own["rec_connect"].weight.data = weight
        if bias is not None:
            own["rec_connect"].bias.data = bias
    return standin("sinabs", name, **own)


def test_all_neurons_are_recorded():
    kinds = {case["module"]["class"] for case in RECORDED.values()}
    assert kinds == {"IAF", "LIF", "ExpLeak", "LIFRecurrent", "IAFRecurrent"}
    assert all(0.05 < case["sent"].mean() < 1.3 for case in RECORDED.values())


@pytest.mark.parametrize("name", RECORDED)
def test_what_is_sent_is_what_sinabs_sends(name):
    case = RECORDED[name]
    sent = sent_by(cell_of(module_of(case["module"]), (6,)), case["current"])
    if name == "leak":
        assert np.allclose(sent, case["sent"], rtol=0, atol=1e-12)
    else:
        assert np.array_equal(sent, case["sent"])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"spike_fn": {"class": "MultiSpike", "max_num_spikes_per_bin": None}}, "may send any number of spikes"),
        ({"min_v_mem": -1.0}, "min_v_mem"),
        ({"reset_fn": {"class": "MembraneReset", "reset_value": 0.5}}, "resets by MembraneReset"),
        ({"tau_mem": [2.0, 3.0]}, "has the shape"),
    ],
)
def test_what_a_node_cannot_say_is_refused(changed, sentence):
    with pytest.raises(InputError, match=sentence):
        cell_of(module_of(RECORDED["lif"]["module"], **changed), (3,))


BURST = RECORDED["burst"]["module"]


def test_a_burst_takes_off_as_much_for_each_of_its_spikes():
    reset = {"class": "MembraneSubtract", "subtract_value": 0.25}
    node = cell_of(module_of(BURST, spike_threshold=0.5, reset_fn=reset), (6,)).sender
    assert isinstance(node, ILIF) and (node.levels, node.taken_off) == (3, 0.25)
    assert node.thresholds == tuple(float(np.nextafter(np.float32(0.5 * k), np.float32(0))) for k in (1, 2, 3))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"reset_fn": {"class": "MembraneReset", "reset_value": 0}}, "empties its membrane after a burst"),
        ({"norm_input": True}, "has a gain of its own"),
        ({"spike_threshold": [1.0, 2.0, 3.0]}, "has spike_threshold of its own"),
        ({"tau_mem": [2.0, 3.0, 4.0]}, "has tau_mem of its own"),
    ],
)
def test_bursts_that_a_node_cannot_say_are_refused(changed, sentence):
    with pytest.raises(InputError, match=sentence):
        cell_of(module_of(BURST, **changed), (3,))


def test_weights_around_that_are_no_single_layer_are_refused():
    module = module_of(RECORDED["recurrent"]["module"])
    module.rec_connect = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 6))
    with pytest.raises(InputError, match="no single convolution or matrix"):
        cell_of(module, (6,))


def squeezed(**attributes):
    return module_of({**RECORDED["iaf"]["module"], "class": "IAFSqueeze", "batch_size": -1, **attributes})


def test_rows_of_a_sample_one_after_the_other():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), squeezed(num_timesteps=4), nn.Flatten(), nn.Linear(18, 3)).eval()
    graph = trace(network, (1, 5, 5), timesteps=4)
    assert (graph.timesteps, graph.readout.shape) == (4, (3,))
    with torch.no_grad():
        network[3].weight.fill_(1)
    assert simulate(graph, np.ones((2, 4, 1, 5, 5))).logits.shape == (2, 3)


def test_another_number_of_steps_than_the_module_says_is_refused():
    with pytest.raises(InputError, match=r"runs 4 time steps where timesteps=5 was given; give timesteps=4"):
        trace(nn.Sequential(nn.Linear(3, 2), squeezed(num_timesteps=4)).eval(), (3,), timesteps=5)


def test_branches_are_merged():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.spikes = nn.Linear(3, 2), nn.Linear(3, 2), squeezed(num_timesteps=4)
            self.merge = standin("sinabs", "Merge")

        def forward(self, x):
            return self.spikes(self.merge(self.one(x), self.two(x)))

    graph = trace(Two().eval(), (3,), timesteps=4)
    assert {edge.source for edge in graph.into("spikes")} == {"one", "two"}


def test_neurons_without_a_node_are_refused_by_name():
    base = type("StatefulLayer", (StandIn,), {"__module__": "sinabs.layers.stateful_layer"})
    with pytest.raises(InputError, match=r"1 \(ALIF of sinabs, whose neurons with a node are IAF"):
        trace(nn.Sequential(nn.Linear(3, 2), standin("sinabs", "ALIF", (base,))), (3,), timesteps=4)
