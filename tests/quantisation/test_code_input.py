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
