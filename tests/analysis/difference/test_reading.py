"""What a user names becomes a side, or one sentence that says why not."""

from __future__ import annotations

import copy
import json
import random

import pytest

from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.reading import read_side, reads, side_of
from snnhw.analysis.report.writing import plain, write_report
from snnhw.errors import InputError
from tests.analysis.difference.runs import sample_run
from tests.analysis.report_sample import sample_report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    write_report(sample_report(complete=False), place)
    return place


def test_a_folder_its_report_and_the_report_in_memory_are_the_same_side(folder):
    own = side_of(plain(sample_report(complete=False).to_dict()), "x")
    for found in (read_side(folder), read_side(folder / "report.json")):
        assert Difference(found, own).is_empty and found.rows == own.rows
        assert found.prices == own.prices


def test_a_table_of_counts_has_the_counts_of_its_report(folder):
    table, whole = read_side(folder / "layers.csv"), read_side(folder)
    assert [(row.name, row.kind, row.shape, row.counts) for row in table.rows] == [
        (row.name, row.kind, row.shape, row.counts) for row in whole.rows if row.kind
    ]
    found = Difference(table, whole)
    assert found.per == "all samples" and not found.prices and "sums-alone" in {f.code for f in found.findings}
    assert not any(found.change(pair, key) for pair in found.pairs for key in found.counts)


def test_what_is_read_is_known_by_its_name(folder, tmp_path):
    assert reads(folder) and reads("x/report.json") and reads("layers.csv")
    assert not reads("digits") and not reads("a.nir") and not reads(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.pop("stamp"), "'stamp' is missing"),
        (lambda r: r["totals"].__setitem__("macs", 7), "and its layers add up to"),
        (lambda r: r["layers"][0].__setitem__("neurons", -1), "a whole number is needed"),
        (lambda r: r["layers"][0].__setitem__("levels", 0), "a whole number is needed"),
        (lambda r: r["layers"][1].__setitem__("name", r["layers"][0]["name"]), "no names of their own"),
        (lambda r: r.__setitem__("samples", 0), "a whole number is needed"),
        (lambda r: r["energy"]["horowitz45-fp32"]["per_inference"].__setitem__("low", 1.0), "not in ascending order"),
        (lambda r: r.__setitem__("edges", None), "is no report.json of snnhw"),
    ],
)
def test_a_report_whose_numbers_do_not_fit_is_refused(change, said):
    found = copy.deepcopy(sample_run())
    change(found)
    with pytest.raises(InputError, match="make the report anew") as refused:
        side_of(found, "r")
    assert said in str(refused.value)


def test_damaged_reports_are_refused_in_one_sentence_or_read():
    """Values of any place and type are put into a report; nothing but a refusal may come of it."""
    good, rng = sample_run(), random.Random(5)
    for _ in range(60):
        found = copy.deepcopy(good)
        place = found
        while True:
            key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.2:
                break
            place = place[key]
        place[key] = rng.choice([None, -1, 1.5, float("nan"), "x", [], {}, True, [1, 2], {"a": 1}])
        try:
            side_of(found, "r")
        except InputError as error:
            assert str(error).endswith(".") and "\n" not in str(error)


def test_files_that_are_something_else_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("name,kind,shape,levels,unit_synops\na,first,4,1,many\n")
    (tmp_path / "c.json").write_text(json.dumps({"models": {}}))
    (tmp_path / "d.json").write_text("[1")
    for name, said in {
        "a.csv": "no column",
        "b.csv": "whole number",
        "c.json": "is missing",
        "d.json": "Cannot read",
        "e.json": "There is no file",
    }.items():
        with pytest.raises(InputError, match=said):
            read_side(tmp_path / name)
