"""Profiles, mapping and demo on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnhw.analysis.hardware.profiles import load_profile


def test_a_profile_shows_what_it_leaves_out(call):
    shown = call("profiles", "show", "loihi1-davies2018", "--json")
    profile = load_profile("loihi1-davies2018")
    assert (shown["assumes"], shown["excludes"]) == (list(profile.assumes), list(profile.excludes)) != ([], [])


@pytest.mark.parametrize("verb", [["zoo"], ["profiles"], ["profiles", "show", "horowitz45-fp32"], ["datasets"]])
def test_lists_print_one_json_object(call, verb):
    assert isinstance(call(*verb, "--json"), dict)
    assert call(*verb)


def test_profiles_are_held_against_measured_chips(call):
    found = call("profiles", "--measured", "--plot", "bench.svg", "--json")
    assert found["plot"] == "bench.svg" and Path("bench.svg").read_bytes().startswith(b"<?xml")
    assert found["scores"]["all"]["points"] == len({row["id"] for row in found["points"]}) >= 60
    speck = call("profiles", "show", "speck", "--measured", "--json")
    assert [row["answer"] for row in speck["points"]] == ["covered"] * 6
    assert call("profiles", "--measured", "speck", "--json") == speck  # as the help has it


def test_a_picture_and_a_trace_replace_their_like_alone(call, refused):
    draw = ("profiles", "--measured", "speck", "--plot")
    trace = ("map", "digits", "--input", "digits:test", "--samples", "1", "-q", "--trace")
    for words, name in ((draw, "a.svg"), (draw, "a.pdf"), (draw, "a.png"), (trace, "a.json")):
        Path(name).write_text("mine")
        assert f"{name} exists and is no " in refused(*words, name) and Path(name).read_text() == "mine"
        call(*words, name, "--force")
        assert Path(name).stat().st_size > 1000
        call(*words, name)  # over itself


def test_map_bounds_the_time_of_the_spikes_of_samples(call, refused):
    silent = call("map", "digits", "--json")
    counted = call("map", "digits", "--input", "digits:test", "--samples", "4", "--json", "-q")
    assert (silent["samples"], counted["samples"]) == (0, 4) and "no spike is counted" in silent["notes"][0]
    for name, found in counted["floorline"].items():
        before = silent["floorline"][name]
        assert found["step_seconds"]["typical"] > before["step_seconds"]["typical"]
        assert (found["binds"], before["binds"]) == ("memory", "compute")
    assert "belong to --input" in refused("map", "digits", "--samples", "4")


@pytest.mark.lava
@pytest.mark.very_slow
def test_the_demo_reaches_its_bars(call):
    out = call("demo", "--out", "demo", "--json", "-q")
    assert out["accuracy"]["float"] >= 0.97 and out["accuracy"]["loihi integers"] >= 0.965
    assert out["fidelity"]["agrees"] and Path(out["report"]).is_file()


def test_a_trace_of_a_mapped_run_is_written_on_request(call, refused):
    out = call("map", "digits", "--input", "digits:test", "--samples", "2", "-q", "--trace", "t.json", "--json")
    events = json.loads(Path(out["trace"]).read_text())["traceEvents"]
    assert sum(event["name"] == "thread_name" for event in events) == out["cores"]
    assert "name samples with --input" in refused("map", "digits", "--trace", "t.json")
