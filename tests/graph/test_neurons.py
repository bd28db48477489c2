"""Facts of the nodes that fire, each against its definition."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.neurons import LIF, MLF, LoihiLIF, Neuron, SlotMLF
from snnhw.simulation.neurons import step_unit


def lif(**changes) -> LIF:
    return LIF(**({"name": "n", "shape": (2, 3), "decay": 0.5, "threshold": 1.0} | changes))


@given(st.integers(-4096, 4095), st.integers(-7, 7))
def test_the_bias_of_an_integer_neuron_rounds_down(mantissa, exponent):
    node = LoihiLIF(
        name="n", shape=(1,), threshold=1, du=0, dv=0, bias_mant=np.array([mantissa], np.int16), bias_exp=exponent
    )
    assert node.bias[0] == math.floor(Fraction(mantissa) * Fraction(2) ** exponent)


@pytest.mark.parametrize(
    ("changes", "plain", "level"),
    [
        ({}, True, True),
        ({"gain": np.ones((2, 3)), "leak": np.zeros((2, 3))}, True, False),
        ({"threshold": np.array([[1.0, 2, 3], [4, 5, 6]])}, True, False),
        ({"decay": np.float64(0.5)}, True, True),
        ({"gain": 2.0}, False, False),
        ({"gain": np.array([[1.0, 1, 1], [1, 1, 2]])}, False, False),
        ({"leak": 0.1}, False, False),
        ({"v_reset": -0.5}, False, False),
        ({"reset": "subtract"}, False, False),
    ],
)
def test_a_neuron_is_plain_where_it_is_that_of_the_paper(changes, plain, level):
    node = lif(**changes)
    assert (node.is_plain, node.is_level) == (plain, level)
    assert node.resets_to_zero == (not {"v_reset", "reset"} & set(changes))
    assert node.has_unit_gain == (plain or "gain" not in changes)


def test_every_neuron_says_its_levels_and_the_unit_that_it_is_of():
    thresholds = (0.5, 1.0, 2.0)
    integer = LoihiLIF(name="a_l2", shape=(1,), threshold=1, du=0, dv=0, bias_mant=np.zeros(1), bias_exp=0, unit="a")
    neurons = [
        (MLF(name="a", shape=(1,), thresholds=thresholds, decay=0.5), 3, "a"),
        (SlotMLF(name="a", shape=(1,), thresholds=thresholds, decay=0.5, slots=4), 3, "a"),
        (lif(), 1, "n"),
        (lif(unit="a", level=2), 1, "a"),
        (integer, 1, "a"),
    ]
    for node, levels, unit in neurons:
        assert isinstance(node, Neuron) and (node.levels, node.unit_name) == (levels, unit)


@pytest.mark.parametrize("decay", [0.0, 0.25, 1.0])
def test_thresholds_ascend_with_the_levels_and_only_a_decay_of_one_keeps_all(decay):
    thresholds = (0.5, 1.0, 2.0)
    integer = LoihiLIF(
        name="a", shape=(1,), threshold=7, du=0, dv=round(4096 * (1 - decay)), bias_mant=np.zeros(1), bias_exp=0
    )
    for node, thetas in (
        (MLF(name="a", shape=(1,), thresholds=thresholds, decay=decay), thresholds),
        (SlotMLF(name="a", shape=(1,), thresholds=thresholds, decay=decay, slots=4), thresholds),
        (lif(decay=decay), (1.0,)),
        (lif(decay=np.array([[1.0, 1, 1], [1, 1, decay]])), (1.0,)),
        (integer, (7,)),
    ):
        assert node.thetas == thetas and node.leaks == (decay != 1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.1, 4), min_size=2, max_size=4, unique=True),
    st.sampled_from([0.0, 0.25, 0.5, 0.9]),
    st.integers(0, 2**16),
)
def test_where_levels_are_nested_a_spike_comes_with_those_of_all_lower_levels(thresholds, decay, seed):
    unit = MLF(name="u", shape=(50,), thresholds=tuple(sorted(thresholds)), decay=decay)
    current = torch.as_tensor(np.random.default_rng(seed).normal(0.5, 2, (12, 1, 50)))
    spikes = torch.stack([torch.stack(fired) for fired, _ in step_unit((unit,), current)])  # [T, K, 1, 50]
    if unit.nested:
        assert (spikes[:, 1:].int() <= spikes[:, :-1].int()).all()


def test_the_published_levels_are_nested_and_close_ones_are_not():
    unit = MLF(name="u", shape=(1,), thresholds=(0.6, 1.6, 2.6), decay=0.25)
    assert unit.nested and not dataclasses.replace(unit, thresholds=(0.6, 0.7)).nested
    assert dataclasses.replace(unit, thresholds=(0.6,)).nested


@pytest.mark.parametrize(
    ("reset", "v_reset", "words"),
    [
        ("hard", 0.0, "resets to 0"),
        ("hard", 0.25, "resets to another value than 0"),
        ("subtract", 0.0, "resets by subtraction"),
        ("subtract", 1.0, "never resets"),
        ("subtract", np.array([1.0, 0.5]), "resets by subtraction"),
    ],
)
def test_a_neuron_says_how_it_resets(reset, v_reset, words):
    neuron = LIF(name="n", shape=(2,), decay=0.5, threshold=1.0, reset=reset, v_reset=v_reset)
    assert neuron.resetting == words
    taken_off = np.rint(64 * np.asarray(neuron.taken_off)).astype(int) if reset == "subtract" else 0
    whole = LoihiLIF(
        name="n", shape=(2,), threshold=1, du=4095, dv=0, bias_mant=np.zeros(1, np.int16), bias_exp=0, reset=reset,
        taken_off=taken_off,
    )  # fmt: skip
    assert whole.resetting == ("resets to 0" if reset == "hard" else words)
