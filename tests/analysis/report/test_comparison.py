import csv
import dataclasses
import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.ranges import Range
from snnhw.analysis.report.comparison import beats, compare_reports
from snnhw.analysis.report.writing import write_comparison
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import sample_report
from tests.nets import residual_net

points = st.tuples(
    st.sampled_from([0.5, 0.75, 0.9]),
    st.lists(st.integers(1, 4), min_size=3, max_size=3).map(lambda ends: Range(*sorted(ends))),
)


@given(points, points, points)
def test_beating_is_a_strict_partial_order(a, b, c):
    assert not beats(a, a)
    assert not (beats(a, b) and beats(b, a))
    if beats(a, b) and beats(b, c):
        assert beats(a, c)


@pytest.mark.parametrize(
    ("a", "b", "wins"),
    [
        ((0.9, (1, 2, 3)), (0.8, (1, 2, 3)), True),
        ((0.9, (1, 2, 3)), (0.9, (1, 2, 4)), True),
        ((0.9, (1, 2, 3)), (0.95, (5, 6, 7)), False),
        ((0.9, (1, 2, 8)), (0.8, (3, 4, 7)), False),
        ((0.9, (1, 4, 6)), (0.9, (2, 5, 7)), True),
    ],
)
def test_one_beats_another_only_at_every_end_of_the_range(a, b, wins):
    assert beats((a[0], Range(*a[1])), (b[0], Range(*b[1]))) is wins


@pytest.fixture(scope="module")
def comparison():
    plain = sample_report(complete=False)
    busy = dataclasses.replace(plain, energy={p: _twice(e) for p, e in plain.energy.items()})
    reports = {
        "cheap": dataclasses.replace(plain, accuracy={"float": 0.9}),
        "exact": dataclasses.replace(busy, accuracy={"float": 0.95}),
        "beaten": dataclasses.replace(busy, accuracy={"float": 0.85}),
        "unmeasured": plain,
    }
    return compare_reports(reports)


def _twice(estimate):
    return dataclasses.replace(estimate, terms=estimate.terms * 2)


def test_front_holds_who_nobody_beats(comparison):
    for profile in comparison.profiles:
        assert comparison.front(profile) == ("cheap", "exact")
    assert comparison.headline == ("cheap and exact are beaten by none on loihi1-davies2018 and horowitz45-fp32.")


def test_files_say_the_same(comparison, tmp_path):
    html = write_comparison(comparison, tmp_path).read_text()
    found = json.loads((tmp_path / "compare.json").read_text())
    assert found["models"]["unmeasured"]["accuracy"] is None
    with (tmp_path / "compare.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * len(comparison.profiles)
    for row in rows:
        model = found["models"][row["label"]]
        assert math.isclose(float(row["typical_j"]), model["energy"][row["profile"]]["typical"])
        assert (row["on_front"] == "True") == (row["label"] in found["front"][row["profile"]])
    assert html.count("<svg") == 2 * len(comparison.profiles)
    assert not re.search(r"https?:|url\((?!#)", html)


def test_page_without_any_accuracy_has_the_table_alone(tmp_path):
    report = sample_report(complete=False)
    html = write_comparison(compare_reports({"a": report, "b": report}), tmp_path).read_text()
    assert "<svg" not in html
    assert html.count("<tr>") == 3


def test_levels_are_compared_where_a_network_has_several_alone(comparison, tmp_path):
    assert "K·u" in write_comparison(comparison, tmp_path / "several").read_text()
    single = sample_report(complete=False, net=residual_net(levels=1, samples=1))
    html = write_comparison(compare_reports({"a": single, "b": single}), tmp_path / "one").read_text()
    head = html[html.index("<thead>") : html.index("</thead>")]
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)<', head) == [
        "Network", "Accuracy", "Parameters", "T", "e", "u", "loihi1-davies2018", "horowitz45-fp32",
    ]  # fmt: skip
    row = html[html.index("<tbody>") : html.index("</tr>", html.index("<tbody>"))]
    assert row.count("<td") == 7


def test_what_was_assumed_stands_above_the_table_and_in_json(tmp_path):
    step = Finding("dt-assumed", "warning", "", "0.0001 s is taken", "give --dt")
    told, plain = sample_report(complete=False, findings=(step,)), sample_report(complete=False)
    comparison = compare_reports({"a": told, "plain": plain, "b": told})
    words = Page(write_comparison(comparison, tmp_path).read_text()).text
    assert words.index("time step") < words.index("a, b: 0.0001 s is taken") < words.rindex("Side by side")
    saved = json.loads((tmp_path / "compare.json").read_text())
    assert saved["assumed"] == [{"model": label, **step.to_dict()} for label in ("a", "b")]
    quiet = compare_reports({"a": plain, "b": plain})
    assert "Assumed" not in Page(write_comparison(quiet, tmp_path).read_text()).text


def test_comparison_of_one_or_of_other_profiles_is_refused():
    report = sample_report(complete=False)
    with pytest.raises(InputError, match="at least two"):
        compare_reports({"a": report})
    with pytest.raises(InputError, match="same profiles"):
        compare_reports({"a": report, "b": sample_report(complete=False, profiles=("horowitz45-fp32",))})


def _elsewhere(report):
    """The same numbers, from other samples."""
    return dataclasses.replace(report, stamp=dataclasses.replace(report.stamp, data_checksum="c" * 64))


def test_networks_on_different_samples_are_not_ranked(comparison, tmp_path):
    moved = dict(comparison.reports)
    moved["exact"] = _elsewhere(moved["exact"])
    found = compare_reports(moved)
    (finding,) = found.findings
    assert finding.code == "other-samples" and "exact on 5 of noise (cccccccc)" in finding.message
    assert not any(found.front(profile) for profile in found.profiles)
    assert "beaten by none" not in found.headline and finding.message in found.headline
    html = write_comparison(found, tmp_path).read_text()
    words = Page(html).text
    assert finding.message in words and finding.remedy in words
    assert "<svg" not in html and "●" not in html and "beaten by none" not in html
    saved = json.loads((tmp_path / "compare.json").read_text())
    assert saved["findings"] == [finding.to_dict()]
    assert saved["front"] == {profile: [] for profile in found.profiles}
    assert saved["models"]["exact"]["data_checksum"] == "c" * 64
    with (tmp_path / "compare.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["on_front"] for row in rows} == {""}
    for row in rows:
        counts = found.reports[row["label"]].counts
        told = row["data"], row["data_sha256"], row["samples"], row["timesteps"]
        assert told == ("noise", found.reports[row["label"]].stamp.data_checksum, "5", str(counts.timesteps))


def test_networks_on_the_same_samples_have_no_finding(comparison):
    assert comparison.findings == () and comparison.ranked
    assert comparison.to_dict()["findings"] == []
