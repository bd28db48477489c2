"""The verb sweep: what it refuses, and what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflows.test_sweep import SMALL


@pytest.fixture
def spec(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL.format(top=""))


@pytest.mark.slow
def test_a_sweep_is_made_and_priced_anew(call, spec):
    found = call("sweep", "small.toml", "--trials", "2", "--json", "--quiet")
    assert [trial["state"] for trial in found["trials"]] == ["complete"] * 2 and found["front"]
    assert sorted(path.name for path in Path("sweeps/small").glob("sweep.*")) == [
        "sweep.csv", "sweep.html", "sweep.json",
    ]  # fmt: skip
    shown = call("sweep", "small.toml", "--trials", "2", "--quiet")
    assert "optuna-dashboard sweeps/small/journal.log" in shown.replace("\n", " ")
    again = call("sweep", "small.toml", "--rescore", "--profile", "horowitz45-int8")
    assert "optuna-dashboard" not in again
    assert "on horowitz45-int8" in again and "best energy: sweeps/small/trials/000" in again
    assert Path("sweeps/small/rescored-horowitz45-int8/sweep.html").is_file()


def test_what_does_not_go_together_is_refused(refused, spec):
    assert "give --profile with --rescore" in refused("sweep", "small.toml", "--profile", "speck")
    assert "would change nothing" in refused("sweep", "small.toml", "--rescore", "--workers", "2")
    assert "give 1 to 256" in refused("sweep", "small.toml", "--workers", "0")
    assert "1 to 100,000" in refused("sweep", "small.toml", "--trials", "1000000000")
    assert "run the sweep first" in refused("sweep", "small.toml", "--rescore")
    assert "There is no file" in refused("sweep", "none.toml")
    assert not Path("sweeps").exists()


def test_a_missing_optuna_is_said(refused, spec, monkeypatch):
    monkeypatch.setattr("snnhw.sweeps.available.find_spec", lambda name: None)
    assert "pip install 'snnhw[sweep]'" in refused("sweep", "small.toml")


def test_a_database_that_cannot_be_opened_is_said(refused, spec):
    assert "Cannot open the database" in refused("sweep", "small.toml", "--rescore", "--storage", "nothing")
