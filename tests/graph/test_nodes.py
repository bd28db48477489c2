"""Facts of the nodes, each against its definition."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.nodes import LIF, MLF, Conv2d, Delay, Input, LoihiLIF, Neuron, Pool, SlotMLF
from snnhw.graph.window import Window
from tests.nets import norm


@pytest.mark.parametrize("inside", [True, False])
def test_affine_is_the_definition(inside):
    n = norm("n", (3, 2, 2), np.random.default_rng(1), inside=inside)
    x = np.random.default_rng(2).normal(size=(3,))
    spread = np.sqrt(n.var + n.eps) if inside else np.sqrt(n.var) + n.eps
    scale, shift = n.affine()
    np.testing.assert_allclose(scale * x + shift, n.gamma * (n.factor * (x - n.mean) / spread) + n.beta, rtol=1e-12)


def lif(**changes) -> LIF:
    return LIF(**({"name": "n", "shape": (2, 3), "decay": 0.5, "threshold": 1.0} | changes))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9), st.floats(0.01, 50), st.integers(1, 10))
def test_an_input_is_coded_as_python_rounds_and_clips(values, scale, bits):
    """Half to even, two's complement."""
    node = Input(name="input", shape=(len(values),), scale=scale, bits=bits)
    limit = 2 ** (bits - 1)
    expected = [min(max(round(v * scale), -limit), limit - 1) for v in values]
    np.testing.assert_array_equal(node.coded(np.array(values)), expected)


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


def test_a_delay_is_late_where_no_element_arrives_at_once():
    assert [Delay(name="d", shape=(2,), steps=s).late for s in (0, 1, np.array([1, 2]), np.array([0, 2]))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_windows_of_layers_are_theirs():
    weight = np.zeros((4, 2, 3, 5))
    conv = Conv2d(name="c", shape=(4, 1, 1), weight=weight, stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    assert conv.window((9, 8)) == Window((9, 8), (3, 5), (2, 1), (1, 0), (1, 2))
    pool = Pool(name="p", shape=(4, 1, 1), kind="avg", kernel=(2, 3), stride=(1, 2), padding=(1, 1))
    assert pool.window((9, 8)) == Window((9, 8), (2, 3), (1, 2), (1, 1))


def test_a_node_is_shown_on_one_short_line_and_cannot_be_changed():
    conv = Conv2d(name="c", shape=(4, 9, 9), weight=np.zeros((4, 2, 3, 3), np.float32), padding=(1, 1))
    assert repr(conv) == "Conv2d('c', (4, 9, 9), weight=float32[4, 2, 3, 3], padding=(1, 1))"
    assert conv.size == 4 * 81 and Input(name="i", shape=()).size == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        conv.name = "d"
