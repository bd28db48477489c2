"""Adders behind the tiles, counted by hand on networks with and without shortcuts."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.digital import Adders, adders_of, states_of, twin_adders_of
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.matrices import pool_windows_of
from snnhw.graph.ir import Flatten, Graph, MaxPool, Pool
from snnhw.quantisation.compile import compile_loihi
from tests.analysis.crossbar.nets import two_layers
from tests.exporters.lava.test_recurrent import network
from tests.nets import product_graph, residual_net
from tests.passes.test_max_pool_into_neurons import network as pooled


def test_two_layers_by_hand():
    assert adders_of(two_layers().graph) == (
        Adders("n", 0, 2, 2),
        Adders("fc", 0, 0, 0),
        Adders("out", 0, 0, 0),
        Adders("readout", 1, 0, 0),
    )


def test_residual_sums_are_adds_before_the_lines():
    sample = residual_net(0, levels=3, timesteps=4, widths=(4, 6), size=6)
    rows = {row.name: row for row in adders_of(compile_loihi(sample.graph, sample.inputs).graph)}
    # both convolutions of the second stage read the sum of two units of 4 x 6 x 6, in each of 4 steps
    assert rows["s1b0_1_conv"].adds == rows["s1b0_sc_conv"].adds == 4 * 6 * 6 * 4
    assert rows["s0b0_2_conv"].adds == 0
    stem = rows["stem_mlf"]
    assert stem.updates == 3 * 4 * 6 * 6 * 4 and stem.written_bits == 2 * 4 * 6 * 6 * 4  # 0..3 in two bits
    assert stem.adds == 4 * 6 * 6 * 4  # the bias, of the folded norm


def test_identity_shortcuts_are_adds_before_the_membranes():
    sample = residual_net(0, plain=True, levels=2, timesteps=3)
    rows = {row.name: row for row in adders_of(compile_loihi(sample.graph, sample.inputs).graph)}
    assert rows["s0b0_2_mlf"].adds == 2 * 4 * 6 * 6 * 3  # the shortcut, and the bias


def test_a_current_that_lasts_is_one_more_number_of_a_unit():
    for kind, states in (("LIF", 1), ("MLF", 2), ("current-based", 2)):
        graph, x = network(kind, "synapse", timesteps=3)
        graph = compile_loihi(graph, x).graph
        rows = {row.name: row for row in adders_of(graph)}
        assert rows["own"].updates == states * graph.nodes["forward"].size * 3
        assert {states_of(unit) for name, unit in graph.units().items() if name in ("first", "own")} == {states}


def test_a_pool_adds_its_window():
    made = product_graph(np.full((4, 3), 2, np.int32))
    images = {
        "input": replace(made.nodes["input"], shape=(1, 4, 4)),
        "n": replace(made.nodes["n"], shape=(1, 4, 4)),
        "pool": Pool(name="pool", shape=(1, 2, 2), kind="sum", kernel=(2, 2), stride=(2, 2)),
        "flat": Flatten(name="flat", shape=(4,)),
        "out": made.nodes["out"],
        "readout": made.nodes["readout"],
    }
    chain = list(images)
    rows = {row.name: row for row in adders_of(Graph.build(images.values(), list(pairwise(chain)), 5))}
    assert rows["pool"].adds == 3 * 4 * 5 and "flat" not in rows


@pytest.mark.parametrize(("source", "levels"), [("binary", 1), ("nested", 3), ("channels", 3)])
def test_a_max_pool_adds_its_window_for_each_level_and_its_twin_compares_once(source, levels):
    drawn = pooled(source, timesteps=4)
    mapping = map_crossbars(compile_loihi(drawn.graph, drawn.inputs).graph, load_crossbar("rram"))
    pool, (ours, twin) = (
        next(iter(drawn.graph.of_type(MaxPool))),
        (adders_of(mapping.graph), twin_adders_of(mapping.graph, lambda name: 1, bits=4)),
    )
    gathered = (pool.kernel[0] * pool.kernel[1] - 1) * pool.size
    windows = {node.name for node in pool_windows_of(mapping.graph)}
    assert len(windows) == levels and not windows & {layer.name for layer in mapping.layers}
    assert [row.adds for row in ours if row.name in windows] == [gathered * 4] * levels
    assert sum(row.adds for row in twin if row.name in windows) == gathered
    (behind,) = (row for row in ours if row.name.startswith(pool.name) and row.updates)
    assert behind.updates == levels * pool.size * 4 and behind.written_bits == levels.bit_length() * pool.size * 4
    assert {row.name: row for row in twin}[behind.name] == Adders(behind.name, 0, 0, 4 * pool.size)
    assert any(text.startswith("Max pools of spikes take no tile") for text in mapping.assumes)


def test_the_twin_computes_once_what_a_unit_does_in_every_step():
    sample = residual_net(0, levels=3, timesteps=4)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    twin = {row.name: row for row in twin_adders_of(graph, lambda name: 1, bits=4)}
    for row in adders_of(graph):
        assert row.adds == 4 * twin[row.name].adds and row.updates == 3 * 4 * twin[row.name].updates
    assert twin["stem_mlf"].written_bits == 4 * 4 * 6 * 6
