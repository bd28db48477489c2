"""Forwards as people write them: the graph runs as the module does, or names the call that it cannot run."""

from __future__ import annotations

import math
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
from snnhw.graph.ir import Scale
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from snnhw.workflows.load import model_of

STEPS, CHANNELS, SIDE, CLASSES = 3, 4, 4, 5
SIZE = CHANNELS * SIDE * SIDE
Written = Callable[["Net", Tensor], Tensor]


class Net(nn.Module):
    """A convolution, a unit, two matrices; `flatten` and `end` are how the rest of its forward is written."""

    def __init__(self, flatten: Written, end: Written) -> None:
        super().__init__()
        self.frames, self.conv, self.mlf = Frames(STEPS), nn.Conv2d(2, CHANNELS, 3, padding=1), MLF(timesteps=STEPS)
        self.a, self.b, self.c = nn.Linear(SIZE, CLASSES), nn.Linear(SIZE, CLASSES), nn.Linear(CLASSES, CLASSES)
        self.flat, self.norm = nn.Flatten(), nn.BatchNorm1d(CLASSES)
        self.mean, self.unit = MeanOverTime(STEPS), MLF(timesteps=STEPS)
        self.flatten, self.end = flatten, end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self, self.flatten(self, self.mlf(self.conv(self.frames(x)))))


def by_axes(net: Net, x: Tensor) -> Tensor:
    rows, c, h, w = x.shape
    return x.view(rows, c * h * w)


def by_time(net: Net, x: Tensor) -> Tensor:
    apart = x.view(STEPS, x.size(0) // STEPS, *x.shape[1:2], x.shape[2], x.size(-1))
    return apart.flatten(0, 1).flatten(1)


FLATTENS: dict[str, Written] = {
    "module": lambda net, x: net.flat(x),
    "flatten": lambda net, x: x.flatten(1),
    "torch.flatten": lambda net, x: torch.flatten(x, start_dim=1),
    "axes": by_axes,
    "numel": lambda net, x: x.reshape(x.shape[0], x.shape[1:].numel()),
    "quotient": lambda net, x: x.view(-1, x.numel() // x.shape[0]),
    "time": by_time,
    "time rows": lambda net, x: x.view(STEPS, -1, SIZE).view(x.size(0), -1),
    "items": lambda net, x: x.view(-1, *x.shape[1:]).reshape(x.shape[0], math.prod(x.shape[1:])),
    "same": lambda net, x: x.view(x.size()).flatten(1),
}
ENDS: dict[str, Written] = {
    "plain": lambda net, x: net.mean(net.a(x)),
    "sum of two": lambda net, x: net.mean(net.a(x) + net.b(x)),
    "linear behind": lambda net, x: net.a(net.mean(x)),
    "two linears behind": lambda net, x: net.c(net.a(net.mean(x))),
    "linear on both sides": lambda net, x: net.c(net.mean(net.a(x))),
    "norm behind": lambda net, x: net.norm(net.a(net.mean(x))),
    "multiple": lambda net, x: net.mean(net.a(x)) * 3,
    "two means": lambda net, x: net.mean(net.a(x)) + 2 * net.mean(net.b(x)),
    "sum behind": lambda net, x: net.c(net.mean(net.a(x)) + net.b(net.mean(x))),
    "by hand": lambda net, x: net.a(x).view(STEPS, -1, CLASSES).mean(0),
    "by hand, sizes": lambda net, x: net.a(x.view(STEPS, x.size(0) // STEPS, x.size(1)).mean(dim=0)),
    "matrix over both axes": lambda net, x: net.a(x.view(STEPS, -1, SIZE)).mean(0),
    "sum over time": lambda net, x: net.c(net.a(x).reshape(STEPS, -1, CLASSES).sum(0)),
    "matrix behind the sum over time": lambda net, x: net.a(x.view(STEPS, -1, SIZE).sum(0)),
    "matrices behind a sum and a mean": lambda net, x: (
        net.a(x.view(STEPS, -1, SIZE).sum(0)) + net.b(net.mean(x)) * STEPS
    ),
    "in place": lambda net, x: net.mean(net.a(x).mul_(2)),
    "nothing": lambda net, x: net.mean(x),
}


def lively(network: Net, seed: int) -> Net:
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    network.norm.running_mean.normal_()
    network.norm.running_var.uniform_(0.5, 2)
    return network.double().eval()


def synops_by_hooks(network: Net, x: Tensor) -> int:
    """Of every matrix and convolution that spikes enter: what arrives times the non-zero weights that it meets."""
    counted = []

    def hook(module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        counted.append(int((inputs[0] @ (module.weight != 0).double().T).sum()))

    handles = [layer.register_forward_hook(hook) for layer in (network.a, network.b)]
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    return sum(counted)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(FLATTENS)), st.sampled_from(list(ENDS)), st.integers(0, 2**16), st.booleans())
def test_a_network_runs_as_its_module_however_it_is_written(flatten, end, seed, static):
    network = lively(Net(FLATTENS[flatten], ENDS[end]), seed)
    model = model_of(network, (2, SIDE, SIDE))
    shape = (3, 2, SIDE, SIDE) if static else (3, STEPS, 2, SIDE, SIDE)
    x = np.random.default_rng(seed).normal(0, 2, shape)
    told = module_backend(network, model.traced).run(x, False)
    record = simulate(model.graph, x, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, told.logits, atol=1e-9)
    np.testing.assert_array_equal(record.units["mlf"].levels, told.units["mlf"].levels)
    if end in ("plain", "sum of two", "multiple", "two means", "in place", "matrix behind the sum over time"):
        frames = torch.as_tensor(x) if static else torch.as_tensor(x).transpose(0, 1)
        layers = [layer for layer in count(model.graph, record).layers if layer.kind == "readout"]
        assert sum(layer.unit_synops for layer in layers) == synops_by_hooks(network, frames)
    behind = {"linear behind": {"a"}, "two linears behind": {"a", "c"}, "plain": set(), "sum behind": {"b", "c"}}
    if end in behind:
        assert {f.node for f in model.findings if f.code == "behind-the-mean"} == behind[end]


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (lambda net, x: net.unit(net.a(net.mean(x))), r"'unit' \(MLF\) stands behind the mean over time"),
        (lambda net, x: net.mean(net.mean(net.a(x))), "takes a mean over time of a mean over time"),
        (
            lambda net, x: torch.softmax(net.mean(net.a(x)), 1),
            r"takes the softmax of a value, test_walk.* return the value",
        ),
        (lambda net, x: net.mean(net.a(x)) ** 2, r"forward \(pow, test_walk"),
        (lambda net, x: net.mean(net.a(x)) + net.b(x), "adds values of other steps"),
        (lambda net, x: x.view(x.size(0) // STEPS, STEPS, -1).mean(1), r"forward \(view, test_walk"),
        (lambda net, x: net.a(x).mean(0), r"forward \(mean, test_walk"),
        (lambda net, x: net.a(x.view(2, -1, SIZE)).mean(0), r"last \[2, 3\] time steps"),
        (lambda net, x: net.mean(net.a(F.dropout(x, 0.5))), r"forward \(dropout, test_walk"),
        (lambda net, x: net.frames(net.a(net.mean(x))), "shows 3 times what has time already"),
        (lambda net, x: net.mean(net.a(x) + net.a.bias), r"\(a.bias\)|forward \(a"),
    ],
)
def test_what_a_graph_cannot_say_is_refused_by_name(end, sentence):
    with pytest.raises(InputError, match=sentence):
        trace(lively(Net(FLATTENS["module"], end), 0), (2, SIDE, SIDE))


def test_a_view_into_other_steps_than_the_network_has_is_refused():
    with pytest.raises(InputError, match=r"last \[3, 6\] time steps"):
        trace(lively(Net(FLATTENS["module"], lambda net, x: net.a(x).view(6, -1, CLASSES).mean(0)), 0), (2, 4, 4))


class Twice(nn.Module):
    """Two inputs."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Pair(nn.Module):
    """A layer of two inputs, as a user explains it."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * y


class Paired(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    def forward(self, x: Tensor) -> Tensor:
        return self.pair(x, x)


def test_several_inputs_are_refused():
    with pytest.raises(InputError, match="forward uses 'y' beside the input"):
        trace(Twice(), (4,))
    with pytest.raises(InputError, match="'pair' is called with"):
        trace(Paired(), (4,), modules={Pair: lambda name, module, shape: None})


class Changed(nn.Module):
    """A value that is changed in place and read again."""

    def __init__(self) -> None:
        super().__init__()
        self.size = nn.Linear(4, 4)  # a module called like a method

    def forward(self, x: Tensor) -> Tensor:
        first = self.size(x)
        second = self.size(x)
        second *= 3
        second += first
        return second + second


def test_what_is_changed_in_place_is_changed_for_later_readers():
    network = Changed().double().eval()
    graph = trace(network, (4,))
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


def test_a_matrix_behind_the_sum_over_time_takes_each_spike_once():
    flatten = next(iter(FLATTENS.values()))
    network = lively(Net(flatten, ENDS["matrix behind the sum over time"]), 3)
    model = model_of(network, (2, SIDE, SIDE))
    x = np.random.default_rng(3).normal(0, 2, (3, 2, SIDE, SIDE))
    record = simulate(model.graph, x, execution=DOUBLE)
    (last,) = [layer for layer in count(model.graph, record).layers if layer.kind == "readout"]
    spikes = int(record.units["mlf"].spikes.sum())  # by hand: every spike meets each of the classes once
    assert last.unit_synops == spikes * CLASSES == synops_by_hooks(network, torch.as_tensor(x)) > 0


def test_a_sum_and_a_mean_in_front_of_one_matrix_are_told_apart():
    def end(net: Net, x: Tensor) -> Tensor:
        return net.a(x.view(STEPS, -1, SIZE).sum(0) + x.view(STEPS, -1, SIZE).mean(0) * STEPS)

    network = lively(Net(next(iter(FLATTENS.values())), end), 4)
    x = np.random.default_rng(4).normal(0, 2, (3, 2, SIDE, SIDE))
    record = simulate(model_of(network, (2, SIDE, SIDE)).graph, x, execution=DOUBLE)
    with torch.no_grad():
        np.testing.assert_allclose(record.logits, network(torch.as_tensor(x)).numpy(), atol=1e-9)


class SumOfImages(Net):
    """Images of spikes are added up over time, and flattened behind the sum."""

    def __init__(self) -> None:
        super().__init__(next(iter(FLATTENS.values())), ENDS["plain"])

    def forward(self, x: Tensor) -> Tensor:
        x = self.mlf(self.conv(self.frames(x)))
        return self.a(x.view(STEPS, -1, CHANNELS, SIDE, SIDE).sum(0).flatten(1))


def test_the_factor_of_a_sum_over_time_passes_what_only_moves_values():
    network = lively(SumOfImages(), 5)
    x = np.random.default_rng(5).normal(0, 2, (3, 2, SIDE, SIDE))
    graph = model_of(network, (2, SIDE, SIDE)).graph
    record = simulate(graph, x, execution=DOUBLE)
    (last,) = [layer for layer in count(graph, record).layers if layer.kind == "readout"]
    assert (
        last.unit_synops
        == int(record.units["mlf"].spikes.sum()) * CLASSES
        == synops_by_hooks(network, torch.as_tensor(x))
    )
    assert not any(isinstance(node, Scale) for node in graph.nodes.values())  # Loihi has none
    with torch.no_grad():
        np.testing.assert_allclose(record.logits, network(torch.as_tensor(x)).numpy(), atol=1e-9)
