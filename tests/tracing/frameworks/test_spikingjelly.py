"""SpikingJelly's neurons: the spikes of its own run for the same attributes, and what is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF
from snnhw.simulation.engine import simulate
from snnhw.tracing.frameworks.registry import adapter_of, refusal_of
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import StandIn, cell_of, named, recorded, sent_by, standin

RECORDED = recorded("spikingjelly")
SURROGATE = named("Sigmoid", spiking=True)


def module_of(described):
    kept = {k: v for k, v in described.items() if k not in ("class", "max_spike_count")}
    most = described.get("max_spike_count")
    surrogate = SURROGATE if most is None else named("MultiLevelSpikeCount", spiking=True, max_spike_count=most)
    attributes = {"surrogate_function": surrogate, **kept}
    if "w" in attributes:
        attributes["w"] = torch.tensor(attributes["w"])
    return standin("spikingjelly", described["class"], **attributes)


def lif(**changed):
    own = {"class": "LIFNode", "v_threshold": 0.5, "v_reset": 0.0, "step_mode": "s", "tau": 2.0, "decay_input": True}
    return module_of({**own, **changed})


def test_all_neurons_are_recorded():
    assert {case["module"]["class"] for case in RECORDED.values()} == {
        *("IFNode", "LIFNode", "ParametricLIFNode", "ILIFNode"),
    }
    assert {case["sent"].max() for case in RECORDED.values()} == {1, 2}
    assert all(0.1 < case["sent"].mean() < 1.3 for case in RECORDED.values())


@pytest.mark.parametrize("name", RECORDED)
def test_spikes_are_those_of_spikingjelly(name):
    case = RECORDED[name]
    cell = cell_of(module_of(case["module"]), (6,))
    assert np.array_equal(sent_by(cell, case["current"]), case["sent"])


def test_it_fires_where_the_membrane_meets_the_threshold():
    cell = cell_of(module_of({"class": "IFNode", "v_threshold": 1.0, "v_reset": 0.0, "step_mode": "s"}), (1,))
    assert isinstance(cell.sender, LIF) and cell.sender.threshold < 1
    assert sent_by(cell, np.full((4, 1), 0.5, np.float32)).tolist() == [[0], [1], [0], [1]]


def ilif(**changed):
    most = named("MultiLevelSpikeCount", spiking=True, max_spike_count=4)
    own = {"v_threshold": 0.5, "v_reset": None, "step_mode": "m", "tau": 2.0, "surrogate_function": most}
    return standin("spikingjelly", "ILIFNode", **{**own, **changed})


def test_an_integer_neuron_is_one_node():
    node = cell_of(ilif(), (3,)).sender
    assert isinstance(node, ILIF)
    assert (node.levels, node.decay, node.taken_off, node.thresholds[0]) == (4, 0.5, 0.5, 0.25)


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (ilif(surrogate_function=named("Sigmoid", spiking=True)), "does not say its largest integer"),
        (ilif(surrogate_function=named("MultiLevelSpikeCount", spiking=False)), "sends its surrogate's values"),
        (lif(surrogate_function=named("Sigmoid", spiking=False)), "sends its surrogate's values"),
        (lif(_neuron_precision=("fp16", "fp32", "fp32")), "precision of its own"),
    ],
)
def test_what_a_node_cannot_say_is_refused(module, sentence):
    with pytest.raises(InputError, match=sentence):
        cell_of(module, (3,))


def conv(mode):
    kind = type("Conv2d", (nn.Conv2d,), {"__module__": "spikingjelly.activation_based.layer"})
    layer = kind(1, 2, 3)
    layer.step_mode = mode
    return layer


def test_layers_that_take_all_steps_get_time_first():
    network = nn.Sequential(conv("m"), lif(step_mode="m")).eval()
    graph = trace(network, (1, 5, 5), timesteps=3)
    assert (graph.timesteps, graph.readout.shape) == (3, (2, 3, 3))
    assert simulate(graph, np.ones((2, 3, 1, 5, 5))).logits.shape == (2, 2, 3, 3)


@pytest.mark.parametrize(("one", "two"), [("m", "s"), ("s", "m")])
def test_a_neuron_in_another_mode_than_what_it_gets_is_refused(one, two):
    with pytest.raises(InputError, match=r"'1' \(LIFNode\) takes .* and gets"):
        trace(nn.Sequential(conv(one), lif(step_mode=two)).eval(), (1, 5, 5), timesteps=3)


def test_neurons_without_a_node_are_refused_by_name():
    memory = type("MemoryModule", (StandIn,), {"__module__": "spikingjelly.activation_based.base"})
    network = nn.Sequential(nn.Linear(3, 2), standin("spikingjelly", "KLIFNode", (memory,)))
    with pytest.raises(InputError, match=r"1 \(KLIFNode of spikingjelly, whose neurons with a node are IFNode"):
        trace(network, (3,), timesteps=4)


@pytest.mark.parametrize(
    ("name", "single"), [("IFNode", {}), ("LIFNode", {"tau": 2.0}), ("ParametricLIFNode", {"w": 0.3})]
)
@pytest.mark.parametrize("v_reset", [0.0, None])
def test_neurons_of_before_modes_take_all_steps_where_their_name_says_so(name, single, v_reset):
    """`clock_driven` of 0.0.0.0.12, in which public transformers are written: the same steps, and no step_mode."""
    own = {"surrogate_function": SURROGATE, "v_threshold": 0.5, "v_reset": v_reset, "decay_input": True, **single}
    several = standin("spikingjelly", f"MultiStep{name}", **own)
    one = standin("spikingjelly", name, **own)
    assert (adapter_of(several).axes(several), adapter_of(one).axes(one)) == ("time", "step")
    current = np.random.default_rng(0).normal(0.4, 0.5, (16, 6)).astype(np.float32)
    cells = [cell_of(module, (6,)) for module in (several, one, module_of({"class": name, "step_mode": "s", **own}))]
    sent = [sent_by(cell, current) for cell in cells]
    assert np.array_equal(sent[0], sent[1]) and np.array_equal(sent[0], sent[2]) and 0.1 < sent[0].mean() < 0.9


@pytest.mark.parametrize("surrogate", [lambda u: (u > 0).float(), lambda u: (u >= 0).float()])
def test_a_surrogate_of_ones_own_fires_where_its_forward_does(surrogate):
    at = bool(surrogate(torch.zeros(1)))
    cell = cell_of(lif(surrogate_function=surrogate, v_threshold=1.0, decay_input=False), (1,))
    assert sent_by(cell, np.array([[1.0], [1.5]], np.float32)).tolist() == [[int(at)], [1]]


def test_a_surrogate_that_is_no_step_is_refused_by_name():
    with pytest.raises(InputError, match="fires by sigmoid, which sends"):
        cell_of(lif(surrogate_function=torch.sigmoid), (1,))


def test_a_delay_and_a_norm_of_thresholds_are_what_they_say():
    kind = type("Delay", (StandIn,), {"__module__": "spikingjelly.somewhere"})
    late = kind()
    late.delay_steps, late.step_mode = 2, "m"
    assert cell_of(late, (3,)).sender.steps == 2
    norm = standin("spikingjelly", "ThresholdDependentBatchNorm2d")
    assert adapter_of(norm).layer is nn.BatchNorm2d and adapter_of(norm).axes(norm) == "time"


@pytest.mark.parametrize("name", ["NeuNorm", "SynapseFilter", "BatchNormThroughTime2d", "TemporalEffectiveBatchNorm1d"])
def test_layers_with_a_state_are_refused_for_what_they_are(name):
    layer = standin("spikingjelly", name)
    words = refusal_of(layer)
    assert words is not None and "which no node does; " in words and "neurons with a node" not in words
