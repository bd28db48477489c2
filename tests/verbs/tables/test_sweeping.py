"""What is printed of a sweep."""

from __future__ import annotations

from rich.table import Table

from snnhw.sweeps.result import COMPLETE, FAILED, SweepResult, Tried
from snnhw.verbs.tables.sweeping import FAILURES, sweep_tables
from tests.sweeps.made import outcome, spec_in


def test_front_winners_importances_and_failures_are_shown(tmp_path):
    spec = spec_in(tmp_path)
    tried = [Tried(i, COMPLETE, spec.point(i), outcome(0.5 + i / 10, (1 + i) * 1e-9), folder=f"t/{i}") for i in (0, 1)]
    failed = [Tried(i, FAILED, {}, None, "it broke") for i in range(2, 4 + FAILURES)]
    shares = {"energy": {"energy_weight": 0.75}}
    result = SweepResult(spec, spec.profile, spec.objectives, (*tried, *failed), shares, ("noted",))
    found = list(sweep_tables(result))
    front, mattered = (one for one in found if isinstance(one, Table))
    assert front.row_count == 2 and [str(c.header) for c in front.columns][-2:] == ["timesteps", "thresholds"]
    assert list(map(str, front.columns[0].cells)) == ["0001", "0000"] and mattered.row_count == 3
    lines = [one for one in found if isinstance(one, str)]
    assert lines[0] == result.headline and "best accuracy: t/1" in lines and "best energy: t/0" in lines
    assert f"trial {FAILURES + 1:04d} failed: it broke" in lines and lines[-2].startswith("2 more failed")
    assert lines[-1] == "noted"
