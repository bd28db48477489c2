"""The trace as a file: the first sample alone, on the chip and with the profile that are named."""

from __future__ import annotations

import json

import pytest

import snnhw
from snnhw.errors import InputError
from snnhw.workflows.map import bound_on_chip
from snnhw.workflows.trace_on_chip import trace_on_chip


def test_the_file_shows_every_core_of_the_mapping(tmp_path):
    model, inputs = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(3)
    path = trace_on_chip(model, inputs, tmp_path / "t.json", profiles=["odin", "loihi1-sanafe"])
    trace = json.loads(path.read_text())
    bound = bound_on_chip(model, profiles=["loihi1-sanafe"], inputs=inputs.first(1))
    assert trace["otherData"]["profile"] == "loihi1-sanafe" and trace["otherData"]["chip"] == "Loihi 1"
    cores = [event for event in trace["traceEvents"] if event["name"] == "thread_name"]
    assert len(cores) == bound.mapping.cores
    (floor,) = bound.floorlines
    steps = [event["dur"] for event in trace["traceEvents"] if event["ph"] == "X" and event["pid"] == 0]
    assert len(steps) == floor.steps and sum(steps) / 1e6 >= floor.sample.typical * (1 - 1e-9)


def test_a_chip_whose_profiles_have_no_times_is_refused(tmp_path):
    model, inputs = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(1)
    with pytest.raises(InputError, match="has the times of a core; name one with --profile"):
        trace_on_chip(model, inputs, tmp_path / "t.json", profiles=["odin"])
