"""Time slots give the values of the multi-level network exactly, one binary channel per unit."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LI, LIF, MLF, Conv2d, Delay, Graph, Input, Linear, Norm, Pool, Readout, SlotMLF
from snnhw.passes.balance_delays import balance_delays, depths
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.simulation.engine import simulate
from snnhw.simulation.neurons import step_unit
from tests.graph.strategies import SEEDS, float_graphs
from tests.nets import with_integer_neurons
from tests.passes.runs import run


def dyadic(graph):
    """With sum pools and a decay of which float64 holds every power that occurs, so that all sums are exact."""
    nodes = [
        dataclasses.replace(n, kind="sum")
        if isinstance(n, Pool)
        else dataclasses.replace(n, decay=np.round(n.decay * 4) / 4)
        if isinstance(n, MLF | LIF)
        else n
        for n in graph.nodes.values()
    ]
    return graph.replace(nodes=nodes)


def samples(graph, seed, static=False):
    rng = np.random.default_rng(seed)
    shape = (3, *graph.input.shape) if static else (3, graph.timesteps, *graph.input.shape)
    if graph.input.levels is not None:
        return rng.integers(0, graph.input.levels + 1, shape).astype(float)
    return rng.integers(-64, 65, shape) / 64


@settings(max_examples=40, deadline=None)
@given(float_graphs(dyadic=True).map(dyadic), SEEDS, st.booleans(), st.booleans())
def test_slots_sum_to_the_multi_level_values(graph, seed, static, sums):
    if sums:  # a read-out that sums gets its bias in S parts, which are exact for powers of two only
        fc = dataclasses.replace(graph.nodes["fc"], bias=None)
        graph = graph.replace(
            nodes={**graph.nodes, "fc": fc, "readout": Readout(name="readout", shape=(3,), reduction="sum")}
        )
    inputs = samples(graph, seed, static)
    slotted = decompose_slots(graph)
    slots = slotted.timesteps // graph.timesteps
    before, after = run(graph, inputs), run(slotted, inputs)
    np.testing.assert_array_equal(before.logits, after.logits)
    assert slots == max([graph.input.levels or 1, *(len(u.levels) for n, u in before.units.items() if n != "input")])
    for unit, multi in before.raster.items():
        sent = after.raster[unit]
        assert sent.sum(axis=2).max(initial=0) <= 1  # one binary channel
        windows = sent.reshape(len(sent), graph.timesteps, slots, *sent.shape[2:])
        np.testing.assert_array_equal(windows.sum(axis=2), multi)
        np.testing.assert_array_equal(after.units[unit].levels, before.units[unit].levels)
        np.testing.assert_array_equal(after.units[unit].graded_spikes, before.units[unit].spikes)
        np.testing.assert_array_equal(after.membranes[unit][:, slots - 1 :: slots], before.membranes[unit])


@settings(max_examples=30, deadline=None)
@given(float_graphs(dyadic=True).map(dyadic), st.integers(1, 5), st.sampled_from([0.0, 0.25, 1.0]), SEEDS)
def test_slots_sum_to_the_integers_of_training(graph, levels, decay, seed):
    """Level k of an integer neuron is sent in sub-step k, and its membrane takes off all at the end of a window."""
    graph = with_integer_neurons(graph, levels, decay)
    inputs, slotted = samples(graph, seed), decompose_slots(graph)
    slots = slotted.timesteps // graph.timesteps
    before, after = run(graph, inputs), run(slotted, inputs)
    np.testing.assert_array_equal(before.logits, after.logits)
    assert slots == max(graph.input.levels or 1, levels)
    assert slots == 1 or not slotted.of_type(ILIF)
    for unit, multi in before.raster.items():
        sent = after.raster[unit]
        assert sent.sum(axis=2).max(initial=0) <= 1
        windows = sent.reshape(len(sent), graph.timesteps, slots, *sent.shape[2:])
        np.testing.assert_array_equal(windows.sum(axis=2), multi)
        np.testing.assert_array_equal(after.membranes[unit][:, slots - 1 :: slots], before.membranes[unit])


@given(st.integers(1, 8), st.sampled_from([0.5, 1.0, 2.0]), st.lists(st.floats(-4, 20, width=32), min_size=1))
def test_the_slots_are_those_of_an_if_neuron_without_input(levels, threshold, membranes):
    """Virtual steps: D times, without leak or input, fire above theta / 2 and take theta off; ties round down there."""
    unit = ILIF(name="n", shape=(1,), thresholds=nearest(levels, threshold), decay=1.0, taken_off=threshold)
    u = np.array([value for value in membranes if (value / threshold - 0.5) % 2 != 1] or [0.0])  # no tie of an even k
    ((spikes, _),) = list(step_unit((unit,), torch.tensor(u)[None, :, None]))
    for sent in spikes:
        fires = u > threshold / 2
        np.testing.assert_array_equal(sent.numpy().ravel(), fires)
        u = u - threshold * fires


def dense_chain(rng, timesteps=3):
    """Three dense layers with a residual sum around the second, thresholds at three and two levels."""
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="l1", shape=(5,), weight=rng.integers(-8, 9, (5, 4)) / 8, bias=rng.integers(-4, 5, 5) / 8),
        MLF(name="a", shape=(5,), thresholds=(0.25, 0.5, 0.75), decay=0.5),
        Linear(name="l2", shape=(5,), weight=rng.integers(-8, 9, (5, 5)) / 8, bias=rng.integers(-4, 5, 5) / 8),
        MLF(name="b", shape=(5,), thresholds=(0.25, 1.0), decay=0.25),
        Linear(name="l3", shape=(2,), weight=rng.integers(-8, 9, (2, 5)) / 8, bias=np.array([0.5, -0.25])),
        Readout(name="readout", shape=(2,)),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, [*pairwise(names), ("a", "l3")], timesteps)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 4))
def test_hardware_that_sees_one_sub_step_at_a_time_gives_the_same(seed, timesteps):
    """Every node in plain loops, step by step, late by its depth: no node looks at what has not arrived yet."""
    rng = np.random.default_rng(seed)
    graph = dense_chain(rng, timesteps)
    inputs = rng.integers(-16, 17, (timesteps, 4)) / 8
    expected = run(graph, inputs[None])
    slotted = balance_delays(decompose_slots(graph))
    slots, depth = 3, depths(slotted)
    assert depth["readout"] == 3 + 2 * (slots - 1)
    total, steps = np.zeros(2), slotted.timesteps + depth["readout"]
    arrived = {name: [np.zeros(4 if name == "input" else 5)] * (steps + 8) for name in slotted.nodes}
    state = {name: (np.zeros(5), np.zeros((2 if name == "b" else 3, 5)), np.zeros((3, 5))) for name in "ab"}
    fired = {"a": 0, "b": 0}
    for step in range(steps):
        for name in slotted.order():
            node = slotted.nodes[name]
            into = [e.gain * arrived[e.source][step - e.delay] for e in slotted.into(name) if step >= e.delay]
            x, phase = sum(into) if into else 0.0, step - depth[name]
            if isinstance(node, Input) and step < timesteps * slots and step % slots == 0:
                arrived[name][step] = inputs[step // slots]
            elif isinstance(node, Linear):
                bias = node.bias if node.bias is not None and 0 <= step + 1 - depth[name] < timesteps * slots else 0.0
                arrived[name][step + 1] = node.weight @ x + bias
            elif isinstance(node, SlotMLF):
                phase = step - (depth[name] - (slots - 1))  # since its first window opened
                current, u, waiting = state[name]
                if 0 <= phase < timesteps * slots:
                    current = current + x
                    if phase % slots == slots - 1:
                        u = node.decay * u + current + (0.0 if node.bias is None else node.bias)
                        s = u > np.array(node.thresholds)[:, None]
                        u, current, waiting = np.where(s, 0, u), np.zeros(5), np.zeros((3, 5))
                        waiting[: len(s)] = s
                        fired[name] += s.sum()
                if phase >= slots - 1:
                    arrived[name][step] = waiting[(phase + 1) % slots]
                    if (phase + 1) // slots > timesteps:
                        arrived[name][step] = np.zeros(5)
                state[name] = current, u, waiting
            elif isinstance(node, Readout) and 0 <= phase < timesteps * slots:
                total += x
    np.testing.assert_array_equal(total / (timesteps * slots), expected.logits[0])
    assert fired == {name: expected.units[name].levels.sum() for name in "ab"}


def small(*nodes, edges=None, timesteps=2, **reads):
    nodes = [Input(name="input", shape=(2, 4, 4)), *nodes]
    nodes.append(Readout(name="readout", shape=nodes[-1].shape, **reads))
    return Graph.build(nodes, edges or list(pairwise(n.name for n in nodes)), timesteps)


SHAPE = (2, 4, 4)


CONV = Conv2d(name="conv", shape=SHAPE, weight=np.ones((2, 2, 1, 1)), bias=np.array([0.5, 1.0]))


UNIT = MLF(name="mlf", shape=SHAPE, thresholds=(0.5, 1.5, 2.5), decay=0.25)


POOL = Pool(name="pool", shape=(2, 2, 2), kind="sum", kernel=(2, 2), stride=(2, 2))


def test_units_that_reach_the_readout_directly():
    graph = small(CONV, UNIT, Delay(name="late", shape=SHAPE, steps=1), POOL, timesteps=3)
    inputs = np.random.default_rng(0).integers(0, 5, (2, 2, 4, 4)) / 4
    np.testing.assert_array_equal(run(graph, inputs).logits, run(decompose_slots(graph), inputs).logits)


def test_binary_networks_are_slotted_already():
    graph = small(CONV, MLF(name="mlf", shape=SHAPE, thresholds=(0.5,), decay=0.25))
    assert decompose_slots(graph).timesteps == 2 and not decompose_slots(graph).of_type(SlotMLF)


NORM = Norm(name="norm", shape=SHAPE, gamma=np.ones(2), beta=np.ones(2), mean=np.ones(2), var=np.ones(2), eps=1e-5)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (small(CONV, NORM, UNIT), "'norm' is a Norm, which time slots cannot keep; give the graph of model_of"),
        (small(CONV, LI(name="li", shape=SHAPE, decay=0.5), UNIT), "'li' is a LI, .* deploy as channels"),
        (small(CONV, POOL, dataclasses.replace(UNIT, shape=(2, 2, 2))), "bias of 'conv' reaches 'pool' before a unit"),
        (small(CONV, UNIT, LIF(name="n", shape=SHAPE, decay=0.5, threshold=1.0, reset="subtract")), "Neuron 'n' is no"),
        (small(CONV, UNIT, LIF(name="n", shape=SHAPE, decay=0.5, threshold=np.ones(SHAPE))), "Neuron 'n' is no unit"),
        (decompose_slots(small(CONV, UNIT)), "is compiled already"),
    ],
)
def test_slots_refuse_what_they_cannot_keep(graph, message):
    with pytest.raises(InputError, match=message):
        decompose_slots(graph)


def test_slots_that_do_not_fit_are_refused():
    graph = decompose_slots(small(CONV, UNIT))
    with pytest.raises(InputError, match="The 7 steps of 'network' are no whole windows of 3 slots; add some"):
        simulate(graph.replace(timesteps=7), np.ones((1, 2, 4, 4)))
    unit = dataclasses.replace(graph.nodes["mlf"], slots=2)
    with pytest.raises(InputError, match="'mlf' has 2 slots for 3 levels; give it one for each"):
        simulate(graph.replace(nodes={**graph.nodes, "mlf": unit}), np.ones((1, 2, 4, 4)))
    with pytest.raises(InputError, match=r"give \[N, 2, 4, 4\] or \[N, 2, 2, 4, 4\]"):
        simulate(graph, np.ones((1, 6, 2, 4, 4)))
    with pytest.raises(InputError, match="in time slots already"):
        decompose_graded(graph)


def test_a_unit_in_slots_cannot_be_stepped():
    unit = decompose_slots(small(CONV, UNIT)).nodes["mlf"]
    with pytest.raises(InputError, match="'mlf' decides once a window and cannot be stepped; deploy it as channels"):
        next(step_unit([unit], torch.zeros(6, 1, *SHAPE)))
