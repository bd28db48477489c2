"""Stored counts on the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

RUN = ("--input", "digits:test", "--samples", "20", "-q")


@pytest.fixture
def counts(call):
    call("report", "digits", *RUN, "--out", "report", "--json")
    return "report/counts.parquet"


def test_counts_are_priced_without_the_network(call, counts):
    network = json.loads(Path("report/report.json").read_text())
    stored = call("report", "--from", counts, "--json")
    assert stored["energy"] == network["energy"] and stored["accuracy"] == network["accuracy"]
    assert {p.name for p in Path().iterdir()} == {"report"}  # nothing is written unasked
    other = call("report", "--from", counts, "--profile", "speck", "--out", "speck", "--badge", "--json")
    assert list(other["energy"]) == ["speck"]
    assert {p.name for p in Path("speck").iterdir()} == {
        "report.html", "report.json", "layers.csv", "energy.csv", "badge.svg",
    }  # fmt: skip
    assert "µJ" in call("report", "--from", counts, "--profile", "speck")


def test_a_report_of_the_network_is_not_replaced_by_one_of_its_counts(call, refused, counts):
    before = {path.name: path.read_bytes() for path in Path("report").iterdir()}
    told = refused("report", "--from", counts, "--profile", "speck", "--out", "report")
    assert "report/report.json tells more than this report" in told and "the raster of an example" in told
    assert {path.name: path.read_bytes() for path in Path("report").iterdir()} == before
    call("report", "--from", counts, "--out", "report", "--force")
    call("report", "--from", counts, "--profile", "speck", "--out", "report")  # neither says more
    assert Path(counts).read_bytes() == before["counts.parquet"]


def test_stored_counts_are_compared(call, refused, counts):
    call("report", "digits", "--input", "digits:test", "--samples", "10", "-q", "--out", "few", "--json")
    found = call("compare", "--from", counts, "few/counts.parquet", "--profile", "speck", "--json")
    assert list(found["models"]) == [counts, "few/counts.parquet"]
    same = call(
        "compare", "--from", counts, "--from", "few/counts.parquet", "--profile", "speck", "--out", "c", "--json"
    )
    assert same == found and Path("c/compare.html").exists()
    (finding,) = found["findings"]  # a table of numbers, and no front across 20 and 10 samples
    assert finding["code"] == "other-samples" and found["front"] == {"speck": []}
    told = call("compare", "--from", counts, "few/counts.parquet", "--profile", "speck")
    assert "the runs are on different samples" in " ".join(told.split()) and "*" not in told
    told = refused("compare", "report", "few")
    assert "--from report/counts.parquet few/counts.parquet" in told and "snnhw diff report few" in told
    assert "folders of reports" in refused("compare", "report", "few", "--input", "digits:test")


def test_parts_are_counted_merged_and_shown(call, refused, counts):
    for part in ("1/2", "2/2"):
        told = call("report", "digits", *RUN, "--out", "parts", "--shard", part)
        assert "samples" in told and "counted" in told
    again = call("report", "digits", *RUN, "--out", "parts", "--shard", "2/2", "--json")
    assert again == {
        "counts": "parts/counts-2of2.parquet", "first_sample": 10, "samples": 10, "counted_now": False,
    }  # fmt: skip
    one = call("counts", "merge", "parts/counts-2of2.parquet", "-o", "half.parquet")
    assert "10 samples of 1 part; 10 of 20 samples are missing" in one
    both = ("parts/counts-2of2.parquet", "parts/counts-1of2.parquet")
    found = call("counts", "merge", *both, "-o", "all.parquet", "--json")
    assert found["complete"] and found["samples"] == 20 and found["bytes"] == Path("all.parquet").stat().st_size
    assert Path("all.parquet").read_bytes() == Path(counts).read_bytes()
    kept = Path(both[0]).read_bytes()
    assert f"{both[0]} is one of the files to merge" in refused("counts", "merge", *both, "-o", both[0])
    assert "half.parquet holds other counts" in refused("counts", "merge", *both, "-o", "half.parquet")
    assert Path(both[0]).read_bytes() == Path("half.parquet").read_bytes() == kept
    call("counts", "merge", *both, "-o", "all.parquet")  # the same bytes are there
    call("counts", "merge", both[0], "-o", both[0])
    assert Path(both[0]).read_bytes() == kept
    call("counts", "merge", *both, "-o", "half.parquet", "--force")
    assert Path("half.parquet").read_bytes() == Path("all.parquet").read_bytes()
    shown = call("counts", "show", "all.parquet", "--profile", "speck", "--json")
    mean = call("report", "--from", "all.parquet", "--profile", "speck", "--json")["energy"]["speck"]["per_inference"]
    assert shown["energy"]["speck"]["mean"] == pytest.approx(mean["typical"], rel=1e-12)
    assert shown["samples"] == 20 and "least" in call("counts", "show", "all.parquet")


def test_a_plan_says_what_it_takes_and_writes_nothing(call):
    found = call("report", "digits", *RUN, "--plan", "--json")
    assert found["samples"] == 20 and found["seconds"] > 0 and found["shards"] == 20
    told = call("report", "digits", *RUN, "--plan", "--shard", "1/4", "--out", "nowhere")
    assert "memory of one process" in told and "samples of this part" in told and "nothing is written" in told
    assert not list(Path().iterdir())


def test_what_mixes_or_counts_twice_is_refused(call, refused, counts):
    call("report", "digits", "--input", "digits:test", "--samples", "10", "-q", "--out", "few", "--json")
    assert "the data (their sha256)" in refused("counts", "merge", counts, "few/counts.parquet", "-o", "x.parquet")
    assert "is named twice" in refused("counts", "merge", counts, counts, "-o", "x.parquet")
    Path("copy.parquet").write_bytes(Path(counts).read_bytes())
    assert "Sample 0 is in" in refused("counts", "merge", counts, "copy.parquet", "-o", "x.parquet")
    call("report", "digits", *RUN, "--timesteps", "2", "--out", "two", "--json")
    said = refused("counts", "merge", counts, "two/counts.parquet", "-o", "x.parquet")
    assert "differ in the network" in said and "T = 4" in said and "T = 2" in said
    assert not Path("x.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("report", "--from", "none.parquet"), "none.parquet"),
        (("report", "digits", "--from", "a.parquet"), "MODEL would change nothing"),
        (("report", "--from", "a.parquet", "--samples", "3"), "--samples would change nothing"),
        (("report", "--from", "a.parquet", "--latex"), "--latex is a file and --out names no folder"),
        (("report", "digits"), "Missing option '--input'"),
        (("report", "--input", "digits:test"), "Missing argument 'MODEL'"),
        (("report", "digits", "--input", "digits:test"), "Missing option '--out'"),
        (("report", "digits", *RUN, "--out", "o", "--shard", "3/2"), "no part of the samples"),
        (("report", "digits", *RUN, "--out", "o", "--shard", "x"), "no part of the samples"),
        (("report", "digits", *RUN, "--out", "o", "--shard", "1/2", "--latex"), "--latex is for a whole report"),
        (("report", "digits", *RUN, "--plan", "--levels"), "--levels is for a whole report"),
        (("compare", "--from", "a.parquet"), "at least two files"),
        (("compare", "--input", "digits:test"), "Missing argument 'MODELS...'"),
        (("compare", "--from", "a.parquet", "b.parquet", "--ann", "twin"), "--ann would change nothing"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(refused, arguments, told):
    assert told in refused(*arguments)
    assert not list(Path().iterdir())


def test_without_pyarrow_a_report_says_what_is_missing(call, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    told = call("report", "digits", *RUN, "--out", "report")
    assert "counts.parquet is not written: pyarrow is not installed" in " ".join(told.split())
    assert not Path("report/counts.parquet").exists() and Path("report/report.html").exists()
    assert "snnhw[counts]" in refused("report", "--from", "a.parquet")
