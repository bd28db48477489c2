"""Stepping K levels against loops over single neurons: floats, and Loihi integers at the edges of their ranges."""

from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, MLF, LoihiLIF
from snnhw.graph.loihi import CURRENT_LIMIT, MEMBRANE_LIMIT
from snnhw.simulation.neurons import integer_dtype, step_unit
from tests.loihi_oracle import loihi_neuron
from tests.nets import neuron
from tests.simulation.slow_unit import slow_levels

settings_of_units = st.tuples(
    st.integers(0, 2**31),
    st.lists(st.floats(0.1, 4.0), min_size=1, max_size=5, unique=True).map(sorted),
    st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
    st.integers(1, 12),
)


@given(settings_of_units)
def test_mlf_and_its_channels_equal_the_slow_recurrence(setting):
    seed, thresholds, decay, steps = setting
    x = np.random.default_rng(seed).normal(0.5, 1.5, (steps, 2, 7))
    unit = MLF(name="u", shape=(7,), thresholds=tuple(thresholds), decay=decay)
    channels = [LIF(name=f"c{k}", shape=(7,), decay=decay, threshold=theta) for k, theta in enumerate(thresholds)]
    for nodes in ((unit,), channels):
        spikes = np.stack([torch.stack(s).numpy() for s, _ in step_unit(nodes, torch.as_tensor(x))])  # [T, K, B, N]
        for b in range(2):
            for n in range(7):
                assert (spikes[:, :, b, n] == slow_levels(x[:, b, n], thresholds, decay)).all()


@given(st.integers(0, 2**31), st.floats(0, 0.8), st.integers(2, 5))
def test_levels_are_nested_when_the_condition_holds(seed, decay, levels):
    """If (1 - decay)*theta[k+1] >= theta[k], level k+1 fires only with level k; each input is of some level's size."""
    rng = np.random.default_rng(seed)
    thresholds = [rng.uniform(0.1, 1.0)]
    for _ in range(levels - 1):
        thresholds.append(thresholds[-1] / (1 - decay) + rng.uniform(0, 1))
    unit = MLF(name="u", shape=(64,), thresholds=tuple(thresholds), decay=decay)
    x = torch.as_tensor(rng.normal(0.5, 1.0, (12, 1, 64)) * rng.choice(thresholds, 64))
    highest = 0
    for spikes, _ in step_unit((unit,), x):
        highest += int(spikes[-1].sum())
        for lower, upper in pairwise(spikes):
            assert not (upper & ~lower).any()
    assert highest > 0


@given(st.integers(0, 2**31), st.sampled_from([0.25, 0.5, 0.75]), st.integers(1, 64))
def test_levels_are_nested_at_equality(seed, decay, lowest):
    """(1 - decay)*theta[k+1] = theta[k]; thresholds and inputs are multiples of a power of two, so nothing rounds."""
    unit = MLF(name="u", shape=(64,), thresholds=(3 * lowest / 8, 3 * lowest / 8 / (1 - decay)), decay=decay)
    assert (1 - decay) * unit.thresholds[1] == unit.thresholds[0]
    x = torch.as_tensor(np.random.default_rng(seed).integers(-32, 64, (12, 1, 64)) * lowest / 64)
    for (lower, upper), _ in step_unit((unit,), x):
        assert not (upper & ~lower).any()


@given(st.floats(0.05, 1.0), st.floats(0.1, 4.0), st.floats(0.02, 0.98), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_wherever_the_condition_fails_some_input_breaks_the_nesting(decay, lower, part, first, second):
    """Level k fires and restarts where level k+1 stays silent and keeps decay*x[0]; then x[1] lifts only the latter.

    That takes theta[k] < x[0] <= theta[k+1] and theta[k+1] - decay*x[0] < x[1] <= theta[k]: with x[0] near theta[k+1]
    there is such an x[1] if and only if (1 - decay)*theta[k+1] < theta[k].
    """
    highest = min(lower / (1 - decay), 8.0) if decay < 1 else 8.0
    upper = lower + part * (highest - lower)
    x0 = max(upper - first * (lower - (1 - decay) * upper) / decay, lower + 0.5 * (upper - lower))
    x1 = upper - decay * x0 + second * (lower - upper + decay * x0)
    unit = MLF(name="u", shape=(1,), thresholds=(lower, upper), decay=decay)
    x = torch.tensor([x0, x1], dtype=torch.float64).reshape(2, 1, 1)
    fired = [[bool(s) for s in spikes] for spikes, _ in step_unit((unit,), x)]
    assert fired == [[True, False], [False, True]]


def test_threshold_is_strict_and_subtraction_keeps_the_rest():
    hard = LIF(name="h", shape=(1,), decay=1.0, threshold=1.0)
    soft = LIF(name="s", shape=(1,), decay=1.0, threshold=1.0, reset="subtract")
    x = torch.tensor([1.0, 1.5, 0.0]).reshape(3, 1, 1)
    for node, expected in ((hard, [1.0, 2.5, 0.0]), (soft, [1.0, 2.5, 1.5])):
        rows = [(bool(s[0]), float(u[0])) for s, u in step_unit((node,), x)]
        assert [u for _, u in rows] == expected
        assert [s for s, _ in rows] == [u > 1.0 for u in expected]


def test_gain_leak_and_reset_value_enter_as_documented():
    node = LIF(name="n", shape=(2,), decay=0.5, threshold=np.array([1.0, 9.0]), gain=2.0, leak=0.25, v_reset=-1.0)
    x = torch.ones(3, 1, 2)
    potentials = [u[0][0].tolist() for _, u in step_unit((node,), x)]
    # neuron 0 fires at 2.25 and restarts from -1; neuron 1 integrates
    assert potentials == [[2.25, 2.25], [0.5 * -1.0 + 2.25, 0.5 * 2.25 + 2.25], [0.5 * -1.0 + 2.25, 0.5 * 3.375 + 2.25]]


def check(node, currents, dtype):
    x = torch.as_tensor(currents, dtype=dtype).reshape(-1, 1, 1)
    rows = [(int(s[0]), int(v[0])) for s, v in step_unit((node,), x)]
    taken_off = node.taken_off if node.reset == "subtract" else None
    spikes, membranes = loihi_neuron(currents, node.threshold, node.du, node.dv, int(node.bias[0]), taken_off)
    assert [v for _, v in rows] == membranes
    assert [s for s, _ in rows] == spikes


@given(
    currents=st.lists(st.integers(-(2**18), 2**18) | st.sampled_from([2**17, -(2**17), 2**17 - 1, 2**25]), max_size=12),
    vth=st.integers(0, 2**17 - 1),
    du=st.integers(0, 4095),
    dv=st.integers(0, 4095),
    mant=st.integers(-4096, 4095),
    exp=st.integers(-3, 7),
    taken_off=st.none() | st.integers(-MEMBRANE_LIMIT, MEMBRANE_LIMIT),
)
def test_any_neuron_equals_python_integers(currents, vth, du, dv, mant, exp, taken_off):
    check(neuron(vth, du, dv, mant, exp, taken_off), [*currents, 1], torch.float64)


@given(st.integers(0, 2**31), st.booleans())
def test_neurons_with_decays_of_their_own_are_as_many_single_ones(seed, soft):
    """Decays of membranes and currents, what a spike takes off, thresholds and biases differ from one to the next."""
    rng = np.random.default_rng(seed)
    size, steps = 6, 9
    du, dv, vth, taken_off = (rng.integers(0, most, size) for most in (4096, 4096, 3000, 300_000))
    node = LoihiLIF(
        name="n", shape=(size,), threshold=vth, du=du, dv=dv, bias_mant=rng.integers(-99, 99, size), bias_exp=2,
        reset="subtract" if soft else "hard", taken_off=taken_off,
    )  # fmt: skip
    currents = rng.integers(-2000, 4000, (steps, 2, size))
    rows = list(step_unit((node,), torch.as_tensor(currents, dtype=torch.float64)))
    for sample, n in np.ndindex(2, size):
        bias, less = int(node.bias[n]), int(taken_off[n]) if soft else None
        wanted = loihi_neuron(currents[:, sample, n].tolist(), int(vth[n]), int(du[n]), int(dv[n]), bias, less)
        assert [int(s[0][sample, n]) for s, _ in rows] == wanted[0]
        assert [int(v[0][sample, n]) for _, v in rows] == wanted[1]


def test_golden_spikes_of_a_soft_reset_and_of_two_decays():
    """By hand: 64 * 10 a step, 640 taken off at more than 64 * 15; the second neuron keeps half of its membrane."""
    node = LoihiLIF(name="n", shape=(2,), threshold=15, du=4095, dv=np.array([0, 2048]), bias_mant=np.zeros(1, int),
                    bias_exp=0, reset="subtract", taken_off=640)  # fmt: skip
    rows = list(step_unit((node,), torch.full((5, 1, 2), 10.0, dtype=torch.float64)))
    assert [v[0][0].tolist() for _, v in rows] == [[640, 640], [1280, 960], [1280, 1120], [1280, 880], [1280, 1080]]
    assert [s[0][0].tolist() for s, _ in rows] == [[False] * 2, [True, False], [True] * 2, [True, False], [True] * 2]


@given(
    currents=st.lists(st.integers(-(2**17) + 1, 2**17 - 1), min_size=1, max_size=12),
    vth=st.integers(0, 2**17 - 1),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    dv=st.sampled_from([0, 2048, 3072, 3584, 4095]),
    taken_off=st.none() | st.integers(-MEMBRANE_LIMIT, MEMBRANE_LIMIT),
)
def test_float32_is_exact_wherever_it_is_chosen(currents, vth, mant, exp, dv, taken_off):
    node = neuron(vth, 4095, dv, mant, exp, taken_off)
    check(node, currents, integer_dtype((node,), max(abs(a) for a in currents)))


def test_float32_ends_at_the_edge_of_the_bound():
    assert integer_dtype((neuron(),), CURRENT_LIMIT - 1) == torch.float32
    assert integer_dtype((neuron(),), CURRENT_LIMIT) == torch.float64  # the current could wrap
    assert integer_dtype((neuron(dv=3000),), 10) == torch.float64  # 1096/4096 is no power of two
    assert integer_dtype((neuron(du=4000),), 10) == torch.float64


def test_current_wraps_and_membrane_clips():
    check(neuron(vth=131071), [CURRENT_LIMIT, CURRENT_LIMIT + 1, -CURRENT_LIMIT, -CURRENT_LIMIT - 1], torch.float64)
    # exactly 2^23 is kept, then clipped; one more wraps to negative
    rows = [
        int(v[0])
        for _, v in step_unit(
            (neuron(131071, dv=4095),), torch.tensor([2.0**17, 2.0**17 + 1], dtype=torch.float64).reshape(2, 1, 1)
        )
    ]
    assert rows == [MEMBRANE_LIMIT, -(2**23) + 64]
