"""What public forward methods write: logits, spikes and counts of the graph are those of the module, by hooks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from snnhw.analysis.counting.count import count
from snnhw.errors import InputError
from snnhw.graph.ir import Scale, Wires
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import model_of
from tests.tracing.hooks import synops_by_hooks, work_by_hooks

STEPS, CHANNELS, SIDE, CLASSES = 3, 4, 6, 5
Written = Callable[["Net", Tensor], Tensor]


class Net(nn.Module):
    """Two populations; `body` is what stands between them, where spikes of the first arrive."""

    def __init__(self, body: Written) -> None:
        super().__init__()
        self.frames, self.stem, self.first = Frames(STEPS), nn.Conv2d(2, CHANNELS, 3, padding=1), MLF(timesteps=STEPS)
        self.conv, self.wide = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), nn.Conv2d(2 * CHANNELS, CHANNELS, 3)
        self.side, self.last = nn.Conv2d(CHANNELS, CHANNELS, 1), MLF(timesteps=STEPS)
        self.up = nn.ConvTranspose2d(CHANNELS, CHANNELS, 3, stride=2, padding=1, output_padding=1)
        self.alpha = nn.Parameter(torch.rand(CHANNELS, 1, 1))
        self.drop, self.rows, self.apart = nn.AlphaDropout(), nn.Flatten(0, 1), nn.Unflatten(0, (STEPS, -1))
        self.norm, self.head = nn.BatchNorm2d(CHANNELS), nn.Linear(CHANNELS, CLASSES)
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.body(self, self.first(self.stem(self.frames(x)))))
        return self.head(x.mean((2, 3))).view(STEPS, -1, CLASSES).mean(0)


BODIES: dict[str, Written] = {
    "difference": lambda net, x: net.conv(x) - x,
    "difference of layers": lambda net, x: net.conv(x) - 2 * net.side(x),
    "in place": lambda net, x: net.conv(x).sub_(net.side(x)).mul_(0.5),
    "negative": lambda net, x: -net.conv(x) + 3 * x,
    "half": lambda net, x: 0.5 * net.conv(x) / 2,
    "parameter": lambda net, x: net.conv(x) * net.alpha.sigmoid(),
    "joined": lambda net, x: net.wide(torch.cat([x, x], dim=1)),
    "joined times": lambda net, x: net.wide(2 * torch.cat([x + x, x], 1)),
    "joined analogue": lambda net, x: torch.cat([net.side(x), net.conv(x)], 1)[:, 2:6],
    "joined rows": lambda net, x: net.conv(torch.cat([x, x], dim=-1)),
    "transposed": lambda net, x: net.up(x),
    "transposed call": lambda net, x: F.conv_transpose2d(x, net.up.weight, net.up.bias, 2, 1),
    "enlarged": lambda net, x: net.conv(F.interpolate(x, scale_factor=2)),
    "padded": lambda net, x: net.wide(F.pad(torch.cat([x, x], 1), (1, 1, 1, 1))),
    "option A": lambda net, x: net.conv(x)[:, :, ::2, ::2] + F.pad(x[:, :2, ::2, ::2], (0, 0, 0, 0, 1, 1)),
    "called": lambda net, x: F.conv2d(x, net.conv.weight - net.conv.weight.mean(), net.conv.bias, padding=1),
    "normed": lambda net, x: F.batch_norm(
        net.conv(x), net.norm.running_mean, net.norm.running_var, net.norm.weight, net.norm.bias
    ),
    "border": lambda net, x: F.avg_pool2d(net.conv(x), 3, 2, 1, count_include_pad=False),
    "time apart": lambda net, x: net.rows(net.apart(net.conv(x)).contiguous()),
    "other axes": lambda net, x: net.drop(net.conv(x)).flatten(2).unflatten(2, (SIDE, SIDE)),
    "turned": lambda net, x: net.conv(x).transpose(2, 3).flip(1),
    "copied": lambda net, x: F.channel_shuffle(net.conv(x), 2).clone(),
}


def lively(network: nn.Module, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.double().eval()


HOOKED = set(BODIES) - {"called", "transposed call"}  # these have no module with a hook


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(BODIES)), st.integers(0, 2**16), st.booleans())
def test_a_network_runs_and_counts_as_its_module_however_it_is_written(body, seed, static):
    network = lively(Net(BODIES[body]), seed)
    model = model_of(network, (2, SIDE, SIDE))
    shape = (3, 2, SIDE, SIDE) if static else (3, STEPS, 2, SIDE, SIDE)
    x = np.random.default_rng(seed).normal(0, 2, shape)
    told = module_backend(network, model.traced).run(x, False)
    assert told.logits.std() > 0
    for graph in (model.graph, model.traced):
        record = simulate(graph, x, execution=DOUBLE)
        np.testing.assert_allclose(record.logits, told.logits, atol=1e-9)
        for unit in ("first", "last"):
            np.testing.assert_array_equal(record.units[unit].levels, told.units[unit].levels)
    if body in HOOKED:
        frames = torch.as_tensor(x) if static else torch.as_tensor(x).transpose(0, 1)
        layers = {layer.name: layer for layer in count(model.graph, simulate(model.graph, x, execution=DOUBLE)).layers}
        assert layers["last"].unit_synops - identity_synops(layers["last"]) == synops_by_hooks(network, frames)


def identity_synops(layer) -> int:
    """Spikes that reach a population without a layer, which no hook sees."""
    return sum(edge.unit_synops for edge in layer.edges if not edge.synapse)


def test_joined_tensors_become_a_sum_of_layers():
    model = model_of(lively(Net(BODIES["padded"]), 0), (2, SIDE, SIDE))
    assert not model.graph.of_type(Wires) and len(model.traced.of_type(Wires)) == 3
    parts = [model.graph.nodes[edge.source] for edge in model.graph.into("last")]
    assert [part.weight.shape[:2] for part in parts] == [(CHANNELS, CHANNELS)] * 2
    assert [part.bias is None for part in parts] == [False, True]


def test_zeros_between_analogue_values_are_no_products():
    network = lively(Net(lambda net, x: net.wide(torch.cat([net.up(net.side(x)), net.up(net.conv(x))], 1))), 0)
    model = model_of(network, (2, SIDE, SIDE))
    x = np.random.default_rng(0).normal(0, 2, (2, STEPS, 2, SIDE, SIDE))
    record = simulate(model.graph, x, execution=DOUBLE)
    counts = count(model.graph, record)
    assert (counts.layers[1].unit_synops, counts.total("macs")) == work_by_hooks(
        network, torch.as_tensor(x).transpose(0, 1)
    )
    assert counts.layers[1].dense_macs * 2 == counts.layers[1].macs + dense_of_spikes(counts.layers[1])


def dense_of_spikes(layer) -> int:
    """MACs of the layers that take spikes, as if every position fired in each of the steps."""
    return 2 * STEPS * sum(edge.synapses for edge in layer.edges)


def test_whole_multiples_are_gains_and_others_a_scale():
    graph = model_of(lively(Net(lambda net, x: (4 * net.conv(x)) / 2 - net.side(x) * 1.0), 0), (2, SIDE, SIDE)).graph
    assert sorted(edge.gain for edge in graph.into("last")) == [-1, 2] and not graph.of_type(Scale)
    graph = model_of(lively(Net(BODIES["half"]), 0), (2, SIDE, SIDE)).graph
    assert [node.scale for node in graph.of_type(Scale)] == [0.5, 0.5]


class Repeated(nn.Module):
    """A static input that the forward itself repeats over time."""

    def __init__(self, repeat: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.repeat, self.conv, self.unit = repeat, nn.Conv2d(2, 3, 3), MLF(timesteps=STEPS)
        self.head = nn.Linear(48, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.unit(self.conv(self.repeat(x)))
        return self.head(x.flatten(1)).view(STEPS, -1, CLASSES).sum(0) / STEPS


REPEATS: dict[str, Callable[[Tensor], Tensor]] = {
    "rows": lambda x: x.repeat(STEPS, 1, 1, 1),
    "axis": lambda x: x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1).flatten(0, 1),
    "expanded": lambda x: x.unsqueeze(0).expand(STEPS, -1, -1, -1, -1).reshape(-1, *x.shape[1:]),
    "stacked": lambda x: torch.stack([x] * STEPS, dim=0).flatten(0, 1),
}


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS)
def test_an_input_that_the_forward_repeats(repeat):
    network = lively(Repeated(repeat), 1)
    model = model_of(network, (2, SIDE, SIDE))
    assert model.graph.timesteps == STEPS and not model.graph.of_type(Scale)
    x = np.random.default_rng(1).normal(0, 2, (4, 2, SIDE, SIDE))
    with torch.no_grad():
        expected = network(torch.as_tensor(x)).numpy()
    np.testing.assert_allclose(simulate(model.graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


class Sequence(nn.Module):
    """A network of one-dimensional layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.unit = nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4), MLF(timesteps=STEPS)
        self.pool, self.deep, self.last = nn.AvgPool1d(2), nn.Conv1d(4, 6, 3), MLF(timesteps=STEPS)
        self.head = nn.Linear(6, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = x.repeat(STEPS, 1, 1)
        x = self.last(self.deep(self.pool(self.unit(self.norm(self.conv(x))))))
        return self.head(x.mean(2)).view(STEPS, -1, CLASSES).mean(0)


def test_sequences_are_images_of_one_row():
    network = lively(Sequence(), 3)
    model = model_of(network, (2, 16))
    assert model.graph.input.shape == (2, 1, 16) and model.graph.units()["last"][0].shape == (6, 1, 6)
    x = np.random.default_rng(3).normal(0, 2, (4, 2, 16))
    told = module_backend(network, model.traced).run(x, True)
    record = simulate(model.graph, x, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, told.logits, atol=1e-9)
    for unit in ("unit", "last"):
        np.testing.assert_array_equal(record.units[unit].levels, told.units[unit].levels)
        assert told.membranes[unit].shape[3:] == model.graph.units()[unit][0].shape
    np.testing.assert_array_equal(record.logits, simulate(model.graph, x[:, :, None], execution=DOUBLE).logits)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (lambda net, x: net.conv(x) - net.conv.bias, r"forward \(sub, test_idioms"),
        (lambda net, x: net.conv(x) * 0, r"forward \(mul, test_idioms"),
        (lambda net, x: net.conv(x) / 0, "divides by 0"),
        (lambda net, x: torch.cat([x, x], 0)[: x.shape[0]], r"forward \(cat, test_idioms"),
        (lambda net, x: x.view(STEPS, -1, *x.shape[1:])[0], r"forward \(getitem, test_idioms"),
        (lambda net, x: x[1:], r"forward \(getitem, test_idioms"),
        (lambda net, x: x - x, "A difference in forward is 0 always"),
        (lambda net, x: F.max_pool2d(x.unsqueeze(2), 2), r"forward \(unsqueeze, test_idioms"),
    ],
)
def test_what_a_graph_cannot_say_is_refused_by_name(body, sentence):
    network = lively(Net(body), 0)
    with pytest.raises(InputError, match=sentence):
        model_of(network, (2, SIDE, SIDE))
