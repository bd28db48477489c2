"""Integer neurons as D binary channels that inhibit each other, or alone where no reset is felt."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LIF, Delay, Graph, Input, Linear, Pool, Readout, Scale
from snnhw.passes.decompose import decompose
from snnhw.passes.inhibited_channels import inhibited_channels
from snnhw.simulation.recurrent import is_recurrent
from tests.graph.strategies import SEEDS, float_graphs
from tests.nets import with_integer_neurons
from tests.passes.runs import run


def exact(graph, levels, decay, threshold):
    """Integer neurons, and numbers of which float64 holds every sum."""
    graph = with_integer_neurons(graph, levels, decay, threshold)
    nodes = [dataclasses.replace(n, kind="sum") if isinstance(n, Pool) else n for n in graph.nodes.values()]
    return graph.replace(nodes=nodes)


def samples(graph, seed):
    rng = np.random.default_rng(seed)
    shape = (3, graph.timesteps, *graph.input.shape)
    if graph.input.levels is not None:
        return rng.integers(0, graph.input.levels + 1, shape).astype(float)
    return rng.integers(-64, 65, shape) / 64


@settings(max_examples=40, deadline=None)
@given(
    float_graphs(dyadic=True),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.sampled_from([0.5, 1.0, 2.0]),
    SEEDS,
)
def test_the_channels_send_level_by_level_what_the_integer_neuron_does(graph, levels, decay, threshold, seed):
    graph = exact(graph, levels, decay, threshold)
    inputs = samples(graph, seed)
    split = inhibited_channels(graph)
    before, after = run(graph, inputs), run(split, inputs)
    assert not split.of_type(ILIF)
    assert is_recurrent(split) == (levels > 1 and decay != 0 and graph.timesteps > 1)
    np.testing.assert_array_equal(before.logits, after.logits)
    for unit, raster in before.raster.items():
        np.testing.assert_array_equal(raster, after.raster[unit])
        assert (raster[:, :, 1:] <= raster[:, :, :-1]).all()  # nested
        if is_recurrent(split):
            np.testing.assert_array_equal(before.membranes[unit], after.membranes[unit])


@settings(max_examples=30, deadline=None)
@given(float_graphs(dyadic=True), st.sampled_from([(1, 0.25, 3), (4, 0.0, 3), (4, 0.25, 1), (1, 1.0, 4)]), SEEDS)
def test_channels_alone_are_enough_where_no_other_reset_is_felt(graph, setting, seed):
    levels, decay, timesteps = setting
    graph = exact(graph, levels, decay, 1.0).replace(timesteps=timesteps)
    split = decompose(graph)
    before, after = run(graph, samples(graph, seed)), run(split, samples(graph, seed))
    np.testing.assert_array_equal(before.logits, after.logits)
    assert all((raster == after.raster[unit]).all() for unit, raster in before.raster.items())
    assert all(node.reset == ("subtract" if levels == 1 else "hard") for node in split.of_type(LIF))


def chain(timesteps, decay, levels=2):
    nodes = [
        Input(name="input", shape=(1,)),
        Linear(name="first", shape=(1,), weight=np.eye(1)),
        ILIF(name="unit", shape=(1,), thresholds=nearest(levels, 1.0), decay=decay),
        Linear(name="last", shape=(1,), weight=np.eye(1)),
        Readout(name="end", shape=(1,), reduction="sum"),
    ]
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps)


def test_levels_that_feel_a_reset_are_refused_and_would_be_wrong():
    """1.25, then 0.5: one level fires and takes 1 off, and 0.75 is left; a channel of level 2 would keep 1.25."""
    graph, inputs = chain(2, 1.0), np.array([[[1.25], [0.5]]])
    with pytest.raises(InputError, match="'unit' cannot be channels: its levels take off from one membrane"):
        decompose(graph)
    assert run(graph, inputs).raster["unit"].sum(axis=2).ravel().tolist() == [1, 1]
    alone = LIF(name="alone", shape=(1,), decay=1.0, threshold=graph.nodes["unit"].thresholds[1])
    assert alone.threshold < 1.25 + 0.5  # which would fire in the second step
    assert run(inhibited_channels(graph), inputs).raster["unit"].sum(axis=2).ravel().tolist() == [1, 1]


def test_the_loop_of_a_unit_is_a_delay_and_a_weight():
    split = inhibited_channels(chain(3, 0.25, 3))
    (late,), (weight,) = split.of_type(Delay), split.of_type(Scale)
    assert (late.steps, weight.scale) == (1, -0.25)
    assert {e.source for e in split.into(late.name)} == {"unit_l1", "unit_l2", "unit_l3"}
    assert {e.target for e in split.out_of(weight.name)} == {"unit_l1", "unit_l2", "unit_l3"}


@pytest.mark.parametrize("levels", [1, 3])
def test_channels_of_one_step_are_refused_where_a_second_would_feel_the_reset(levels):
    split = decompose(chain(1, 0.5, levels))
    assert split.longest == 1
    with pytest.raises(InputError, match=r"made for runs of T = 1, and in runs of T = 2 it is another network; make"):
        split.replace(timesteps=2)
    assert decompose(chain(1, 0.0, levels)).longest is None  # nothing is kept, so nothing is felt
    assert decompose(chain(2, 0.5, 1)).longest is None  # one level does its own reset
