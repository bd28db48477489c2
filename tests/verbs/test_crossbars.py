"""Crossbars on the command line."""

import json
from pathlib import Path

from snnhw.analysis.crossbar.array import FOLDER


def test_map_shows_tiles_and_with_samples_what_reads_cost(call):
    plain = call("map", "digits", "--chip", "rram", "--json", "-q")
    assert plain["tiles"] == sum(layer["tiles"] for layer in plain["layers"]) and "energy" not in plain
    priced = call("map", "digits", "--chip", "rram", "--input", "digits:test", "--samples", "3", "--json", "-q")
    assert priced["samples"] == 3 and priced["energy"]["all"]["split"]["adc"]["low"] > 0
    assert any(text.startswith("Columns that are not in use are neither converted") for text in priced["assumes"])
    assert priced["seconds_one_by_one"]["typical"] > 0 and priced["area_m2"]["typical"] > 0
    shown = call("map", "digits", "--chip", "rram64", "--deployment", "graded", "-q")
    assert "tiles" in shown and "ADC bits" in shown


def test_a_crossbar_of_ones_own(call):
    text = (FOLDER / "rram.toml").read_text()
    Path("mine.toml").write_text(text.replace('name = "rram"', 'name = "mine"').replace("rows = 128", "rows = 32"))
    found = call("map", "digits", "--chip", "mine.toml", "--json", "-q")
    assert (found["chip"], found["rows"]) == ("mine", 32)


def test_what_crossbars_lack_is_refused(refused):
    assert "--trace shows cores" in refused(
        "map", "digits", "--chip", "rram", "--input", "digits:test", "--trace", "t.json"
    )
    assert "give --profile once" in refused("map", "digits", "--chip", "rram", "--profile", "a", "--profile", "b")
    assert "no profile of crossbars 'loihi2'" in refused("map", "digits", "--chip", "rram", "--profile", "loihi2")
    assert "'shared' is that of channels" in refused("map", "digits", "--chip", "rram", "--deployment", "shared")
    assert "no chip 'rran'; did you mean 'rram'" in refused("map", "digits", "--chip", "rran")
    everything = "give a .toml file or one of loihi1, loihi2, rram, rram64."
    for name in ("nosuch", "nosuch.toml"):
        assert f"no chip '{name}'; {everything}" in refused("map", "digits", "--chip", name)
    wrong = ("compare", "digits", "--input", "digits:test", "--samples", "1", "--crossbar")
    assert "no crossbar 'loihi1'" in refused(*wrong, "loihi1")


def test_compare_has_crossbars_beside_both_twins(call):
    asked = ("compare", "digits", "--input", "digits:test", "--samples", "2", "-q")
    without, beside = call(*asked, "--json"), call(*asked, "--crossbar", "rram", "--json")
    found = beside.pop("crossbar")["digits"]
    assert beside == without and len(found["rows"]) == 8 and len(found["claims"]) == 11 and found["conditions"]
    shown = call(*asked, "--crossbar", "rram", "--out", "out")
    assert json.loads(Path("out/crossbar.json").read_text())["crossbar"]["digits"] == found
    assert Path("out/crossbar.csv").exists() and "crossbars: out/crossbar.json" in shown
    assert "what would have to be true for crossbars to save" in " ".join(shown.split())
    again = call(*asked, "--out", "out")
    assert "removed, since of an earlier comparison: out/crossbar.csv" in again
    assert {path.name for path in Path("out").iterdir()} == {"digits"}


def test_what_crossbars_could_not_do_is_refused_before_reports_are_written(refused):
    asked = ("compare", "digits", "--input", "digits:test", "--samples", "1", "--out", "out", "--crossbar")
    assert "no crossbar 'loihi1'" in refused(*asked, "loihi1") and not Path("out").exists()
    Path("out").mkdir()
    Path("out/crossbar.csv").write_text("mine")
    assert "crossbar.csv exists" in refused(*asked, "rram")
    assert [path.name for path in Path("out").iterdir()] == ["crossbar.csv"]


def test_integers_run_on_crossbars_of_ideal_devices(call):
    asked = ("simulate", "digits", "--input", "digits:test", "--samples", "3", "--json", "-q")
    digital = call(*asked, "--backend", "torch-int", "-o", "a.npz")
    crossbars = call(*asked, "--backend", "rram", "-o", "b.npz")
    assert crossbars["spikes"] == digital["spikes"] and crossbars["accuracy"] == digital["accuracy"]
