"""A report is written whole into its folder: page, JSON and CSV say the same."""

import csv
import dataclasses
import json

import pytest

from snnhw.analysis.report.writing import plain, write_report
from snnhw.errors import InputError
from tests.analysis.report_sample import sample_report


def test_csv_files_say_what_json_says(out):
    found = json.loads((out / "report.json").read_text())
    with (out / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["name"], int(r["unit_synops"]), int(r["events"])) for r in rows] == [
        (layer["name"], layer["unit_synops"], layer["events"]) for layer in found["layers"]
    ]
    with (out / "energy.csv").open() as file:
        parts = list(csv.DictReader(file))
    for profile, energy in found["energy"].items():
        for end in ("low", "typical", "high"):
            summed = sum(float(r[f"{end}_j"]) for r in parts if r["profile"] == profile)
            assert summed == pytest.approx(energy["per_inference"][end], rel=1e-12)


def test_numbers_that_json_lacks_become_null():
    assert plain({"a": (float("nan"), float("inf"), 1.5, "x", None)}) == {"a": [None, None, 1.5, "x", None]}


def test_report_into_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"):
        write_report(sample_report(complete=False), tmp_path / "file" / "report")


def test_steps_of_the_report_that_is_replaced_go_with_it_and_no_others(tmp_path):
    """A table of an earlier run beside a new report would be taken for its own."""
    report = sample_report(complete=True)
    write_report(dataclasses.replace(report, steps=(report.counts,) * 2), tmp_path)
    assert (tmp_path / "steps.csv").is_file()
    write_report(dataclasses.replace(report, steps=()), tmp_path)
    assert not (tmp_path / "steps.csv").exists()
    (tmp_path / "steps.csv").write_text("step,name,of somebody else\n")
    write_report(dataclasses.replace(report, steps=()), tmp_path)
    assert (tmp_path / "steps.csv").is_file()
