"""What is removed never fired, and nothing else changes: laws on random networks, floats and Loihi integers."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.nir.io import Reading, read_nir, write_nir
from snnhw.passes.decompose import decompose
from snnhw.passes.remove_dead import remove_dead
from snnhw.proofs.membrane_bound import bounds
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, Execution
from tests.graph.strategies import SEEDS, float_graphs, integer_graphs
from tests.nets import residual_nets, with_integer_neurons

RANGE = (-1.0, 1.0)


def run(graph, inputs):
    return simulate(graph, inputs, execution=DOUBLE, raster=True)


def samples(graph, seed):
    """Samples [4, T, *shape] within the range of the graph, its ends among them."""
    rng = np.random.default_rng(seed)
    shape = (4, graph.timesteps, *graph.input.shape)
    if graph.input.levels is not None:
        drawn = rng.integers(0, graph.input.levels + 1, shape).astype(float)
        drawn[0], drawn[1] = graph.input.levels, 0
        return drawn
    drawn = rng.integers(-64, 65, shape) / 64
    drawn[0], drawn[1] = 1, -1
    return drawn


@st.composite
def deadened(draw, graphs):
    """A graph with high thresholds, silenced channels and negative biases here and there."""
    graph = draw(graphs)
    rng = np.random.default_rng(draw(SEEDS))
    nodes = []
    for node in graph.nodes.values():
        if isinstance(node, MLF) and rng.random() < 0.6:
            factors = rng.choice([1, 1, 4, 64, 1024], size=node.levels) * rng.choice([1, 1, 1024])
            thetas = sorted({t * f for t, f in zip(node.thresholds, factors, strict=True)})
            node = dataclasses.replace(node, thresholds=tuple(float(t) for t in thetas))
        if isinstance(node, LoihiLIF) and rng.random() < 0.4:
            node = dataclasses.replace(node, threshold=int(rng.choice([4000, 40000, 2**17 - 1])))
        if isinstance(node, Conv2d) and rng.random() < 0.7:
            weight = node.weight.copy()
            silent = rng.random(len(weight)) < 0.4
            weight[silent] = rng.choice([0, -1]) * abs(weight[silent])
            bias = None if node.bias is None else np.where(silent, -abs(node.bias), node.bias).astype(node.bias.dtype)
            node = dataclasses.replace(node, weight=weight, bias=bias)
        if isinstance(node, Pool):  # sums of dyadic weights are exact in any order, means are not
            node = dataclasses.replace(node, kind="sum")
        nodes.append(node)
    return graph.replace(nodes=nodes)


def assert_unchanged(graph, pruned, inputs):
    """Same spikes of all that is left, same logits; what is gone did not fire."""
    before, after = run(graph, inputs), run(pruned.graph, inputs)
    np.testing.assert_array_equal(before.logits, after.logits)
    gone = {unit: [r.channel for r in pruned.removed if (r.what, r.name) == ("channel", unit)] for unit in before.units}
    for unit, raster in after.raster.items():
        expected = np.delete(before.raster[unit], gone[unit], axis=3)
        np.testing.assert_array_equal(raster, expected[:, :, : raster.shape[2]])
    for entry in pruned.removed:
        if entry.what == "unread":
            continue
        fired = before.raster[entry.name]
        fired = fired if entry.level == 0 else fired[:, :, entry.level - 1]
        fired = fired if entry.channel < 0 else fired[:, :, :, entry.channel]
        assert not fired.any()
        assert entry.bound <= entry.threshold


@settings(max_examples=25, deadline=None)
@given(deadened(float_graphs(dyadic=True)), SEEDS, st.booleans())
def test_floats_keep_every_spike_and_logit(graph, seed, channels):
    graph = decompose(graph) if channels else graph
    pruned = remove_dead(graph, input_range=RANGE)
    assert_unchanged(graph, pruned, samples(graph, seed))
    assert not remove_dead(pruned.graph, input_range=RANGE).removed


@settings(max_examples=25, deadline=None)
@given(deadened(float_graphs(dyadic=True)), st.integers(1, 4), st.sampled_from([2.0, 16.0]), SEEDS)
def test_integer_neurons_keep_every_spike_and_no_membrane_exceeds_its_bound(graph, levels, threshold, seed):
    graph = with_integer_neurons(graph, levels, 0.5, threshold)
    inputs, proof = samples(graph, seed), bounds(graph, RANGE)
    record = simulate(graph, inputs, execution=DOUBLE, membranes=True)
    for unit, u in record.membranes.items():  # a soft reset only lowers it, so the bound holds after spikes, too
        assert (u.max(axis=(0, 1, 2, *range(4, u.ndim))) <= proof.membranes[unit]).all()
    assert_unchanged(graph, remove_dead(graph, input_range=RANGE), inputs)


def test_nothing_is_proven_of_a_reset_that_raises_the_membrane():
    unit = ILIF(name="mlf", shape=(2, 1, 1), thresholds=(4.0, 5.0), decay=0.5, taken_off=-1.0)
    nodes = {**chain(1).nodes, "mlf": unit}
    assert np.isinf(bounds(chain(1).replace(nodes=nodes)).membranes["mlf"]).all()
    lowered = {**nodes, "mlf": dataclasses.replace(unit, taken_off=1.0)}
    assert bounds(chain(1).replace(nodes=lowered)).membranes["mlf"].tolist() == pytest.approx([1.75, 0.875], rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(deadened(integer_graphs()), SEEDS)
def test_integers_keep_every_spike_and_logit(graph, seed):
    pruned = remove_dead(graph)
    assert_unchanged(graph, pruned, samples(graph, seed) * 3)
    assert not remove_dead(pruned.graph).removed


@settings(max_examples=4, deadline=None)
@given(deadened(residual_nets.map(lambda s: s.graph)), SEEDS)
def test_quantised_residual_networks(graph, seed):
    graph = compile_loihi(graph, samples(graph, seed)).graph
    assert_unchanged(graph, remove_dead(graph), samples(graph, seed))


@settings(max_examples=40, deadline=None)
@given(float_graphs(), SEEDS, st.sampled_from([torch.float32, torch.float64]))
def test_no_membrane_exceeds_its_bound_before_it_fires(graph, seed, dtype):
    proof = bounds(graph, RANGE)
    record = simulate(graph, samples(graph, seed), execution=Execution(dtype), raster=True, membranes=True)
    for unit, raster in record.raster.items():
        before_first = np.cumsum(raster, axis=1) - raster == 0
        u = np.where(before_first, record.membranes[unit], -np.inf)
        assert (u.max(axis=(0, 1, 2, *range(4, u.ndim))) <= proof.membranes[unit]).all()


def chain(bound_over_theta, *, decay=0.5, steps=3):
    """One event into one unit whose membrane reaches exactly 1 + 1/2 + 1/4 in three steps."""
    nodes = [
        Input(name="input", shape=(1, 1, 1), levels=1),
        Conv2d(name="conv", shape=(2, 1, 1), weight=np.array([1.0, 0.5]).reshape(2, 1, 1, 1)),
        MLF(name="mlf", shape=(2, 1, 1), thresholds=(0.25, 1.75 / bound_over_theta), decay=decay),
        Linear(name="fc", shape=(2,), weight=np.array([[1.0, 2.0], [3.0, 4.0]])),
        Readout(name="readout", shape=(2,)),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(names)), steps)


def test_a_level_whose_bound_is_just_above_its_threshold_stays():
    kept = remove_dead(chain(1 + 1e-5))
    assert not kept.removed and kept.graph.nodes["mlf"].levels == 2
    (entry,) = remove_dead(chain(1 - 1e-5)).removed
    assert (entry.what, entry.name, entry.level, entry.channel) == ("level", "mlf", 2, -1)
    assert entry.bound == pytest.approx(1.75, rel=1e-5) and entry.bound > 1.75  # rounded outward
    # one step less, and the same level is dead by far
    assert remove_dead(chain(1 + 1e-5, steps=2)).removed[0].bound == pytest.approx(1.5, rel=1e-5)


def test_the_level_that_stays_does_fire():
    graph = chain(1.01)
    record = run(
        graph.replace(nodes={**graph.nodes, "mlf": dataclasses.replace(graph.nodes["mlf"], thresholds=(1.7,))}),
        np.ones((1, 1, 1, 1)),
    )
    assert record.units["mlf"].levels[0, 0, 0, 0] == 1


def test_a_dead_channel_leaves_the_whole_chain():
    graph = chain(0.5)
    conv = dataclasses.replace(graph.nodes["conv"], weight=np.array([1.0, -0.5]).reshape(2, 1, 1, 1))
    pruned = remove_dead(graph.replace(nodes={**graph.nodes, "conv": conv}))
    assert [(r.what, r.level, r.channel) for r in pruned.removed] == [("level", 2, -1), ("channel", 0, 1)]
    nodes = pruned.graph.nodes
    assert nodes["conv"].weight.shape == (1, 1, 1, 1) and nodes["mlf"].shape == (1, 1, 1)
    np.testing.assert_array_equal(nodes["fc"].weight, [[1.0], [3.0]])


def residual(threshold):
    """A unit in front of a residual sum whose channel 1 gets inhibition alone, and a second unit with `threshold`."""
    weight = np.array([[1.0, 1.0], [-1.0, -1.0]]).reshape(2, 2, 1, 1)
    nodes = [
        Input(name="input", shape=(2, 2, 2), levels=1),
        Conv2d(name="c1", shape=(2, 2, 2), weight=weight, bias=np.array([0.0, -1.0])),
        MLF(name="m1", shape=(2, 2, 2), thresholds=(0.5,), decay=0.5),
        Conv2d(name="c2", shape=(2, 2, 2), weight=abs(weight)),
        MLF(name="m2", shape=(2, 2, 2), thresholds=(threshold,), decay=0.5),
        Flatten(name="flat", shape=(8,)),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 8))),
        Readout(name="readout", shape=(2,)),
    ]
    edges = [("input", "c1"), ("c1", "m1"), ("m1", "c2"), ("c2", "m2"), ("m1", "flat"), ("m2", "flat")]
    return Graph.build(nodes, [*edges, ("flat", "fc"), ("fc", "readout")], 4)


def test_in_a_residual_sum_the_channel_stays_and_its_weights_become_zero():
    pruned = remove_dead(residual(0.5))
    assert [(r.what, r.name, r.channel) for r in pruned.removed] == [("weights", "m1", 1)]
    first = pruned.graph.nodes["c1"]
    assert not first.weight[1].any() and first.bias[1] == 0 and first.weight[0].all()
    assert pruned.graph.nodes["m1"].shape == (2, 2, 2)


def test_a_dead_branch_goes_with_what_only_fed_it():
    pruned = remove_dead(residual(100.0))
    assert [(r.what, r.name) for r in pruned.removed] == [("unit", "m2"), ("unread", "c2"), ("channel", "m1")]
    assert "c2" not in pruned.graph.nodes and "m2" not in pruned.graph.nodes
    inputs = np.random.default_rng(0).integers(0, 2, (3, 4, 2, 2, 2)).astype(float)
    np.testing.assert_array_equal(run(residual(100.0), inputs).logits, run(pruned.graph, inputs).logits)


def test_a_unit_that_is_all_there_is_keeps_one_level_and_one_channel():
    graph = chain(1e-9)
    nodes = {**graph.nodes, "mlf": dataclasses.replace(graph.nodes["mlf"], thresholds=(50.0, 60.0))}
    unit = remove_dead(graph.replace(nodes=nodes)).graph.nodes["mlf"]
    assert unit.thresholds == (50.0,) and unit.shape == (1, 1, 1)


def test_nothing_is_known_of_an_analogue_input_without_its_range():
    graph = chain(0.5)
    graph = graph.replace(nodes={**graph.nodes, "input": Input(name="input", shape=(1, 1, 1))})
    assert not remove_dead(graph).removed
    assert [r.level for r in remove_dead(graph, input_range=(0.0, 1.0)).removed] == [2]
    with pytest.raises(InputError, match=r"range 1 to 0 is no range; give"):
        remove_dead(graph, input_range=(1.0, 0.0))


def test_a_current_that_may_wrap_proves_nothing():
    weight = np.full((1, 1, 1, 1), 254)
    neuron = LoihiLIF(
        name="n", shape=(1, 1, 1), threshold=2**17 - 1, du=4095, dv=4096, bias_mant=np.zeros((1, 1, 1), int), bias_exp=0
    )

    def net(gain):
        nodes = [
            Input(name="input", shape=(1, 1, 1), scale=1.0, bits=8),
            Conv2d(name="conv", shape=(1, 1, 1), weight=weight),
            neuron,
            Linear(name="fc", shape=(2,), weight=np.full((2, 1), 2)),
            Readout(name="readout", shape=(2,), reduction="sum"),
        ]
        edges = [("input", "conv"), Edge("conv", "n", gain=gain), ("n", "fc"), ("fc", "readout")]
        return Graph.build(nodes, edges, 1)

    assert bounds(net(1)).dead("n").all()  # at most 254 * 127 < 2^17 weight units
    assert bounds(net(-4)).membranes["n"][0] == 64 * 4 * 254 * 128  # 130048 < 2^17: still below the threshold
    assert bounds(net(-4)).dead("n").all() and bounds(net(-5)).membranes["n"][0] == np.inf


def test_check_says_which_levels_never_fire():
    found = [f for f in check(chain(0.5), "lava") if f.code == "never-fires"]
    assert [(f.node, f.severity) for f in found] == [("mlf", "warning")]
    assert "level 2 never fires: in 3 steps its membrane stays at or below 1.75" in found[0].message
    assert not [f for f in check(chain(1.01), "lava") if f.code in ("never-fires", "dead-channels")]


def test_the_random_networks_do_have_dead_parts():
    """So that the laws above are about something."""
    kinds = set()

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(deadened(float_graphs(dyadic=True)))
    def collect(graph):
        kinds.update(r.what for r in remove_dead(graph, input_range=RANGE).removed)

    collect()
    assert kinds == {"level", "channel", "weights"}  # whole units behind residual sums: above, and in residual_nets


def test_what_never_fires_in_few_steps_may_fire_in_more(tmp_path):
    """0.4 in each step: a membrane that never decays is above 1 in the third."""
    nodes = [
        Input(name="input", shape=(1,), levels=1),
        Linear(name="first", shape=(2,), weight=np.array([[0.4], [2.0]])),
        LIF(name="unit", shape=(2,), decay=1.0, threshold=1.0),
        Linear(name="last", shape=(1,), weight=np.ones((1, 2))),
        Readout(name="end", shape=(1,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2)
    ones = np.ones((1, 1))
    assert run(graph, ones).raster["unit"][..., 0].sum() == 0
    assert run(graph.replace(timesteps=3), ones).raster["unit"][..., 0].sum() == 1
    pruned = remove_dead(graph)
    assert pruned.removed and pruned.graph.longest == 2
    path = write_nir(pruned.graph, tmp_path / "pruned.nir")
    assert read_nir(path).longest == 2
    assert read_nir(path, Reading(timesteps=1)).timesteps == 1
    with pytest.raises(InputError, match="in runs of T = 3 it is another network"):
        read_nir(path, Reading(timesteps=3))
    assert remove_dead(graph.replace(timesteps=3)).graph.longest is None  # nothing was removed
