"""Inputs of a graph: one shape for static samples and frames, time slots in unary, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import Graph, Input, Readout
from snnhw.simulation.frames import check_inputs


def graph(shape=(2, 3), timesteps=4, **fields):
    nodes = [Input(name="input", shape=shape, **fields), Readout(name="readout", shape=shape)]
    return Graph.build(nodes, [("input", "readout")], timesteps)


def test_static_samples_get_one_step_and_frames_keep_theirs():
    values = np.random.default_rng(0).normal(size=(5, 4, 2, 3))
    assert np.array_equal(check_inputs(graph(), values), values)
    static = check_inputs(graph(), values[:, 0])
    assert static.shape == (5, 1, 2, 3) and np.array_equal(static[:, 0], values[:, 0])


@given(st.integers(0, 2**31), st.integers(2, 4), st.integers(1, 3), st.booleans())
def test_graded_spikes_are_spread_in_unary_over_the_slots(seed, slots, steps, static):
    """n spikes are one in each of the first n slots of their step, so that each slot holds 0 or 1 and all n arrive."""
    shape = (3, 2, 3) if static else (3, steps, 2, 3)
    values = np.random.default_rng(seed).integers(0, slots + 1, shape)
    spread = check_inputs(graph(timesteps=steps * slots, levels=slots, slots=slots), values)
    parts = spread.reshape(3, steps, slots, 2, 3)
    frames = np.repeat(values[:, None], steps, axis=1) if static else values
    assert np.array_equal(parts.sum(axis=2), frames)
    assert set(np.unique(parts)) <= {0, 1} and (np.diff(parts, axis=2) <= 0).all()


def test_analogue_values_enter_in_the_first_slot_of_each_step():
    values = np.random.default_rng(0).normal(size=(3, 2, 2, 3))
    parts = check_inputs(graph(timesteps=6, slots=3), values).reshape(3, 2, 3, 2, 3)
    assert np.array_equal(parts[:, :, 0], values) and not parts[:, :, 1:].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_sample_that_is_not_finite_is_named(bad):
    values = np.zeros((4, 2, 3))
    values[2, 1, 0] = bad
    with pytest.raises(InputError, match="sample 2 holds NaN or infinity"):
        check_inputs(graph(), values)


@pytest.mark.parametrize("shape", [(2, 3), (5, 3, 2), (5, 3, 2, 3), (5, 4, 1, 2, 3)])
def test_other_shapes_are_refused_with_those_that_fit(shape):
    with pytest.raises(InputError, match=r"give \[N, 2, 3\] or \[N, 4, 2, 3\]"):
        check_inputs(graph(), np.zeros(shape))


def test_steps_that_are_no_whole_windows_are_refused():
    with pytest.raises(InputError, match="no whole windows of 3 slots"):
        check_inputs(graph(timesteps=4, slots=3), np.zeros((1, 2, 3)))


@pytest.mark.parametrize("wrong", [-1.0, 4.0, 0.5])
def test_the_first_sample_that_is_none_of_events_is_named(wrong):
    values = np.random.default_rng(0).integers(0, 4, (4, 4, 2, 3)).astype(float)
    assert np.array_equal(check_inputs(graph(levels=3), values), values)
    values[2, 3, 1, 0] = wrong
    with pytest.raises(InputError, match=rf"sample 2 holds {wrong} where 'input' takes events, whole numbers 0\.\.3"):
        check_inputs(graph(levels=3), values)
    assert np.array_equal(check_inputs(graph(), values), values)  # analogue values may be anything


def test_sequences_are_taken_for_images_of_one_row():
    graph = Graph.build([Input(name="input", shape=(2, 1, 5)), Readout(name="out", shape=(2, 1, 5))], [], 3)
    x = np.random.default_rng(0).normal(size=(4, 3, 2, 5))
    np.testing.assert_array_equal(check_inputs(graph, x)[:, :, :, 0], x)
    np.testing.assert_array_equal(check_inputs(graph, x[:, 0])[:, 0, :, 0], x[:, 0])
    np.testing.assert_array_equal(check_inputs(graph, x[:, 0, :, None])[:, 0, :, 0], x[:, 0])
    with pytest.raises(InputError, match="do not fit"):
        check_inputs(graph, x[:, :2])
