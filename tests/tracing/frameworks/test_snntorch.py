"""snnTorch beside us: spikes of every neuron, kind of reset and place of parameters are those of its own run."""

import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace

STEPS, BATCH, INPUTS, SIZE = 14, 3, 5, 8
KEPT = {"init_hidden": True}
NEURONS = {
    "leaky": lambda: snn.Leaky(0.8, threshold=0.3, **KEPT),
    "leaky, beta above 1": lambda: snn.Leaky(1.7, threshold=0.9, **KEPT),
    "leaky, parameters of each neuron": lambda: snn.Leaky(
        torch.linspace(0.2, 0.9, SIZE), threshold=torch.linspace(0.1, 1, SIZE), learn_beta=True, **KEPT
    ),
    "leaky, zero": lambda: snn.Leaky(0.8, threshold=0.3, reset_mechanism="zero", **KEPT),
    "leaky, zero at once": lambda: snn.Leaky(0.8, threshold=0.3, reset_mechanism="zero", reset_delay=False, **KEPT),
    "leaky, none": lambda: snn.Leaky(0.5, threshold=0.3, reset_mechanism="none", **KEPT),
    "leaky, no decay": lambda: snn.Leaky(1.0, **KEPT),
    "lapicque, R and C": lambda: snn.Lapicque(R=2.0, C=3.0, threshold=0.1, **KEPT),
    "lapicque, beta": lambda: snn.Lapicque(beta=0.7, threshold=0.1, **KEPT),
    "lapicque, step": lambda: snn.Lapicque(R=2.0, C=3.0, time_step=0.5, threshold=0.1, **KEPT),
    "synaptic": lambda: snn.Synaptic(0.7, 0.8, threshold=0.6, **KEPT),
    "synaptic, zero at once": lambda: snn.Synaptic(
        0.7, 0.8, threshold=0.6, reset_mechanism="zero", reset_delay=False, **KEPT
    ),
    "synaptic, none": lambda: snn.Synaptic(0.4, 0.3, threshold=0.6, reset_mechanism="none", **KEPT),
    "rleaky": lambda: snn.RLeaky(0.8, linear_features=SIZE, threshold=0.3, **KEPT),
    "rleaky, one to one": lambda: snn.RLeaky(0.8, all_to_all=False, V=0.4, threshold=0.3, **KEPT),
    "rleaky, each to itself": lambda: snn.RLeaky(
        0.8, all_to_all=False, V=torch.linspace(-0.5, 0.5, SIZE), threshold=0.3, **KEPT
    ),
    "rsynaptic": lambda: snn.RSynaptic(0.7, 0.8, linear_features=SIZE, threshold=0.6, **KEPT),
}


def alone(neuron, x):
    """Spikes [T, B, n] of the module itself, in float64."""
    neuron.reset_mem()
    recurrent = getattr(neuron, "recurrent", None)
    if isinstance(recurrent, nn.Linear | nn.Conv2d):  # spikes of a surrogate are float32
        recurrent.register_forward_pre_hook(lambda module, args: (args[0].to(module.weight.dtype),))
    with torch.no_grad():
        return torch.stack([neuron(step) for step in x])


@pytest.mark.parametrize("name", NEURONS)
@pytest.mark.parametrize("seed", range(3))
def test_spikes_are_those_of_snntorch(name, seed):
    torch.manual_seed(seed)
    neuron = NEURONS[name]().double()
    x = torch.rand(STEPS, BATCH, SIZE, dtype=torch.float64) * 1.5 - 0.5
    graph = trace(nn.Sequential(neuron), (SIZE,), timesteps=STEPS)
    fired = alone(neuron, x)
    record = simulate(graph, x.transpose(0, 1).numpy(), raster=True, execution=DOUBLE)
    (raster,) = record.raster.values()
    assert torch.equal(torch.from_numpy(raster[:, :, 0]).double(), fired.transpose(0, 1).double())
    assert 0.05 < fired.float().mean() < 0.95
    assert (record.logits == fired.double().mean(0).numpy()).all()


def test_a_surrogate_that_fires_at_the_threshold_does_so_in_the_graph():
    """Inputs of halves meet the threshold itself, where the forwards of two surrogates differ."""
    x = torch.tensor([[[0.5, 1.0]], [[0.5, 0.0]], [[0.25, 1.5]], [[0.0, 0.5]]], dtype=torch.float64)
    fired = {}
    for sign, surrogate in (("above", None), ("at", lambda u: (u >= 0).float())):
        neuron = snn.Leaky(0.5, threshold=0.5, spike_grad=surrogate, **KEPT).double()
        graph = trace(nn.Sequential(neuron), (2,), timesteps=4)
        record = simulate(graph, x.transpose(0, 1).numpy(), raster=True, execution=DOUBLE)
        (raster,) = record.raster.values()
        fired[sign] = torch.from_numpy(raster[0, :, 0]).double()
        assert torch.equal(fired[sign], alone(neuron, x)[:, 0].double())
    assert not torch.equal(fired["above"], fired["at"])


REFUSED = {
    "soft surrogate": (
        lambda: snn.Leaky(0.8, spike_grad=torch.sigmoid, **KEPT),
        "fires by sigmoid, which sends .* a spiking neuron sends 1 above",
    ),
    "surrogate of two values": (
        lambda: snn.Leaky(0.8, spike_grad=lambda u: 2.0 * (u > 0), **KEPT),
        "which sends 2 where the membrane is 1e-06 above the threshold",
    ),
    "another threshold": (
        lambda: snn.Leaky(0.8, spike_grad=lambda u: (u > 0.5).float(), **KEPT),
        "which sends 0 where the membrane is 1e-06 above the threshold",
    ),
    "chance": (
        lambda: snn.Synaptic(0.7, 0.8, spike_grad=lambda u: (u + torch.rand_like(u) > 0.5).float(), **KEPT),
        "values that change from call to call",
    ),
    "inhibition": (lambda: snn.Leaky(0.8, inhibition=True, **KEPT), "uses inhibition"),
    "quantised state": (lambda: snn.Leaky(0.8, state_quant=lambda x: x, **KEPT), "uses state_quant"),
    "graded": (lambda: snn.Leaky(0.8, graded_spikes_factor=0.5, **KEPT), "times graded_spikes_factor"),
    "subtract at once": (lambda: snn.Leaky(0.8, reset_delay=False, **KEPT), "takes its threshold off at once"),
    "late reset without memory": (lambda: snn.Leaky(0.0, **KEPT), "keeps nothing of a step"),
    "lapicque, zero": (lambda: snn.Lapicque(beta=0.7, reset_mechanism="zero", **KEPT), "loses the input"),
    "synaptic, zero": (lambda: snn.Synaptic(0.7, 0.8, reset_mechanism="zero", **KEPT), "loses the input"),
    "rleaky, zero": (
        lambda: snn.RLeaky(0.7, linear_features=SIZE, reset_mechanism="zero", **KEPT),
        "loses the input",
    ),
    "alpha": (lambda: snn.Alpha(0.9, 0.8, **KEPT), "Alpha of snntorch, whose neurons with a node are Leaky"),
    "threshold below 0": (lambda: snn.Leaky(0.8, threshold=-0.1, **KEPT), "has a threshold below 0"),
    "other shape": (lambda: snn.Leaky(torch.linspace(0, 1, 3), **KEPT), "beta of 'layer_0' has the shape"),
}


@pytest.mark.parametrize("around", [{"V": 0.4}, {"V": torch.tensor([[[0.2]], [[-0.6]]])}, None])
def test_images_come_back_too(around):
    torch.manual_seed(0)
    how = {"conv2d_channels": 2, "kernel_size": 3} if around is None else {"all_to_all": False, **around}
    neuron = snn.RLeaky(0.8, threshold=0.4, **how, **KEPT).double()
    x = torch.rand(STEPS, BATCH, 2, 5, 5, dtype=torch.float64) - 0.3
    graph = trace(nn.Sequential(neuron), (2, 5, 5), timesteps=STEPS)
    record = simulate(graph, x.transpose(0, 1).numpy(), raster=True, execution=DOUBLE)
    fired = alone(neuron, x).transpose(0, 1).double()
    assert 0.05 < fired.mean() < 0.95
    assert torch.equal(torch.from_numpy(record.raster["layer_0"][:, :, 0]).double(), fired)


def test_one_to_one_weights_that_differ_within_a_channel_are_refused():
    neuron = snn.RLeaky(0.8, all_to_all=False, V=torch.rand(5), threshold=0.4, **KEPT)
    with pytest.raises(InputError, match="differs within a channel"):
        trace(nn.Sequential(neuron), (2, 5, 5), timesteps=STEPS)


@pytest.mark.filterwarnings("ignore:Inhibition is an unstable feature")
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_node_cannot_say_is_refused(name):
    make, sentence = REFUSED[name]
    with pytest.raises(InputError, match=sentence):
        trace(nn.Sequential(make()), (SIZE,), timesteps=STEPS)


def test_a_reset_that_was_changed_after_the_neuron_was_made_is_refused():
    neuron = snn.Leaky(0.8, **KEPT)
    neuron.reset_mechanism = "zero"
    with pytest.raises(InputError, match="was made with reset_mechanism='subtract' and says 'zero' now"):
        trace(nn.Sequential(neuron), (SIZE,), timesteps=STEPS)


def test_neurons_of_versions_before_0_8_are_refused():
    neuron = snn.Leaky(0.8, **KEPT)
    del neuron.state_function
    with pytest.raises(InputError, match=r"'layer_0' steps as before snnTorch 0\.8"):
        trace(nn.Sequential(neuron), (SIZE,), timesteps=STEPS)
