"""Buffers that are needed together never overlap, and memory is used again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.exporters.c.memory import Arena, aliases, last_uses
from snnhw.simulation.plan import plan_of
from tests.exporters.c.test_c import late
from tests.exporters.lava.nets import Net


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), min_size=1, max_size=20))
def test_what_lives_together_lies_apart(wanted):
    arena, placed = Arena("sums"), []
    for now, (size, longer) in enumerate(wanted):
        at = int(arena.place(size, now, now + longer).removeprefix("sums + "))
        for first, end, until in placed:
            assert until < now or at >= end or at + size <= first
        placed.append((at, at + size, now + longer))
        assert at + size <= arena.size
    assert arena.size <= sum(size for size, _ in wanted)


def test_a_chain_needs_two_buffers():
    arena = Arena("values")
    places = [arena.place(10, now, now + 1) for now in range(6)]
    assert set(places) == {"values + 0", "values + 10"} and arena.size == 20


def test_what_a_delay_takes_is_read_when_the_step_ends():
    graph, _ = late(2, 1)
    plan = plan_of(graph, loops=True)
    assert last_uses(plan, {})["first"] == len(plan)
    assert last_uses(plan, {})["on"] == [step.name for step in plan].index("last")


def test_a_flattening_of_one_value_is_that_value():
    net = Net(levels=1)
    graph = net.graph(net.flatten("flat", net.neurons("u", net.conv("c", ["input"], 4))))
    plan = plan_of(graph, loops=True)
    same = aliases(plan)
    assert same == {"flat": "u"} and last_uses(plan, same)["u"] == [step.name for step in plan].index("head")
