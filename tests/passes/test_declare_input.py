"""The input says what enters; the network computes what it computed before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.passes.declare_input import declare_input
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net, residual_nets
from tests.passes.runs import assert_same, run


@given(residual_nets, st.integers(0, 2**31), st.integers(1, 5))
def test_values_stay_and_the_events_of_the_input_are_recorded(sample, seed, levels):
    shape = (3, sample.graph.timesteps, *sample.graph.input.shape)
    events = np.random.default_rng(seed).integers(0, levels + 1, shape)
    declared = declare_input(sample.graph, levels)
    assert declared.input.levels == levels
    before, after = run(sample.graph, events), run(declared, events)
    assert np.array_equal(before.logits, after.logits)
    assert all(np.array_equal(raster, after.raster[name]) for name, raster in before.raster.items())
    assert np.array_equal(after.units["input"].spikes, events.sum(axis=(0, 1))) and "input" not in before.units
    assert_same(before, run(declare_input(declared, None), events))
    assert declare_input(sample.graph, None) is sample.graph


def test_what_cannot_be_declared_is_refused():
    sample = residual_net()
    with pytest.raises(InputError, match="Events of at most 0 are none"):
        declare_input(sample.graph, 0)
    integers = compile_loihi(sample.graph, sample.inputs).graph
    with pytest.raises(InputError, match=r"made for an analogue input of scale .*; quantise the float network with"):
        declare_input(integers, 1)
    events = np.random.default_rng(0).integers(0, 3, sample.inputs.shape)
    made = compile_loihi(declare_input(sample.graph, 2), events).graph
    assert made.input.levels == 2 and declare_input(made, 3).input.levels == 3
