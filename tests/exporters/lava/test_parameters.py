"""Weights, biases and thresholds as Lava takes them, and what neither Lava nor Loihi can hold."""

import dataclasses

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.lava.lower import lower
from snnhw.graph.ir import LIF, Conv2d, Linear, LoihiLIF
from tests.exporters.lava.nets import Net, residual


def test_weights_behind_a_flatten_follow_the_stream():
    net = Net(0, levels=1, shape=(2, 3, 4))
    x = net.neurons("u", net.conv("c", ["input"], 2))
    graph = net.graph(net.flatten("flat", x))
    weight = graph.nodes["head"].weight.reshape(-1, 2, 3, 4)
    found = lower(graph).arrays["head/weight"].reshape(-1, 4, 3, 2)
    assert np.array_equal(found, weight.transpose(0, 3, 2, 1))


def with_node(graph, kind, **changes):
    """The graph with its first node of a kind changed."""
    first = graph.of_type(kind)[0]
    nodes = [dataclasses.replace(n, **changes) if n is first else n for n in graph.nodes.values()]
    return graph.replace(nodes=nodes)


@pytest.mark.parametrize(
    "kind, changes, reason",
    [
        (LoihiLIF, {"threshold": 2**17}, "threshold lies outside the integers 0..131071"),
        (LoihiLIF, {"dv": 4096}, "dv lies outside the integers 0..4095"),
        (LoihiLIF, {"du": 1.5}, "du lies outside the integers"),
        (LoihiLIF, {"bias_exp": 8}, "bias_exp lies outside"),
        (LoihiLIF, {"bias_mant": np.full((4, 1, 1), 4096)}, "bias_mant lies outside the integers -4096..4095"),
        (Conv2d, {"weight": np.ones((4, 2, 3, 3), np.int32)}, "are not the even integers -256..254"),
        (Conv2d, {"weight": np.full((4, 2, 3, 3), 256)}, "are not the even integers -256..254"),
        (Conv2d, {"weight": np.full((4, 2, 3, 3), 2.5)}, "are not the even integers -256..254"),
        (Conv2d, {"bias": np.ones(4)}, "has a bias, which belongs into the integer neuron stem_l1; move it"),
        (
            Conv2d,
            {"dilation": (128, 1), "padding": (0, 0), "weight": np.full((4, 2, 1, 1), 2)},
            "dilation of 128 is beyond 127",
        ),
        (
            Linear,
            {"weight": np.full((4, 7), 2, np.int32)},
            r"it gets \[6, 3, 3\] and says it sends \[4\], but it cannot take that",
        ),
    ],
)
def test_what_loihi_cannot_hold_is_refused(kind, changes, reason):
    with pytest.raises(InputError, match=reason):
        lower(with_node(residual(0)[1], kind, **changes))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"gain": 2.0}, "it has a gain of its own"),
        ({"v_reset": 0.1}, "it resets to another value than 0"),
        ({"decay": np.linspace(0, 1, 4)}, r"its decay has the shape \[4\], which does not fit \[4, 6, 6\]"),
    ],
)
def test_neurons_that_lava_lacks_are_refused(changes, reason):
    with pytest.raises(InputError, match=f"'stem_l1' does not fit lava: {reason}"):
        lower(with_node(residual(0, integer=False)[1], LIF, **changes))


def test_equal_decays_of_all_neurons_are_one_decay():
    graph = with_node(residual(0, integer=False)[1], LIF, decay=np.full((4, 1, 1), 0.25))
    (first, *_) = [p for p in lower(graph).processes if p.kind == "lif"]
    assert first.params["dv"] == 0.75


@pytest.mark.parametrize("kind", [LIF, LoihiLIF])
def test_values_of_every_neuron_are_arrays_in_lavas_order(kind):
    """Of (C, H, W) Lava keeps (W, H, C); a reset by subtraction is a process of ours."""
    integer = kind is LoihiLIF
    decays = np.arange(144).reshape(4, 6, 6) if integer else np.arange(144).reshape(4, 6, 6) / 256
    own = {"dv": decays, "taken_off": 9} if integer else {"decay": 1 - decays, "threshold": 0.75, "v_reset": 0.5}
    network = lower(with_node(residual(0, integer=integer)[1], kind, reset="subtract", **own))
    (soft,) = [p for p in network.processes if p.kind == "soft_lif"]
    assert np.array_equal(network.arrays[soft.arrays["dv"]], decays.transpose())
    assert soft.params["taken_off"] == (9 if integer else 0.25) and {"du", "vth"} <= set(soft.params)
