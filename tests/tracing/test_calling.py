"""How networks of a framework's modules are called, as tracing finds out."""

import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.tracing.calling import Calling, Result, axes_of, start
from snnhw.tracing.trace import traced
from tests.tracing.frameworks.standins import namespace, standin
from tests.tracing.test_stepwise import INPUTS, STEPS, Net, added, batch_first, in_place, stacked


@pytest.mark.parametrize(
    ("forward", "told", "found"),
    [
        (stacked, {}, Calling(None, (Result("readout", 0, leaving="time"),), STEPS)),
        (stacked, {"timesteps": STEPS}, Calling(None, (Result("readout", 0, leaving="time"),), STEPS)),
        (added(0), {}, Calling(None, (Result("readout"),), STEPS)),
        (in_place, {"timesteps": STEPS}, Calling("time", (Result("readout"),), STEPS)),
        (batch_first, {"timesteps": STEPS}, Calling("batch", (Result("readout", leaving="batch"),), STEPS)),
    ],
)
def test_axes_of_what_enters_and_leaves(forward, told, found):
    assert traced(Net(forward).eval(), (INPUTS,), **told)[1] == found


def test_cells_of_norse_give_their_state_to_the_next_call():
    parameters = {"tau_mem_inv": 100.0, "v_leak": 0.0, "v_th": 0.5, "v_reset": 0.0, "method": "super"}
    cell = standin("norse", "LIFCell", dt=0.001, p=namespace({**parameters, "tau_syn_inv": 200.0}))
    network = nn.Sequential(nn.Linear(3, 2), cell)
    assert traced(network, (3,), timesteps=4)[1] == Calling(
        "step", (Result("readout", 0, leaving="step"),), 4, passes_state=True
    )
    assert (axes_of(network, "1"), axes_of(network, "0")) == ("step", "frames")


def test_networks_of_our_own_are_called_as_ever():
    assert traced(nn.Sequential(nn.Linear(3, 2)), (3,))[1] is None


def test_neurons_start_at_zero():
    network = nn.Sequential(snn.Leaky(0.9, init_hidden=True), nn.Linear(3, 3))
    network(torch.full((2, 3), 0.5))
    assert network[0].mem.any()
    start(network)
    assert not network[0].mem.any()
