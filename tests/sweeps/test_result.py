"""The front of a sweep, its winners and its sentence."""

from __future__ import annotations

import pytest

from snnhw.sweeps.result import COMPLETE, FAILED, SweepResult, Tried, sweep_frame
from tests.sweeps.made import outcome, spec_in


@pytest.fixture
def result(tmp_path):
    spec = spec_in(tmp_path)
    outcomes = [outcome(0.9, 4e-9), outcome(0.8, 2e-9), outcome(0.7, 3e-9), outcome(0.95, 1e-9, over=1)]
    tried = [Tried(i, COMPLETE, spec.point(i), one, folder=f"trials/{i:04d}") for i, one in enumerate(outcomes)]
    return SweepResult(spec, spec.profile, spec.objectives, (*tried, Tried(4, FAILED, {}, None, "it broke")))


def test_the_front_has_what_fits_and_is_beaten_by_none(result):
    assert [one.root for one in result.front] == [0, 1]
    assert {name: one.root for name, one in result.winners.items()} == {"accuracy": 0, "energy": 1}


def test_the_sentence_counts_everything(result):
    assert result.headline == (
        "4 of 12 trials are complete (1 failed, 1 do not fit 1 loihi1); 0000 and 0001 are beaten by none in accuracy "
        "and energy on loihi1-davies2018."
    )


def test_without_a_trial_there_is_no_front(result):
    empty = SweepResult(result.spec, result.profile, result.objectives, ())
    assert empty.front == () and empty.winners == {} and "none is on a front" in empty.headline


def test_an_unknown_latency_is_on_no_front(tmp_path):
    spec = spec_in(tmp_path)
    tried = (Tried(0, COMPLETE, spec.point(0), outcome(latency=None)),)
    assert SweepResult(spec, spec.profile, ("accuracy", "latency"), tried).front == ()


def test_json_and_the_frame_say_the_same(result):
    plain, frame = result.to_dict(), sweep_frame(result)
    assert plain["front"] == [0, 1] == list(frame.trial[frame.on_front])
    assert plain["winners"] == {"accuracy": "trials/0000", "energy": "trials/0001"}
    assert plain["trials"][0]["point"] == {
        "energy_weight": 0.01, "arguments.timesteps": 1, "arguments.thresholds": [0.6],
    }  # fmt: skip
    assert list(frame.error) == ["", "", "", "", "it broke"] and list(frame.high_j[:4]) == [4e-9, 2e-9, 3e-9, 1e-9]
