"""Integer neurons against the rounding that they stand for."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ilif import ILIF, nearest, rounded_down
from snnhw.simulation.neurons import step_unit


def unit(thresholds, decay=0.25, taken_off=1.0) -> ILIF:
    return ILIF(name="n", shape=(1,), thresholds=thresholds, decay=decay, taken_off=taken_off)


QUARTERS = st.integers(-40, 200).map(lambda n: n / 4)  # every tie of a threshold that is a power of two


def sent(node, x):
    """[T, B] of a current [T, B] in float32."""
    current = torch.tensor(np.asarray(x, np.float32))[..., None]
    return torch.stack([sum(s.float() for s in spikes) for spikes, _ in step_unit((node,), current)])[..., 0].numpy()


@given(st.integers(1, 12), st.sampled_from([0.25, 0.5, 1.0, 2.0]), st.lists(QUARTERS, min_size=1, max_size=40))
def test_the_nearest_integer_is_torchs_with_its_ties(levels, threshold, values):
    """Half to even, in float32, at every tie."""
    found = sent(unit(nearest(levels, threshold)), [[v * threshold for v in values]])[0]
    expected = torch.clamp(torch.round(torch.tensor(values)), 0, levels)
    np.testing.assert_array_equal(found, expected.numpy())


@given(st.integers(1, 12), st.lists(st.floats(-5, 20, width=32), min_size=1, max_size=60))
def test_the_nearest_integer_of_any_float32(levels, values):
    found = sent(unit(nearest(levels, 1.0)), [values])[0]
    np.testing.assert_array_equal(found, torch.clamp(torch.round(torch.tensor(values)), 0, levels).numpy())


@given(st.integers(1, 12), st.lists(st.floats(-5, 20, width=32) | st.integers(-5, 20), min_size=1, max_size=60))
def test_bursts_round_down(levels, values):
    found = sent(unit(rounded_down(levels, 1.0)), [values])[0]
    np.testing.assert_array_equal(found, np.clip(np.floor(np.float32(values)), 0, levels))


@settings(max_examples=60)
@given(
    st.integers(1, 6),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    st.lists(st.lists(QUARTERS, min_size=3, max_size=3), min_size=1, max_size=8),
)
def test_all_levels_take_off_from_one_membrane(levels, decay, steps):
    """The recurrence of the authors' code, written with torch's own rounding."""
    membrane, integers, expected = torch.zeros(3), torch.zeros(3), []
    for x in torch.tensor(steps):
        membrane = (membrane - integers) * decay + x
        integers = torch.round(torch.clamp(membrane, min=0, max=levels))
        expected.append(integers)
    np.testing.assert_array_equal(sent(unit(nearest(levels, 1.0), decay), steps), torch.stack(expected).numpy())


@pytest.mark.parametrize(
    ("levels", "decay", "timesteps", "separable"),
    [(4, 0.25, 4, False), (4, 0.25, 1, True), (4, 0.0, 4, True), (1, 0.25, 4, True), (2, 1.0, 2, False)],
)
def test_levels_are_neurons_of_their_own_where_no_reset_is_felt(levels, decay, timesteps, separable):
    assert unit(nearest(levels, 1.0), decay).separable(timesteps) is separable


def test_facts_of_the_node():
    node = unit(nearest(3, 2.0), decay=1.0)
    assert (node.levels, node.membranes, node.nested, node.leaks, node.unit_name) == (3, 1, True, False, "n")
    assert node.thetas == node.thresholds == (1.0, float(np.nextafter(np.float32(3), np.float32(0))), 5.0)
    assert unit(nearest(3, 2.0)).leaks
