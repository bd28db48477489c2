"""The files of a sweep say the same, and nobody else's file is replaced."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from snnhw.errors import InputError
from snnhw.sweeps.result import COMPLETE, FAILED, SweepResult, Tried
from snnhw.sweeps.writing import DRAWN, drawn, page_of, write_sweep
from tests.sweeps.made import outcome, spec_in


@pytest.fixture
def result(tmp_path):
    spec = spec_in(tmp_path)
    tried = [
        Tried(i, COMPLETE, spec.point(i), outcome(0.5 + i / 100, (1 + i) * 1e-9), folder=f"t/{i}") for i in range(12)
    ]
    failed = Tried(12, FAILED, {}, None, "<b>it broke</b>")
    return SweepResult(spec, spec.profile, spec.objectives, (*tried, failed), {"energy": {"energy_weight": 1.0}})


def test_three_files_say_the_same_and_may_be_written_again(tmp_path, result):
    page = write_sweep(result, tmp_path / "out")
    write_sweep(result, tmp_path / "out")
    plain = json.loads((tmp_path / "out" / "sweep.json").read_text())
    frame = pd.read_csv(tmp_path / "out" / "sweep.csv")
    assert plain["front"] == list(frame.trial[frame.on_front]) or sorted(plain["front"]) == list(
        frame.trial[frame.on_front]
    )
    text = page.read_text()
    assert result.headline in text and "&lt;b&gt;it broke" in text and "<b>it broke" not in text
    assert text.count("<svg") == 2 and "http" not in text.replace("http://www.w3.org", "")


def test_a_file_of_something_else_is_not_replaced(tmp_path, result):
    (tmp_path / "sweep.json").write_text("mine")
    with pytest.raises(InputError, match="--force"):
        write_sweep(result, tmp_path)
    write_sweep(result, tmp_path, force=True)


def test_the_chart_has_the_front_and_only_so_many_others(tmp_path, result):
    spec = result.spec
    many = tuple(Tried(i, COMPLETE, spec.point(i % 12), outcome(0.5, 1e-9 * (200 - i))) for i in range(100))
    found = drawn(SweepResult(spec, spec.profile, spec.objectives, many))
    assert len(found) == DRAWN and next(iter(found)) == "0099"


def test_a_sweep_without_a_trial_has_a_page(result):
    assert "none is on a front" in page_of(SweepResult(result.spec, result.profile, result.objectives, ()))
