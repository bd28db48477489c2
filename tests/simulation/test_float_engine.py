"""The float engine against a loop over single neurons and time steps, and the laws of the multi-level unit."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Edge, Graph, Input, Linear, Pool, Readout
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.neurons import step_unit
from snnhw.simulation.record import SpikeRecord
from tests.nets import residual_net


def slow_levels(x, thresholds, decay):
    """u[t] = decay*u[t-1]*(1-s[t-1]) + x[t], one neuron, plain floats."""
    rows = []
    u, s = [0.0] * len(thresholds), [0] * len(thresholds)
    for value in x:
        for k, theta in enumerate(thresholds):
            u[k] = decay * u[k] * (1 - s[k]) + value
            s[k] = int(u[k] > theta)
        rows.append(list(s))
    return np.array(rows)


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


def test_batches_add_up_and_static_input_equals_repeated_frames():
    sample = residual_net(samples=5)
    whole = simulate(sample.graph, sample.inputs, raster=True)
    parts = simulate(sample.graph, sample.inputs, execution=Execution(batch_size=2), raster=True)
    frames = np.repeat(sample.inputs[:, None], sample.graph.timesteps, axis=1)
    repeated = simulate(sample.graph, frames, raster=True)
    for unit in whole.units:
        assert (whole.units[unit].levels == parts.units[unit].levels).all()
        assert (whole.units[unit].levels_t == parts.units[unit].levels_t).all()
        assert (whole.raster[unit] == parts.raster[unit]).all()
        assert (whole.raster[unit] == repeated.raster[unit]).all()
        raster = whole.raster[unit].astype(int)
        assert (raster.sum(axis=(0, 1)) == whole.units[unit].levels).all()
        assert (whole.units[unit].levels_t == raster.sum(axis=(0, *range(3, raster.ndim))).T).all()
        assert ((raster.sum(axis=2) > 0).sum(axis=(0, 1)) == whole.units[unit].graded_spikes).all()


def test_gain_doubles_what_arrives():
    def chain(edges):
        nodes = [
            Input(name="input", shape=(3,)),
            Linear(name="fc", shape=(2,), weight=np.arange(6.0).reshape(2, 3)),
            Readout(name="readout", shape=(2,)),
        ]
        return Graph.build(nodes, edges, 2)

    x = np.array([[1.0, 2.0, 3.0]])
    once = simulate(chain([("input", "fc"), ("fc", "readout")]), x).logits
    twice = simulate(chain([Edge("input", "fc", gain=2), Edge("fc", "readout")]), x).logits
    assert (twice == 2 * once).all()


@pytest.mark.parametrize("size", [2, 3, 5, 7, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sum_pools_of_spikes_are_whole_numbers(size, dtype):
    shape = (50, 3, size, size)
    pool = Pool(name="pool", shape=(3, 1, 1), kind="sum", kernel=(size, size), stride=(size, size))
    nodes = [Input(name="input", shape=shape[1:]), pool, Readout(name="readout", shape=(3, 1, 1))]
    graph = Graph.build(nodes, [("input", "pool"), ("pool", "readout")], 1)
    spikes = np.random.default_rng(0).integers(0, 4, shape)
    assert (simulate(graph, spikes, execution=Execution(dtype)).logits[:, :, 0, 0] == spikes.sum(axis=(2, 3))).all()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 3, 6, 6)), "do not fit"),
        (np.zeros((2, 7, 2, 6, 6)), "do not fit"),
        (np.full((2, 2, 6, 6), np.nan), "sample 0 holds NaN"),
        (np.zeros((0, 2, 6, 6)), "no samples"),
    ],
)
def test_bad_inputs_are_named(inputs, message):
    with pytest.raises(InputError, match=message):
        simulate(residual_net().graph, inputs)


def test_a_cycle_is_named():
    sample = residual_net()
    looped = sample.graph.replace(edges=(*sample.graph.edges, Edge("s0b0_2_mlf", "s0b0_1_conv")))
    with pytest.raises(InputError, match=r"cycle.*s0b0_1_conv"):
        simulate(looped, sample.inputs)


def test_accuracy_counts_classes_of_the_network_alone():
    record = SpikeRecord(3, 1, {}, np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]))
    assert (record.correct(np.array([1, 0, 0])), record.accuracy(np.array([1, 0, 0]))) == (2, 2 / 3)
    for labels in ([1, 0, 2], [-1, 0, 1], [1.0, 0.0, 0.0]):
        with pytest.raises(InputError, match=r"no integers 0\.\.1"):
            record.accuracy(np.array(labels))
