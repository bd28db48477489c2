"""The scale and the bits of the input: exact where that is possible, else with a small error of the current."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout
from snnhw.passes import compile_channels
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.quantise import quantise
from tests.nets import residual_net


def with_input(graph, **changes):
    return graph.replace(
        nodes=[dataclasses.replace(n, **changes) if n is graph.input else n for n in graph.nodes.values()]
    )


def test_counts_and_grey_levels_are_coded_exactly():
    graph = compile_channels(residual_net().graph)
    rng = np.random.default_rng(0)
    for values in (rng.integers(0, 13, (8, 2, 6, 6)).astype(float), rng.integers(0, 17, (8, 2, 6, 6)) / 16):
        node = code_input(graph, values).input
        assert np.array_equal(node.coded(values) / node.scale, values)


def test_few_bits_are_chosen_where_the_first_weights_need_the_room():
    """With 400 inputs per neuron, 8 bits leave weights of -2..2 below |a| < 2^17."""
    weight = np.random.default_rng(0).normal(size=(3, 400))
    nodes = [
        Input(name="input", shape=(400,)),
        Linear(name="first", shape=(3,), weight=weight),
        LIF(name="unit", shape=(3,), decay=0.5, threshold=1.0),
        Linear(name="head", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2)
    values = np.random.default_rng(1).normal(size=(50, 400))
    coded = code_input(graph, values)
    assert 4 <= coded.input.bits < 8

    def error(coded):
        made = quantise(coded)
        scale = made.scales["unit"][0]
        return np.square(
            coded.input.coded(values) @ made.graph.nodes["first"].weight.T / scale - values @ weight.T
        ).mean()

    wide = with_input(graph, scale=127 / np.abs(values).max())
    assert error(coded) < 0.8 * error(wide)


def test_values_that_cannot_be_coded_are_refused():
    graph = compile_channels(residual_net().graph)
    for bad in (np.zeros((1, 2, 6, 6)), np.full((1, 2, 6, 6), np.nan)):
        with pytest.raises(InputError, match="finite and not all zero"):
            code_input(graph, bad)
    with pytest.raises(InputError, match="'input' has no scale; run code_input"):
        quantise(graph)


@pytest.mark.parametrize("levels", [1, 12, 127])
def test_events_enter_as_they_are(levels):
    graph = with_input(compile_channels(residual_net().graph), levels=levels)
    values = np.random.default_rng(0).integers(0, levels + 1, (8, 2, 6, 6))
    node = code_input(graph, values).input
    every = np.arange(levels + 1)
    assert node.scale == 1 and np.array_equal(node.coded(every), every)
    assert node.bits == min(bits for bits in range(2, 9) if 2 ** (bits - 1) > levels)  # two's complement
    assert code_input(graph, values * 0).input.bits == node.bits  # whatever the calibration holds


def test_events_that_no_message_holds_and_events_as_a_current_are_refused():
    graph = with_input(compile_channels(residual_net().graph), levels=128)
    with pytest.raises(InputError, match="sends events of up to 128, and messages hold 127; take shorter time steps"):
        code_input(graph, np.ones((2, 2, 6, 6)))
    nodes = [
        Input(name="input", shape=(3,), levels=1),
        LIF(name="unit", shape=(3,), decay=0.5, threshold=1.0),
        Linear(name="head", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    direct = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2)
    with pytest.raises(InputError, match="would enter neurons as a current; leave out --input-as"):
        code_input(compile_channels(direct, input_as="current"), np.ones((2, 3)))
