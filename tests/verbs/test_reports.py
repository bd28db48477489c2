"""Reports and comparisons on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.runs import run_of

ROOT = Path(__file__).parents[2]


def test_report_writes_files_with_the_same_numbers(call):
    out = call("report", "digits", "--input", "digits:test", "--out", "report", "--json", "-q")
    names = {"report.html", "report.json", "layers.csv", "energy.csv", "counts.parquet"}
    assert {p.name for p in Path("report").iterdir()} == names
    written = json.loads(Path("report/report.json").read_text())
    assert written["totals"] == out["totals"] and written["samples"] == 359
    assert set(written["energy"]) == {"loihi1-davies2018", "horowitz45-fp32"}


def test_report_on_a_nir_file_equals_the_report_on_its_network(call):
    call("export", "digits", "-o", "digits.nir", "--json")
    options = ("--input", "digits:test", "--samples", "30", "--json", "-q")
    network = call("report", "digits", *options, "--out", "a")
    file = call("report", "digits.nir", *options, "--out", "b")
    for key in ("events", "unit_synops", "replicated_synops", "macs", "neuron_updates", "dense_macs"):
        assert network["totals"][key] == file["totals"][key], key
    assert network["accuracy"] == file["accuracy"]


def test_one_model_is_compared_with_its_twins(call, refused, tmp_path):
    run_of(tmp_path / "twin")
    command = ("compare", "digits", "--input", "digits:test", "--samples", "10", "-q", "--ann", "twin")
    found = call(*command, "--json")
    assert set(found["breakeven"]["profiles"]) == set(found["ann"]) == {"loihi1-davies2018", "horowitz45-fp32"}
    assert len(found["breakeven"]["bounds"]) == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "twin"]  # nothing is written unasked
    call("export", "digits", "-o", "own.nir")
    assert "compare them one by one" in refused(*command, "own.nir")


def test_several_models_are_set_side_by_side(call, tmp_path):
    call("export", "digits", "-o", "own.nir")
    command = ("compare", "digits", "own.nir", "--input", "digits:test", "--samples", "10", "-q")
    found = call(*command, "--reset", "hard", "--out", "both", "--json")  # --reset is for the file among them
    one, other = found["models"].values()
    assert list(found["models"]) == ["digits", "own"] and one["energy"] == other["energy"]
    assert {p.name for p in Path("both").iterdir()} == {"digits", "own", "compare.html", "compare.json", "compare.csv"}


def test_what_papers_and_other_tools_take_is_written_beside_the_report(call):
    options = ("--latex", "--bibtex", "--card", "--spdx", "--badge")
    out = call("report", "digits", "--input", "digits:test", "--samples", "3", "--out", "r", "-q", *options)
    assert "also: tables.tex, sources.bib, model_card.md, energy.spdx.json, badge.svg" in out
    written = json.loads(Path("r/report.json").read_text())
    (package, *_) = [e for e in json.loads(Path("r/energy.spdx.json").read_text())["@graph"] if "ai_metric" in e]
    (quantity,) = package["ai_energyConsumption"]["ai_inferenceEnergyConsumption"]
    typical = written["energy"]["loihi1-davies2018"]["per_inference"]["typical"]
    assert float(quantity["ai_energyQuantity"]) * 1e6 == pytest.approx(typical, rel=1e-12)
    assert "davies2018loihi" in Path("r/sources.bib").read_text() and "toprule" in Path("r/tables.tex").read_text()
