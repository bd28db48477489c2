"""Calls that read one step, or the largest value over time; what they are on other axes."""

import operator

import pytest
import torch
import torch.fx

from snnhw.errors import InputError
from snnhw.tracing.reductions import first_of_pair, largest, last_taken
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream

TIME = Stream((("n", 1),), (4,), (6, Rows()))
BATCH = Stream((("n", 1),), (4,), (Rows(), 6), batch_first=True)


@pytest.mark.parametrize(
    ("stream", "args", "named", "steps"),
    [
        (TIME, (0,), {}, 6),
        (TIME, (), {"dim": -3}, 6),
        (BATCH, (1,), {}, 6),
        (TIME, (1,), {}, None),
        (TIME, (), {}, None),
        (TIME, (0, True), {}, None),
        (TIME.one_step(), (0,), {}, None),
    ],
)
def test_the_largest_over_time(stream, args, named, steps):
    assert largest(torch.max, stream, args, named) == largest("amax", stream, args, named) == steps
    assert largest(torch.min, stream, args, named) is None


@pytest.mark.parametrize(
    ("index", "looping", "steps"),
    [(-1, True, 6), (-1, False, 6), (5, False, 6), (5, True, None), (4, False, None), ((slice(None), -1), False, None)],
)
def test_the_last_step(index, looping, steps):
    graph = torch.fx.Graph()
    call = graph.call_function(operator.getitem, (graph.placeholder("x"), index))
    assert last_taken(call, TIME, looping) == steps
    assert last_taken(call, None, looping) is None


def test_values_of_a_pair_are_taken_and_indices_refused():
    graph = torch.fx.Graph()
    pair = graph.call_function(torch.max, (graph.placeholder("x"), 0))
    for take, what in ((operator.getitem, 0), (getattr, "values")):
        assert first_of_pair(graph.call_function(take, (pair, what)), {pair}) is pair
        assert first_of_pair(graph.call_function(take, (pair, what)), set()) is None
    for take, what in ((operator.getitem, 1), (getattr, "indices")):
        with pytest.raises(InputError, match="uses the step of the largest value"):
            first_of_pair(graph.call_function(take, (pair, what)), {pair})
