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
        (LoihiLIF, {"threshold": 2**17}, "threshold outside the integers 0..131071"),
        (LoihiLIF, {"dv": 4096}, "dv outside the integers 0..4095"),
        (LoihiLIF, {"du": 1.0}, "du outside the integers"),
        (LoihiLIF, {"bias_exp": 8}, "bias_exp outside"),
        (LoihiLIF, {"bias_mant": np.full((4, 1, 1), 4096)}, "bias_mant outside the integers -4096..4095"),
        (Conv2d, {"weight": np.ones((4, 2, 3, 3), np.int32)}, "other than the even integers"),
        (Conv2d, {"weight": np.full((4, 2, 3, 3), 256)}, "other than the even integers"),
        (Conv2d, {"weight": np.full((4, 2, 3, 3), 2.0)}, "other than the even integers"),
        (Conv2d, {"bias": np.ones(4)}, "has a bias; move it into the neuron"),
        (Conv2d, {"dilation": (128, 1)}, "dilation over 127"),
        (Linear, {"weight": np.full((4, 7), 2, np.int32)}, "has 7 inputs and gets 54; fold the pool"),
    ],
)
def test_what_loihi_cannot_hold_is_refused(kind, changes, reason):
    with pytest.raises(InputError, match=reason):
        lower(with_node(residual(0)[1], kind, **changes))


@pytest.mark.parametrize("changes", [{"reset": "subtract"}, {"gain": 2.0}, {"v_reset": 0.1}, {"decay": np.ones(4)}])
def test_neurons_that_lava_lacks_are_refused(changes):
    with pytest.raises(InputError, match="'stem_l1' has a soft reset, a gain, a reset value or mixed decays"):
        lower(with_node(residual(0, integer=False)[1], LIF, **changes))
