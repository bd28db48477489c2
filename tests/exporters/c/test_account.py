"""Operations of a step, by hand and by a loop over every tap."""

from __future__ import annotations

import numpy as np

from snnhw.exporters.c.account import account, dense_operations, neuron_updates
from snnhw.exporters.c.program import program_of
from snnhw.graph.ir import Conv2d
from snnhw.simulation.engine import simulate
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import late
from tests.exporters.lava.nets import vgg


def taps(node, size):
    """Connections of a convolution, one after the other."""
    found = 0
    for y in range(node.shape[1]):
        for x in range(node.shape[2]):
            for ky in range(node.weight.shape[2]):
                for kx in range(node.weight.shape[3]):
                    row = y * node.stride[0] - node.padding[0] + ky * node.dilation[0]
                    column = x * node.stride[1] - node.padding[1] + kx * node.dilation[1]
                    found += 0 <= row < size[0] and 0 <= column < size[1]
    return found * node.shape[0] * node.weight.shape[1]


def test_dense_operations_are_the_taps_inside_the_image():
    net, graph = vgg(2)
    expected = 0
    for node in graph.nodes.values():
        if hasattr(node, "weight"):
            arriving = graph.nodes[graph.into(node.name)[0].source].shape
            expected += taps(node, arriving[1:]) if isinstance(node, Conv2d) else node.weight.size
    assert dense_operations(graph) == expected > 1000
    record = simulate(tamed(graph), net.inputs(2))
    words = account(tamed(graph), program_of(tamed(graph)), record, events=True)
    assert f"makes at most {expected:,} multiply-accumulates" in words and "synaptic events a step" in words


def test_a_small_network_by_hand():
    graph, x = late(2, 1)
    assert dense_operations(graph) == 5 * 6 + 6 * 6 + 6 * 6 and neuron_updates(graph) == 12
    made = program_of(graph)
    words = account(graph, made, simulate(graph, x), events=False)
    assert "12 neurons in 2 populations, 6 steps a sample." in words and "weights as int8_t" in words
    assert made.state_bytes == 4 * 12 + 4 * 6 + (1 + 2) * 6 + 2 * 4  # membranes, output, rings and their slots
    assert f"{made.state_bytes:,} bytes of states" in words and np.isfinite(made.scratch_bytes)
