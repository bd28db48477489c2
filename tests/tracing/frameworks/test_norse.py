"""Norse's neurons: what its own run sent for the same parameters, and what is refused."""

import numpy as np
import pytest
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import StandIn, cell_of, namespace, recorded, sent_by, standin, tensor

RECORDED = recorded("norse")


def module_of(described, **changed):
    own = {**described, **changed}
    p = namespace({k: v for k, v in own["p"].items() if k != "reset_method"})
    if "reset_method" in own["p"]:
        p.reset_method = type("Function", (), {"__name__": own["p"]["reset_method"]})
        p.reset_method.__name__ = own["p"]["reset_method"]
    sizes = {k: own[k] for k in ("input_size", "hidden_size") if k in own}
    weights = {k: tensor(own[k]) for k in ("input_weights", "recurrent_weights") if k in own}
    return standin("norse", own["class"], dt=own["dt"], p=p, **sizes, **weights)


def test_all_cells_are_recorded():
    kinds = {case["module"]["class"] for case in RECORDED.values()}
    assert kinds == {"LIFCell", "LIFBoxCell", "IAFCell", "LICell", "LIFRecurrentCell"}
    spikes = [case["sent"] for name, case in RECORDED.items() if name != "li"]
    assert all(0.05 < sent.mean() < 0.9 for sent in spikes)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_sent_is_what_norse_sends(name, whole):
    case = RECORDED[name]
    kind = case["module"]["class"]
    if whole and kind == "LIFBoxCell":
        pytest.skip("norse has no LIFBox over all steps")
    module = module_of(case["module"], **({"class": kind.removesuffix("Cell")} if whole else {}))
    sent = sent_by(cell_of(module, (6,)), case["current"])
    if name == "li":
        assert np.allclose(sent, case["sent"], rtol=0, atol=1e-12)
    else:
        assert np.array_equal(sent, case["sent"])


def changed(name, **parameters):
    described = RECORDED[name]["module"]
    return module_of(described, p={**described["p"], **parameters})


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (changed("lif", method="logistic"), "fires by chance"),
        (changed("iaf", method="circ_dist"), "fires by chance"),
        (changed("li", v_leak=0.5), "integrates toward v_leak"),
        (changed("box", reset_method="reset_of_my_own"), "function of its own"),
    ],
)
def test_what_a_node_cannot_say_is_refused(module, sentence):
    with pytest.raises(InputError, match=sentence):
        cell_of(module, (3,))


def test_recurrent_weights_of_another_size_are_refused():
    with pytest.raises(InputError, match="takes 6 values and gets"):
        cell_of(module_of(RECORDED["recurrent"]["module"]), (5,))


def test_a_cell_gives_its_state_and_a_current_belongs_to_its_neuron():
    cell = cell_of(module_of(RECORDED["lif"]["module"]), (4,), "lif")
    current, neuron = cell.nodes
    assert isinstance(current, LI) and isinstance(neuron, LIF) and current.current_of == neuron.name == cell.sent


def test_neurons_without_a_node_are_refused_by_name():
    base = type("SNNCell", (StandIn,), {"__module__": "norse.torch.module.snn"})
    with pytest.raises(InputError, match=r"1 \(LSNNCell of norse, whose neurons with a node are LIFCell"):
        trace(nn.Sequential(nn.Linear(3, 2), standin("norse", "LSNNCell", (base,))), (3,), timesteps=4)
