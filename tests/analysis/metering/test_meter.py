"""Joules per inference from a counter: idle power, repetitions and quartiles by hand, on a machine of known power."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.metering.meter import Metered, Plan, Repetition, meter, quartiles
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from tests.analysis.metering.machine import Machine

PLAN = Plan(repetitions=3, seconds=1.0, idle_seconds=2.0, idle_windows=2, warm_up_seconds=0.5)


def test_a_machine_of_known_power_by_hand():
    """5 W idle; an inference of 0.25 s adds 0.5 J: 1.75 J in all, of which 1.25 J would have been drawn anyway."""
    machine, ticks = Machine(), []
    found = meter(
        "a network", machine.runs, machine.counter(), PLAN, machine.clock, lambda *how_far: ticks.append(how_far)
    )
    assert found.idle == Range(5.0, 5.0, 5.0)
    assert found.repetitions == (Repetition(4, 1.0, 7.0),) * 3  # 4 inferences of 1.75 J in a second
    assert found.total.ends == pytest.approx((1.75,) * 3)
    assert found.above_idle.ends == pytest.approx((0.5,) * 3)
    assert found.seconds.ends == pytest.approx((0.25,) * 3)
    assert ticks == [(1, 3), (2, 3), (3, 3)]
    # two idle windows before and two after, 0.5 s of warm-up, three repetitions of a second
    assert machine.time == pytest.approx(4 * 2.0 + 0.5 + 3 * 1.0)


def test_quartiles_by_hand():
    """1, 2, 3, 4, 10: the middle one, and a quarter of the way from either end."""
    assert quartiles([10.0, 2.0, 4.0, 1.0, 3.0]) == Range(2.0, 3.0, 4.0)
    rows = tuple(Repetition(2, 1.0, joules) for joules in (8.0, 10.0, 16.0))
    found = Metered(rows, Range(3.0, 4.0, 6.0))
    assert found.total == Range(4.5, 5.0, 6.5)  # of 4, 5 and 8 J
    assert found.above_idle == Range(2.5, 3.0, 4.5)  # 4 W for a second are 2 J of each inference
    assert found.to_dict()["idle_watt"] == {"low": 3.0, "typical": 4.0, "high": 6.0}


@given(st.floats(0.1, 500), st.floats(1e-3, 10), st.floats(1e-3, 2), st.integers(1, 16))
def test_energy_above_idle_is_what_an_inference_adds_whatever_the_machine_draws(idle, joules, seconds, batch):
    machine = Machine(idle, joules, seconds)
    found = meter("it", lambda: machine.runs(batch), machine.counter(), PLAN, machine.clock)
    assert found.above_idle.typical == pytest.approx(joules, rel=1e-6, abs=1e-6 * idle * seconds)
    assert found.total.typical == pytest.approx(joules + idle * seconds, rel=1e-6)
    assert all(one.inferences % batch == 0 and one.seconds >= PLAN.seconds for one in found.repetitions)


def test_a_repetition_lasts_at_least_as_long_as_asked_and_one_call_at_least():
    machine = Machine(seconds=0.4)
    found = meter("it", machine.runs, machine.counter(), PLAN, machine.clock)
    assert [(one.inferences, pytest.approx(one.seconds)) for one in found.repetitions] == [(3, 1.2)] * 3
    slow = Machine(seconds=9.0)
    assert meter("it", slow.runs, slow.counter(), PLAN, slow.clock).repetitions[0].inferences == 1


def test_work_that_cannot_be_told_from_idling_is_refused():
    machine = Machine(joules=0.0)
    with pytest.raises(InputError, match=r"5 W while digits runs and 5 W of the idle machine, .* stop other"):
        meter("digits", machine.runs, machine.counter(), PLAN, machine.clock)
    still = dataclasses.replace(Machine().counter(), read=lambda: 3.0)
    with pytest.raises(
        InputError, match=r"RAPL, 1 processor package did not rise while digits ran for 1 s; give a lon"
    ):
        machine = Machine()
        meter("digits", machine.runs, still, PLAN, machine.clock)
