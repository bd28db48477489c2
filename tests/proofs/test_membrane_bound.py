"""The bound on a membrane before its first spike is the worst that any sequence of inputs does, rounded outward."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, MLF, LoihiLIF
from snnhw.proofs.interval import Interval
from snnhw.proofs.membrane_bound import _reached, membrane_bound, reached_states
from tests.loihi_oracle import loihi_neuron
from tests.nets import neuron, product_graph

EIGHTHS = st.integers(-64, 64).map(lambda n: n / 8)
NEVER = 2**40  # a threshold that no membrane reaches


def ends(low, high):
    return Interval(np.array([float(low)]), np.array([float(high)]))


@given(st.integers(0, 8), EIGHTHS, EIGHTHS, EIGHTHS, st.sampled_from([-2.0, 0.5, 1.0]), st.integers(1, 6))
def test_the_bound_is_what_the_worst_sequence_of_inputs_reaches(eighths, a, b, leak, gain, timesteps):
    """All sequences of the two ends, in fractions, without a reset."""
    low, high = min(a, b), max(a, b)
    node = LIF(name="n", shape=(1,), decay=eighths / 8, threshold=1.0, gain=gain, leak=leak)
    worst = None
    for sequence in product((low, high), repeat=timesteps):
        u = Fraction(0)
        for x in sequence:
            u = Fraction(eighths, 8) * u + Fraction(gain) * Fraction(x) + Fraction(leak)
            worst = u if worst is None else max(worst, u)
    (bound,) = membrane_bound(node, ends(low, high), timesteps)
    assert worst <= bound
    size = Fraction(timesteps * (abs(gain) * max(abs(low), abs(high)) + abs(leak)))
    assert Fraction(float(bound)) - worst <= size * Fraction(1, 10**5)


@given(
    st.integers(-300, 300), st.integers(-300, 300), st.sampled_from([0, 1024, 3000, 4095]), st.integers(0, 4096),
    st.integers(-4096, 4095), st.integers(-3, 3), st.integers(1, 5),
)  # fmt: skip
def test_integers_reach_their_bound_exactly(a, b, du, dv, mantissa, exponent, timesteps):
    """All sequences of the two ends through Lava's recurrence in Python integers."""
    low, high = min(a, b), max(a, b)
    node = LoihiLIF(name="n", shape=(1,), threshold=1, du=du, dv=dv, bias_mant=np.array([mantissa]), bias_exp=exponent)
    bias = int(np.floor(mantissa * 2.0**exponent))
    reached = max(
        max(loihi_neuron(sequence, NEVER, du, dv, bias)[1]) for sequence in product((low, high), repeat=timesteps)
    )
    assert membrane_bound(node, ends(low, high), timesteps)[0] == reached


@pytest.mark.parametrize("timesteps", [1, 3, 500])
def test_a_unit_without_leak_adds_up_all_steps_and_one_that_leaks_ends_at_its_limit(timesteps):
    x = ends(0, 2)
    without, halved = (MLF(name="n", shape=(1,), thresholds=(1.0,), decay=d) for d in (1.0, 0.5))
    assert membrane_bound(without, x, timesteps)[0] == pytest.approx(2 * timesteps, rel=1e-3)
    assert membrane_bound(halved, x, timesteps)[0] == pytest.approx(4 * (1 - 0.5**timesteps), rel=1e-4)


def test_the_lowest_decay_counts_where_inputs_are_negative():
    """Channel by channel, and within one the neuron whose membrane sinks least."""
    decay = np.array([[[0.0, 0.5]], [[0.5, 0.5]]])
    node = LIF(name="n", shape=(2, 1, 2), decay=decay, threshold=1.0)
    x = Interval(np.array([-1.0, -1.0]), np.array([-1.0, -1.0]))
    np.testing.assert_allclose(membrane_bound(node, x, 3), [-1.0, -1.0], atol=1e-5)
    x = Interval(np.array([1.0, -1.0]), np.array([1.0, -1.0]))
    np.testing.assert_allclose(membrane_bound(node, x, 3), [1.75, -1.0], atol=1e-5)


def test_nothing_is_proven_of_inputs_without_bounds():
    unit = MLF(name="n", shape=(1,), thresholds=(1.0,), decay=0.5)
    integer = LoihiLIF(name="n", shape=(1,), threshold=1, du=4095, dv=0, bias_mant=np.zeros(1, int), bias_exp=0)
    for node in (unit, integer):
        assert membrane_bound(node, Interval(np.array([-np.inf]), np.array([np.inf])), 2)[0] == np.inf


@given(
    weight=st.lists(st.integers(-127, 127), min_size=1, max_size=4),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    dv=st.sampled_from([0, 1000, 3072, 4095]),
    bits=st.integers(2, 16),
    timesteps=st.integers(1, 6),
)
def test_the_lowest_state_is_what_the_worst_input_reaches(weight, mant, exp, dv, bits, timesteps):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    graph = product_graph(2 * np.array([weight], np.int32), bits)
    node = neuron(131071, dv=dv, mant=mant, exp=exp)
    graph = graph.replace(nodes={**graph.nodes, "n": node}, timesteps=timesteps)
    current = sum(2 * w * (low if w > 0 else high) for w in weight)
    v, reached = 0, [0]
    for _ in range(timesteps):  # exact integers that neither wrap nor clip
        kept = abs(v) * (4096 - dv) // 4096
        v = (kept if v > 0 else -kept) + 64 * current + (mant << exp)
        reached.append(v)
    assert reached_states(graph) == {"n": (min(reached), 0)}  # what a hard reset makes 0 may be clipped


@given(
    st.integers(-300, 300), st.integers(-300, 300), st.sampled_from([0, 2048, 4095]), st.integers(0, 4095),
    st.integers(0, 300), st.integers(0, 40_000), st.integers(1, 6),
)  # fmt: skip
def test_no_sequence_leaves_the_states_of_a_reset_by_subtraction(a, b, du, dv, vth, taken_off, timesteps):
    """All sequences of the two ends; where nothing is taken off, the highest is reached."""
    low, high = min(a, b), max(a, b)
    node = neuron(vth, du, dv, taken_off=taken_off)
    runs = [loihi_neuron(s, vth, du, dv, 0, taken_off)[1] for s in product((low, high), repeat=timesteps)]
    lowest, highest = _reached(node, ends(low, high), timesteps)
    assert lowest <= min(map(min, runs)) and max(map(max, runs)) <= highest
    if not taken_off:
        assert highest == max(0, *map(max, runs))


def test_every_neuron_of_integers_has_the_bound_of_its_decays():
    """The channel's bound is that of the neuron that reaches most."""
    du, dv = (np.array([[[4095, 100]], [[2000, 3000]]]) - less for less in (0, 50))
    node = LoihiLIF(name="n", shape=(2, 1, 2), threshold=1, du=du, dv=dv, bias_mant=np.zeros(1, int), bias_exp=0)
    x = Interval(np.array([-9.0, -9.0]), np.array([40.0, 30.0]))
    wanted = [
        max(membrane_bound(neuron(1, int(du[c, 0, i]), int(dv[c, 0, i])), ends(-9, x.high[c]), 5)[0] for i in (0, 1))
        for c in (0, 1)
    ]
    assert membrane_bound(node, x, 5).tolist() == wanted
