"""Which step a recorded call belongs to, and which calls are the same."""

import operator

import pytest
import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.tracing.trace import trace
from snnhw.tracing.unrolled import Unrolled, state_of, step_taken
from tests.tracing.frameworks.standins import named, standin


@pytest.fixture
def recorded():
    graph = torch.fx.Graph()
    return graph, graph.placeholder("x")


def call(graph, target, *args):
    return graph.create_node("call_function", target, args)


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (3, (0, 3)),
        (-1, (0, -1)),
        ((slice(None), 2), (1, 2)),
        ((2, slice(None)), (0, 2)),
        ((slice(None), 2, Ellipsis), (1, 2)),
        (slice(0, 1), None),
        ((1, 2), None),
        ((slice(0, 2), 2), None),
        (True, None),
    ],
)
def test_one_index_of_one_axis_is_a_step(recorded, index, found):
    graph, x = recorded
    assert step_taken(call(graph, operator.getitem, x, index)) == found


def test_select_is_an_index_too(recorded):
    graph, x = recorded
    assert step_taken(graph.create_node("call_method", "select", (x, 1, 2))) == (1, 2)
    assert step_taken(graph.create_node("call_method", "squeeze", (x, 1))) is None


def test_equal_calls_of_other_steps_are_one_and_other_arguments_are_not(recorded):
    graph, x = recorded
    unrolled = Unrolled(looping=True)
    neurons = [graph.create_node("call_module", "lif", (x,)) for _ in range(3)]
    assert [unrolled.called(n) for n in neurons] == [neurons[0]] * 3
    doubled = [call(graph, operator.mul, n, 2) for n in neurons]
    assert [unrolled.repeats(n) for n in doubled] == [doubled[0]] * 3
    assert [unrolled.value(n) for n in doubled] == [(doubled[0], step) for step in range(3)]
    other = call(graph, operator.mul, neurons[1], 2.0)
    assert unrolled.repeats(other) is other
    assert unrolled.stacked(call(graph, torch.stack, doubled)) is doubled[0]
    for wrong in (doubled[::-1], doubled[1:], [*doubled[:2], neurons[2]], []):
        assert not wrong or unrolled.stacked(call(graph, torch.stack, wrong)) is None
    with pytest.raises(InputError, match=r"steps \[0, 2\] together"):
        unrolled.repeats(call(graph, operator.mul, doubled[0], doubled[2]))


def test_sums_over_steps_count_every_step_once(recorded):
    graph, x = recorded
    unrolled = Unrolled(looping=True)
    neurons = [graph.create_node("call_module", "lif", (x,)) for _ in range(3)]
    for neuron in neurons:
        unrolled.called(neuron)
    first = call(graph, operator.add, 0, neurons[0])
    assert unrolled.added(first)
    second = call(graph, operator.add, first, neurons[1])
    assert unrolled.added(second) and unrolled.sums[second] == (neurons[0], 2)
    assert not unrolled.added(call(graph, operator.add, second, neurons[1]))  # again the same step
    assert not unrolled.added(call(graph, operator.add, first, neurons[2]))  # one is left out
    assert not unrolled.added(call(graph, operator.add, 1, neurons[0]))
    assert not unrolled.added(call(graph, operator.mul, 0, neurons[0]))


def test_without_steps_nothing_is_taken_for_the_same(recorded):
    graph, x = recorded
    unrolled = Unrolled(looping=False)
    one, two = call(graph, operator.mul, x, 2), call(graph, operator.mul, x, 2)
    assert (unrolled.repeats(one), unrolled.repeats(two)) == (one, two)
    assert unrolled.steps == 1


def test_what_stands_for_a_state_is_never_run():
    with pytest.raises(RuntimeError, match="only recorded"):
        state_of(None, "mem")


class Lifted(nn.Module):
    """A layer step by step, as in norse's Lift, before a neuron that takes all steps at once."""

    def __init__(self, taken):
        super().__init__()
        self.taken, self.fc = taken, nn.Linear(5, 4)
        surrogate = named("Sigmoid", spiking=True)
        self.fire = standin(
            "spikingjelly", "IFNode", step_mode="m", v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate
        )

    def forward(self, x):
        return self.fire(torch.stack([self.fc(x[t]) for t in range(self.taken)])).mean(0)


def test_a_loop_around_layers_alone_has_the_steps_that_it_takes():
    graph = trace(Lifted(6).eval(), (5,), timesteps=6)
    assert graph.timesteps == 6 and list(graph.nodes)[:3] == ["input", "fc", "fire"]
    with pytest.raises(InputError, match=r"takes 4 of 6 steps; .* or give timesteps=4"):
        trace(Lifted(4).eval(), (5,), timesteps=6)
