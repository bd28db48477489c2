"""All reports below a folder, by date, with the numbers that stand in them."""

from __future__ import annotations

import json

import pytest

from snnhw.analysis.difference.history import history
from snnhw.errors import InputError
from tests.analysis.difference.runs import sample_run


@pytest.fixture
def place(tmp_path):
    def put(folder, date, **options):
        report = sample_run(**options)
        report["stamp"]["date"] = date
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "report.json").write_text(json.dumps(report))
        return report

    put("late", "2026-03-01T10:00:00+00:00", accuracy=0.91)
    put("a/early", "2025-03-01T10:00:00+00:00", name="first")
    put(".hidden", "2024-03-01T10:00:00+00:00")
    return tmp_path, put


def test_runs_are_in_the_order_of_their_dates_with_the_numbers_of_their_reports(place):
    folder, _ = place
    found = history(folder)
    assert [(run.folder, run.price.profile) for run in found.runs] == [
        ("a/early", "loihi1-davies2018"),
        ("a/early", "horowitz45-fp32"),
        ("late", "loihi1-davies2018"),
        ("late", "horowitz45-fp32"),
    ]
    for run in found.runs:
        written = json.loads((folder / run.folder / "report.json").read_text())
        told = run.to_dict()
        assert told["unit_synops_per_inference"] == written["totals"]["unit_synops"] / written["samples"]
        energy = written["energy"][told["profile"]]
        assert [told[f"{end}_j"] for end in ("low", "typical", "high")] == list(energy["per_inference"].values())
        assert (told["accuracy"], told["scope"]) == (written["accuracy"], energy["scope"])
    assert len(found.frame) == len(found.to_dict()["runs"]) == 4


def test_the_table_shows_a_row_for_each_report_or_those_of_a_profile(place):
    found = history(place[0])
    assert [run.folder for run in found.shown()] == ["a/early", "late"]
    assert {run.price.profile for run in found.shown(["horowitz45-fp32"])} == {"horowitz45-fp32"}
    with pytest.raises(InputError, match="priced on 'loihi9'"):
        found.shown(["loihi9"])
    lines = found.text(found.shown()).splitlines()
    assert max(map(len, lines)) <= 80 and "91.0" in lines[3] + lines[4]


def test_scopes_and_samples_that_differ_are_said(place):
    folder, put = place
    put("other", "2026-04-01T10:00:00+00:00", profiles=("horowitz45-fp32",), data="more noise")
    found = history(folder)
    scopes, data = found.notes(found.shown())
    assert "horowitz45-fp32: the arithmetic alone" in scopes and "2 different sets" in data
    assert len(found.notes(found.shown(["horowitz45-fp32"]))) == 1


def test_a_run_that_was_priced_later_is_not_said_to_be_of_that_day(place):
    folder, _ = place
    file = folder / "late" / "report.json"
    report = json.loads(file.read_text())
    report["stamp"]["counted"] = "not kept"
    file.write_text(json.dumps(report))
    found = history(folder)
    early, late = found.shown()
    assert (early.cells[0], late.cells[0]) == ("2025-03-01 10:00", "2026-03-01 10:00*")
    (said,) = found.notes([early, late])
    assert said.startswith("* Priced then from stored counts; when they were counted is not kept")
    assert not found.notes([early]) and late.to_dict()["counted"] == "not kept"
    assert max(map(len, found.text([early, late]).splitlines())) <= 80


def test_what_is_no_report_is_said_and_a_folder_without_any_is_refused(place, tmp_path):
    folder, _ = place
    (folder / "odd").mkdir()
    (folder / "odd" / "report.json").write_text("{}")
    (finding,) = history(folder).findings
    assert finding.code == "no-report" and "odd" in finding.message
    with pytest.raises(InputError, match=r"There is no report\.json of snnhw below .*is missing"):
        history(folder / "odd")
    with pytest.raises(InputError, match="is no folder"):
        history(folder / "nowhere")
