"""How often the twin computes: by hand, and by hooks on torch networks that run as the twin does."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.twin_passes import FRAMES, RECURRENT, RECURRENT_STATIC, STATIC, SUMMED, twin_passes
from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Readout
from snnhw.passes import deploy
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from tests.analysis.nets import three_layers

T, RNG = 6, np.random.default_rng(5)


def linear(name, inputs, outputs):
    return Linear(name=name, shape=(outputs,), weight=RNG.normal(0, 1, (outputs, inputs)))


def lif(name, *shape):
    return LIF(name=name, shape=shape, threshold=0.5, decay=0.5)


def data(shape, stepped, events=False):
    size = (2, T, *shape) if stepped else (2, *shape)
    return RNG.integers(0, 3, size).astype(float) if events else RNG.normal(0, 1, size)


def counted(graph, inputs):
    return count(graph, simulate(graph, inputs))


class Rnn(nn.Module):
    """The twin of `three_layers`, run as its author would: a ReLU for each LIF, the hidden values fed back."""

    def __init__(self):
        super().__init__()
        self.into, self.middle, self.around = nn.Linear(3, 5), nn.Linear(5, 4), nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, frames):
        """[T, 3]; a single frame [1, 3] is shown T times, and what does not change is kept."""
        hidden, logits = torch.zeros(4), torch.zeros(2)
        first = self.middle(torch.relu(self.into(frames[0])))
        for t in range(T):
            if t and len(frames) > 1:
                first = self.middle(torch.relu(self.into(frames[t])))
            hidden = torch.relu(first + self.around(hidden))
            logits += self.head(hidden) / T
        return logits


def macs_by_hooks(network, *inputs):
    """Multiply-accumulates of all layers that run; of convolutions the taps inside the image."""
    total = 0

    def hook(module, given, out):
        nonlocal total
        if isinstance(module, nn.Linear):
            total += given[0].shape[:-1].numel() * module.weight.numel()
        else:
            ones = torch.ones_like(given[0]), torch.ones_like(module.weight)
            total += int(nn.functional.conv2d(*ones, padding=module.padding, stride=module.stride).sum())

    handles = [m.register_forward_hook(hook) for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    with torch.no_grad():
        network(*inputs)
    for handle in handles:
        handle.remove()
    return total


@pytest.mark.parametrize("events", [False, True])
def test_recurrent_net_by_hand_and_by_hooks(events):
    """Every layer at each of 6 steps: 6 * (15 + 20 + 16 + 8); with one frame only what is in and behind the loop."""
    graph = declare_input(three_layers(), 2) if events else three_layers()
    moving = counted(graph, data((3,), True, events))
    assert moving.twin == RECURRENT and moving.total("dense_macs") == T * (15 + 20 + 16 + 8)
    assert moving.total("dense_macs") == macs_by_hooks(Rnn(), torch.zeros(T, 3))
    assert [(r.name, r.dense_macs, r.repeated_macs, r.passes) for r in moving.layers] == [
        ("before", 6 * 15, 6 * 15, 6), ("hidden", 6 * 36, 6 * 36, 6), ("readout", 6 * 8, 6 * 8, 6),
    ]  # fmt: skip
    still = counted(graph, data((3,), False, events))
    assert still.twin == RECURRENT_STATIC and still.total("dense_macs") == 15 + 20 + T * (16 + 8)
    assert still.total("dense_macs") == macs_by_hooks(Rnn(), torch.zeros(1, 3))
    assert [(r.dense_macs, r.repeated_macs, r.passes) for r in still.layers] == [
        (15, 0, 1), (20 + 6 * 16, 6 * 16, 6), (6 * 8, 6 * 8, 6),
    ]  # fmt: skip
    assert [r.dense_inputs for r in still.layers] == [3, 5 + 6 * 4, 6 * 4]
    assert [r.twin_words for r in still.layers] == [3, 5 + 4, 4]


def conv_net():
    nodes = [
        Input(name="input", shape=(2, 5, 5)),
        Conv2d(name="stem", shape=(3, 5, 5), weight=RNG.normal(size=(3, 2, 3, 3)), padding=(1, 1)),
        lif("one", 3, 5, 5),
        Conv2d(name="conv", shape=(4, 3, 3), weight=RNG.normal(size=(4, 3, 3, 3)), padding=(1, 1), stride=(2, 2)),
        lif("two", 4, 3, 3),
        Flatten(name="flatten", shape=(36,)),
        linear("head", 36, 3),
        Readout(name="readout", shape=(3,)),
    ]
    names = [node.name for node in nodes]
    return Graph.build(nodes, [Edge(a, b) for a, b in pairwise(names)], T)


def test_frames_of_analogue_values_are_computed_one_by_one():
    """By hand: taps of a 3 x 3 kernel on 5 x 5 with a border of one: 13 * 13; at stride 2: 7 * 7."""
    cnn = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(36, 3),
    )  # fmt: skip
    one_pass = 169 * 6 + 49 * 12 + 36 * 3
    assert one_pass == macs_by_hooks(cnn, torch.zeros(1, 2, 5, 5))
    graph = conv_net()
    moving, still = (counted(graph, data((2, 5, 5), stepped)) for stepped in (True, False))
    assert (moving.twin, still.twin) == (FRAMES, STATIC)
    assert moving.total("dense_macs") == macs_by_hooks(cnn, torch.zeros(T, 2, 5, 5)) == T * one_pass
    assert still.total("dense_macs") == one_pass
    assert {row.passes for row in moving.layers} == {T} and {row.passes for row in still.layers} == {1}
    assert [r.twin_words for r in moving.layers] == [r.dense_inputs for r in still.layers] == [50, 75, 36]
    events = counted(declare_input(graph, 2), data((2, 5, 5), True, True))
    assert events.twin == SUMMED and events.total("dense_macs") == one_pass


def test_the_axis_decides_and_no_value():
    """The same frame at every step, saved as T frames, is T frames; every number of the network itself stays."""
    graph, image = conv_net(), data((2, 5, 5), False)
    saved = np.repeat(image[:, None], T, axis=1)
    moving, still = counted(graph, saved), counted(graph, image)
    assert moving.total("dense_macs") == T * still.total("dense_macs")
    for key in ("spikes", "macs", "unit_synops", "neuron_updates"):
        assert moving.total(key) == still.total(key)


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(0, 2))
def test_the_kind_follows_from_loops_delays_and_data(loop, stepped, events, delay):
    graph = three_layers(loop, max(delay, int(loop)))
    graph = declare_input(graph, 2) if events else graph
    found = twin_passes(graph, T, stepped=stepped)
    if loop:
        assert found.kind == (RECURRENT if stepped else RECURRENT_STATIC)
    elif not stepped:
        assert found.kind == STATIC
    else:  # a delay tells the steps of events apart
        assert found.kind == (SUMMED if events and not delay else FRAMES)
    everything = found.kind in (FRAMES, RECURRENT)
    assert {name for name in graph.nodes if found.of(name) == T} == (
        set(graph.nodes) if everything else {"previous", "around", "hidden", "head", "readout"} if loop else set()
    )


@settings(max_examples=15)
@given(st.booleans(), st.booleans())
def test_the_twin_does_not_change_with_the_deployment(stepped, raster):
    graph = conv_net()
    inputs = data((2, 5, 5), stepped)
    slots = deploy(graph, "slots")
    assert math.prod((slots.input.slots, T)) == slots.timesteps
    found = [count(g, simulate(g, inputs, raster=raster)) for g in (graph, deploy(graph, "channels"), slots)]
    assert len({(c.twin, c.total("dense_macs"), c.total("repeated_macs")) for c in found}) == 1


@given(st.booleans(), st.booleans(), st.booleans())
def test_in_one_step_everything_is_computed_once(loop, stepped, events):
    graph = declare_input(three_layers(loop), 2) if events else three_layers(loop)
    found = twin_passes(graph, 1, stepped=stepped)
    assert found.kind in (STATIC, SUMMED) and {found.of(name) for name in graph.nodes} == {1}
