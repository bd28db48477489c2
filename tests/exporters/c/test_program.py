"""The parts of a program: every level is a population, memory is what it says, calls come in the engine's order."""

from __future__ import annotations

import pytest

from snnhw.exporters.c.program import Population, program_of
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import counted, late
from tests.exporters.lava.nets import residual


def test_every_level_is_a_population_and_states_are_as_large_as_the_neurons():
    _, graph = residual(levels=2)
    made = program_of(tamed(graph))
    assert made.populations[:2] == [Population("stem", 0, 144), Population("stem", 1, 144)]
    neurons = sum(node.size for nodes in graph.units().values() for node in nodes)
    assert sum(each.size for each in made.populations) == neurons
    assert made.state_bytes == 4 * neurons + 4 * 4  # and the output
    assert made.constant_bytes >= sum(node.weight.size for node in graph.nodes.values() if hasattr(node, "weight"))
    assert made.weight_types == {"int8_t"}


def test_units_that_are_taken_level_by_level_keep_each():
    graph, _ = counted()
    calls = program_of(graph).calls
    joined = [call for call in calls if call.startswith("join_values")]
    assert any(", 2, 64)" in call for call in joined) and any(", -1, 64)" in call for call in joined)
    assert [call.split("(")[0] for call in calls if "fire" in call] == ["fire"] * 3


@pytest.mark.parametrize("events", [False, True])
def test_what_goes_into_a_delay_is_written_last(events):
    made = program_of(late(2, 1)[0], events=events)
    assert made.calls[-1] == "slot_late = (slot_late + 1) % 2;" and made.calls[0].startswith("delay(")
    assert sum("ring_" in state for state in made.states) == 2
    assert any("matrix_events_int8_t" in call for call in made.calls) == events


def test_a_delay_beyond_the_sample_takes_no_more_memory_than_the_sample():
    made = program_of(late(10**6, 1)[0])
    assert "static value_t ring_late[36];" in made.states
