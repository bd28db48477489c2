"""What C cannot hold, each rule with what just fits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.checks.check import check
from snnhw.graph.ir import Graph
from snnhw.rules import words
from snnhw.rules.ways import C, refusals
from tests.checks.nets import integers, net


def codes(rule, graph: Graph) -> list[tuple[str, str]]:
    return [(found.code, found.node) for found in rule(graph, "C")]


def changed(name: str, **fields: object) -> Graph:
    graph = integers()
    return graph.replace(nodes={**graph.nodes, name: dataclasses.replace(graph.nodes[name], **fields)})


def test_floats_are_named_and_integers_pass() -> None:
    assert codes(words.in_integers, net()) == [("not-quantised", "")] and codes(words.in_integers, integers()) == []
    summed = changed("readout", reduction="sum")
    assert refusals(summed, C) == [] and not [f for f in check(summed, "c") if f.severity == "error"]


@pytest.mark.parametrize(("value", "fits"), [(2**15 - 1, True), (2**15, False), (0.5, False), (-(2**15 - 1), True)])
def test_weights_are_integers_of_16_bits(value: float, fits: bool) -> None:
    graph = changed("fc", weight=np.full((3, 64), value))
    assert codes(words.weights, graph) == ([] if fits else [("weight-range", "fc")])


@pytest.mark.parametrize(("value", "fits"), [(3.0, True), (0.5, False)])
def test_biases_are_whole(value: float, fits: bool) -> None:
    graph = changed("fc", bias=np.full(3, value))
    assert codes(words.biases, graph) == ([] if fits else [("bias-range", "fc")])


def test_sums_stay_in_their_words() -> None:
    assert codes(words.sums, changed("fc", bias=np.full(3, 2**31 - 1 - 2 * 64))) == []
    assert ("sum-range", "fc") in codes(words.sums, changed("fc", bias=np.full(3, 2**31 - 2 * 64)))
    wide = changed("conv", bias=np.full(4, 2**23), weight=np.zeros((4, 2, 3, 3), int))
    assert codes(words.sums, wide) == [("sum-range", "conv")]


@pytest.mark.parametrize(("bits", "fits"), [(1, True), (16, True), (17, False), (0, False)])
def test_inputs_have_up_to_16_bits(bits: int, fits: bool) -> None:
    assert codes(words.inputs, changed("input", bits=bits)) == ([] if fits else [("input-bits", "input")])


@pytest.mark.parametrize(("reduction", "fits"), [("sum", True), ("last", True), ("max", True), ("mean", False)])
def test_what_is_read_does_not_divide(reduction: str, fits: bool) -> None:
    assert codes(words.reading, changed("readout", reduction=reduction)) == ([] if fits else [("readout", "readout")])


@pytest.mark.parametrize(("weight", "fits"), [(2**18 - 1, True), (2**18, False)])
def test_sums_that_would_wrap_without_a_word_are_refused(weight: int, fits: bool) -> None:
    graph = changed("fc", weight=np.full((3, 64), weight))
    assert codes(words.accumulators, graph) == ([] if fits else [("sum-range", "readout")])
