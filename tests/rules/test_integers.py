"""Registers and weights of integers: the last value that fits is inside, the next is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.checks.check import check
from snnhw.graph.ir import Graph
from snnhw.rules import integers as rules
from tests.checks.nets import integers, net


def changed(name: str, **fields: object) -> Graph:
    graph = integers()
    node = dataclasses.replace(graph.nodes[name], **fields)
    return graph.replace(nodes={**graph.nodes, name: node})


@pytest.mark.parametrize(
    ("key", "lowest", "highest"),
    [
        ("threshold", 0, 2**17 - 1),
        ("du", 0, 4095),
        ("dv", 0, 4095),
        ("bias_mant", -4096, 4095),
        ("bias_exp", -7, 7),
    ],
)
def test_registers_hold_whole_numbers_of_their_range(key: str, lowest: int, highest: int) -> None:
    def found(value: float) -> list[str]:
        shaped = np.full((4, 1, 1), value) if key == "bias_mant" else value
        return [f.message for f in rules.registers(integers(**{key: shaped}), "it")]

    assert found(lowest) == found(highest) == []
    for outside in (lowest - 1, highest + 1, 0.5):
        assert found(outside) == [f"{key} lies outside the integers {lowest}..{highest}"]


@pytest.mark.parametrize("du", [15, 1000, 4095])
def test_a_current_reaches_its_limit_after_as_many_steps_as_the_register_itself(du: int) -> None:
    """The register of Lava, step by step on the worst input, leaves 24 bits in the first step that is refused."""
    graph = integers(du=du)
    conv = dataclasses.replace(graph.nodes["conv"], weight=np.full((4, 2, 3, 3), 254))  # at most 18 * 254 * 8 a step
    graph = graph.replace(nodes={**graph.nodes, "conv": conv})
    current, refused = 0, []
    for steps in range(1, 41):
        current = current * (4095 - du) // 4096 + 64 * 18 * 254 * 8
        found = list(rules.current_range(graph.replace(timesteps=steps), "it"))
        assert [(f.code, f.node, f.severity) for f in found] in ([], [("current-may-wrap", "unit", "error")])
        assert bool(found) == (current >= 2**23), steps
        refused += found
    assert bool(refused) == (du < 4095)
    assert list(rules.current_range(net(), "it")) == []


def test_negative_exponents_are_lavas_alone() -> None:
    assert list(rules.exponents(integers(bias_exp=0), "loihi2")) == []
    assert [f.code for f in rules.exponents(integers(bias_exp=-1), "loihi2")] == ["negative-exponent"]


@pytest.mark.parametrize(("value", "fits"), [(-256, True), (254, True), (-258, False), (256, False), (3, False),
                                             (2.0, True), (2.5, False)])  # fmt: skip
def test_weights_are_even_signed_bytes(value: float, fits: bool) -> None:
    graph = changed("fc", weight=np.full((3, 64), value))
    assert [f.node for f in rules.weights(graph, "it")] == ([] if fits else ["fc"])
    assert list(rules.weights(net(), "it")) == []  # floats have no such limit


def test_biases_belong_into_neurons_and_are_whole_before_the_read_out() -> None:
    assert [(f.code, f.node) for f in rules.biases(changed("conv", bias=np.ones(4)), "it")] == [
        ("synapse-bias", "conv")
    ]
    assert list(rules.biases(changed("conv", bias=np.zeros(4)), "it")) == []
    assert list(rules.biases(changed("fc", bias=np.arange(3)), "it")) == []
    assert [(f.code, f.node) for f in rules.biases(changed("fc", bias=np.full(3, 0.5)), "it")] == [("bias-range", "fc")]


def test_currents_of_one_step() -> None:
    assert list(rules.one_step_currents(integers(), "it")) == []
    assert [f.node for f in rules.one_step_currents(integers(du=4094), "it")] == ["unit"]


@pytest.mark.parametrize(("weight", "warned"), [(2**15 - 1, False), (2**15, True)])
def test_sums_beyond_the_accumulator_of_nengo_loihi_are_warned_of(weight: int, warned: bool) -> None:
    kernel = np.zeros((4, 2, 3, 3), int)
    kernel[0, 0, 0, :2] = weight // 2, weight - weight // 2
    graph = changed("conv", weight=kernel)
    graph = graph.replace(nodes={**graph.nodes, "input": dataclasses.replace(graph.input, bits=1)})
    found = list(rules.wide_sums(graph))
    assert [(f.code, f.severity, f.node) for f in found] == ([("wide-sum", "warning", "unit")] if warned else [])
    assert ("wide-sum" in {f.code for f in check(graph, "nengo-loihi")}) == warned
    assert "wide-sum" not in {f.code for f in check(graph, "lava")}
