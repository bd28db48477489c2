"""What stands between events and the first layer: a norm makes analogue values of them, pools and scales do not."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Linear, Readout, Scale
from snnhw.nn import Frames, MeanOverTime, build
from snnhw.nn.neurons import MLF
from snnhw.passes.declare_input import declare_input
from snnhw.passes.fold_pool import fold_pool
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import model_of

T, B, SIZE = 3, 2, 12
EVENTS = (np.random.default_rng(0).random((B, T, 2, SIZE, SIZE)) < 0.1).astype(float)


def run(network: nn.Module):
    """(graph, counts, what hooks see of each convolution: non-zero inputs, dense taps) on `EVENTS`."""
    seen = {}

    def look(name):
        def hook(module, inputs, out):
            ones = torch.ones_like(inputs[0])
            how = module.stride, module.padding, module.dilation, module.groups
            taps = F.conv2d(ones, (module.weight != 0).double(), None, *how).sum()
            seen[name] = int((inputs[0] != 0).sum()), inputs[0].numel(), round(taps.item())

        return hook

    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(look(name))
    with torch.no_grad():
        logits = network(torch.as_tensor(EVENTS).transpose(0, 1)).numpy()
    graph = declare_input(model_of(network, (2, SIZE, SIZE)).graph, 1)
    record = simulate(graph, EVENTS, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, logits, atol=1e-9)
    return graph, count(graph, record), seen


def gesture() -> nn.Module:
    """`gesture_ds_resnet20` with fewer channels and blocks, and statistics as training leaves them."""
    torch.manual_seed(0)
    network = build("gesture_ds_resnet20", widths=(4, 6), blocks=(1, 1), timesteps=T, classes=5)
    for module in network.modules():
        if isinstance(getattr(module, "running_mean", None), torch.Tensor):
            module.running_mean += 0.2 * torch.randn_like(module.running_mean)
    return network.double().eval()


def test_a_norm_on_events_makes_the_first_convolution_dense_in_torch_and_here() -> None:
    graph, counts, seen = run(gesture())
    nonzero, values, taps = seen["stem.conv"]
    assert nonzero == values == EVENTS.size  # the norm has left no zero
    stem = counts.layers[0]
    assert (stem.macs, stem.synapse_nodes) == (taps, ("stem_conv", "input_norm"))
    assert stem.unit_synops == stem.events == EVENTS.sum()  # the scale of the norm, once for each event
    assert counts.total("macs") == taps  # behind the first units all are spikes again
    assumed = estimate(counts, load_profile("horowitz45-fp32")).assumes
    assert any(
        s.startswith("stem_mlf takes events of the input, and a layer of it gets analogue sums") for s in assumed
    )
    assert not any("static image" in sentence for sentence in assumed)
    assert "layer-on-sums" in [f.code for f in check(graph, "loihi1") if f.severity == "error"]
    with pytest.raises(InputError, match="'stem_conv' does not fit loihi1: it takes the sums of input_norm"):
        map_network(fold_pool(graph), load_chip("loihi1"))


@pytest.mark.parametrize("before", [nn.Identity(), nn.AvgPool2d(2)], ids=["nothing", "pool"])
def test_without_a_norm_events_stay_events(before: nn.Module) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(2, 4, 3, padding=1)
    layers = Frames(T), before, conv, MLF((0.1,), timesteps=T), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    _, counts, _ = run(nn.Sequential(*layers, MeanOverTime(T)).double().eval())
    x = torch.as_tensor(EVENTS).flatten(0, 1)
    spikes = x if isinstance(before, nn.Identity) else F.avg_pool2d(x, 2, divisor_override=1)
    met = F.conv2d(spikes, torch.ones_like(conv.weight), padding=1).sum().item()
    assert (counts.layers[0].macs, counts.layers[0].unit_synops, counts.total("macs")) == (0, round(met), 0)


def test_a_scale_on_events_goes_into_the_weights() -> None:
    """Positions that it sets to zero send nothing."""
    nodes = [
        Input(name="x", shape=(3,), levels=2),
        Scale(name="scale", shape=(3,), scale=np.array([0.5, 0.0, -2.0])),
        Linear(name="fc", shape=(4,), weight=np.ones((4, 3))),
        LIF(name="a", shape=(4,), decay=0.5, threshold=0.5),
        Readout(name="readout", shape=(4,)),
    ]
    chain = [("x", "scale"), ("scale", "fc"), ("fc", "a"), ("a", "readout")]
    x = np.random.default_rng(1).integers(0, 3, (B, T, 3)).astype(float)
    graph = Graph.build(nodes, chain, timesteps=T)
    layer = count(graph, simulate(graph, x)).layers[0]
    assert (layer.macs, layer.unit_synops, layer.events) == (
        0,
        4 * x[..., [0, 2]].sum(),
        4 * (x[..., [0, 2]] > 0).sum(),
    )


def test_layers_on_sums_inside_the_network_are_named_apart_from_the_image() -> None:
    nodes = [
        Input(name="x", shape=(1, 4, 4), levels=1),
        Conv2d(name="one", shape=(1, 4, 4), weight=np.ones((1, 1, 1, 1))),
        LIF(name="a", shape=(1, 4, 4), decay=0.5, threshold=0.5),
        Conv2d(name="two", shape=(1, 4, 4), weight=np.ones((1, 1, 1, 1))),
        Conv2d(name="three", shape=(1, 4, 4), weight=np.ones((1, 1, 1, 1))),
        LIF(name="b", shape=(1, 4, 4), decay=0.5, threshold=0.5),
        Readout(name="readout", shape=(1, 4, 4)),
    ]
    chain = [("x", "one"), ("one", "a"), ("a", "two"), ("two", "three"), ("three", "b"), ("b", "readout")]
    graph = Graph.build(nodes, chain, timesteps=T)
    counts = count(graph, simulate(graph, EVENTS[:, :, :1, :4, :4]))
    assert (counts.layers[0].macs, counts.layers[1].macs) == (0, B * T * 16)
    assumed = estimate(counts, load_profile("horowitz45-fp32")).assumes
    assert "Layers that get analogue sums inside the network are multiplied at every step." in assumed
    assert not any("takes events of the input" in sentence or "static image" in sentence for sentence in assumed)
