"""Reads: by hand, by brute force over the spikes of a random network, and additive over samples."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reading import windows_of
from snnhw.analysis.crossbar.reads import Reads, count_reads, reads_of
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from tests.analysis.crossbar.nets import INPUTS, two_layers
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_net, residual_nets


def test_reads_by_hand():
    found = count_reads(two_layers(), INPUTS)
    # fc: 3 and 1 in 8 bits: bit 0 drives two lines, bit 1 one line, six bits nothing. out: one spike on two lines
    assert found.layers["fc"] == Reads(vectors=1, groups=8, active_groups=2, lines=24, active_lines=3)
    assert found.layers["out"] == Reads(vectors=1, groups=1, active_groups=1, lines=2, active_lines=1)
    assert found.twin == found.layers and found.samples == 1  # one step of one level is one bit


def by_loops(layer, node, frames, padding):
    """Reads of frames [T, N, C, H, W] of spikes, position by position, level by level, group by group, line by line."""
    vectors = groups = active_groups = lines = 0
    kh, kw = node.weight.shape[2:]
    per_group = frames.shape[2] // node.groups
    for frame in frames.reshape(-1, *frames.shape[2:]):
        padded = np.pad(frame, ((0, 0), (padding[0], padding[0]), (padding[1], padding[1])))
        for group in range(node.groups):
            for y in range(node.shape[1]):
                for x in range(node.shape[2]):
                    top, left = y * node.stride[0], x * node.stride[1]
                    window = padded[group * per_group : (group + 1) * per_group, top : top + kh, left : left + kw]
                    vector = window.reshape(-1)
                    vectors += 1
                    for level in range(1, layer.coding.levels + 1):
                        lines += int((vector >= level).sum())
                        for a, b in layer.group_spans:
                            groups += 1
                            active_groups += bool((vector[a:b] >= level).any())
    return vectors, groups, active_groups, lines


@settings(max_examples=8)
@given(residual_nets)
def test_reads_of_spikes_are_those_of_the_loops(sample):
    graph = compile_loihi(sample.graph, sample.inputs).graph
    mapping = map_crossbars(graph, load_crossbar("rram").having(rows=16, rows_per_read=8))
    seen = {}
    keep = lambda node, x: seen.__setitem__(node.name, x.numpy())  # noqa: E731
    inputs = sample.inputs[:1]
    simulate(graph, inputs, execution=Execution(synapses=keep))
    found = count_reads(mapping, inputs)
    for layer in mapping.layers:
        node = graph.nodes[layer.name]
        if isinstance(node, Conv2d) and layer.coding.kind == "unary":
            reads = found.layers[layer.name]
            numbers = (reads.vectors, reads.groups, reads.active_groups, reads.active_lines)
            assert numbers == by_loops(layer, node, seen[layer.name], node.padding)
            assert reads.lines == reads.vectors * layer.coding.levels * layer.matrix.inputs


def test_reads_add_up_over_samples_and_pulses_carry_the_same_spikes():
    sample = residual_net(3, samples=6)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    unary, pulse = (map_crossbars(graph, load_crossbar("rram").having(drive=drive)) for drive in ("channels", "pulse"))
    whole = count_reads(unary, sample.inputs)
    parts = [count_reads(unary, sample.inputs[:2]), count_reads(unary, sample.inputs[2:])]
    pulses = count_reads(pulse, sample.inputs)
    for name, reads in whole.layers.items():
        assert reads == parts[0].layers[name] + parts[1].layers[name]
        assert whole.twin[name] == parts[0].twin[name] + parts[1].twin[name]
        assert pulses.layers[name].active_lines == reads.active_lines and pulses.layers[name].lines == reads.lines
        assert pulses.layers[name].active_groups <= reads.active_groups


def test_a_silent_network_reads_nothing_that_is_not_skipped():
    found = count_reads(two_layers(), np.zeros((2, 3)))
    assert [(r.groups, r.active_groups, r.active_lines) for r in found.layers.values()] == [(16, 0, 0), (2, 0, 0)]


@pytest.mark.parametrize("kind", ["LIF", "MLF", "current-based"])
def test_reads_of_a_network_with_loops_are_those_of_its_steps(kind):
    graph, x = network(kind, "both", seed=4, timesteps=3)
    graph = compile_loihi(graph, x).graph
    mapping = map_crossbars(graph, load_crossbar("rram"))
    seen: dict[str, list] = {}
    keep = lambda node, x: seen.setdefault(node.name, []).append(x)  # noqa: E731
    simulate(graph, x, execution=Execution(synapses=keep))  # one batch
    found = count_reads(mapping, x)
    assert len(seen["again"]) == 3
    for layer in mapping.layers:
        every = windows_of(graph.nodes[layer.name], torch.cat(seen[layer.name])).flatten(0, 1)
        assert found.layers[layer.name] == reads_of(layer, every, layer.coding)
        assert found.twin[layer.name].vectors == found.layers[layer.name].vectors  # its steps are computed one by one


def test_a_loop_without_weight_changes_no_read():
    graph, x = network("LIF", "synapse", seed=4)
    silent = dataclasses.replace(graph.nodes["again"], weight=0 * graph.nodes["again"].weight, bias=None)
    graph = graph.replace(nodes={**graph.nodes, "again": silent})
    graph = compile_loihi(graph, x).graph
    apart = [name for name in graph.nodes if name not in ("again", "late")]
    chain = graph.replace(
        nodes=[graph.nodes[name] for name in apart],
        edges=tuple(edge for edge in graph.edges if edge.source in apart and edge.target in apart),
    )
    loop, without = (count_reads(map_crossbars(g, load_crossbar("rram")), x) for g in (graph, chain))
    assert {name: loop.layers[name] for name in without.layers} == without.layers
    assert loop.layers["again"].active_groups > 0  # its spikes come back, and are worth nothing


def test_floats_are_refused():
    sample = residual_net(0)
    with pytest.raises(InputError, match="in floats and crossbars hold integers; quantise it first"):
        count_reads(map_crossbars(sample.graph, load_crossbar("rram")), sample.inputs)
