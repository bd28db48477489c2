"""One model or several: reports by label, one comparison, files where they are asked for."""

from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.workflows.compare import compare
from snnhw.workflows.report import ReportOptions, build_report


def test_one_model_gives_its_report_and_no_comparison(digits, some):
    made = compare({"digits": (digits, some)})
    alone = build_report(digits, some)
    assert made.comparison is None and made.page is None
    assert list(made.to_dict()) == ["model", "samples", "accuracy_by_stage", "ann", "breakeven", "findings", "assumed"]
    assert made.to_dict() == {key: alone.to_dict()[key] for key in made.to_dict()}


def test_several_are_compared_and_written(digits, some, tmp_path):
    options = ReportOptions(profiles=["horowitz45-fp32"])
    made = compare({"a": (digits, some), "b": (digits, some.first(12))}, tmp_path, options)
    assert list(made.to_dict()["models"]) == ["a", "b"] and list(made.reports["a"].energy) == ["horowitz45-fp32"]
    assert [made.reports[label].counts.samples for label in "ab"] == [24, 12]
    assert made.page == tmp_path / "compare.html" and (tmp_path / "a" / "report.html").is_file()


def test_a_twin_belongs_to_one_model(digits, some):
    with pytest.raises(InputError, match="compare them one by one"):
        compare({"a": (digits, some), "b": (digits, some)}, options=ReportOptions(ann=Path("run")))
