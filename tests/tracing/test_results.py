"""What a forward returns, taken apart: values by their places, lists of all steps, states in nested tuples."""

import operator

import pytest
import torch.fx

from snnhw.tracing.results import Returned, parts
from snnhw.tracing.unrolled import state_of


@pytest.fixture
def recorded():
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    return x, graph.call_function(operator.neg, (x,)), graph.call_function(state_of, (x, "mem"))


def test_values_and_states_by_their_places(recorded):
    x, y, mem = recorded

    def steps(listed):
        return x if list(listed) == [x, y] else None

    assert parts(x, {mem}, steps) == ([Returned(None, x)], [])
    assert parts((x, mem), {mem}, steps) == ([Returned(0, x)], [mem])
    assert parts((mem, x, y), {mem}, steps) == ([Returned(1, x), Returned(2, y)], [mem])
    assert parts({"a": y, "b": [mem, (mem, None)]}, {mem}, steps) == ([Returned("a", y)], [mem, mem])
    assert parts([x, y], {mem}, steps) == ([Returned(None, x, listed=True)], [])
    assert parts(([x, y], [mem, mem]), {mem}, steps) == ([Returned(0, x, listed=True)], [mem, mem])
    for odd in ((x, None), (x, 3), (x, [y, x]), (x, (mem, 2))):
        assert parts(odd, {mem}, steps) is None


def test_places_have_names(recorded):
    assert [Returned(at, recorded[0]).key for at in (None, 0, "spk")] == ["", "output 1", "spk"]
