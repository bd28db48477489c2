"""`snnhw crossbar`: accuracy on chips that are drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.verbs.devices import listed, whole

SMALL = (
    "--input",
    "digits:test",
    "--calibrate",
    "digits:train",
    "--seeds",
    "2",
    "--samples",
    "3",
    "--adc-samples",
    "1",
)


def test_a_study_is_shown_and_written(call):
    options = ("--spread", "0,0.2", "--adc-bits", "8", "--at-spread", "0.01", "--read-noise", "0", "--out", "out")
    out = call("crossbar", "digits", *SMALL, *options, "--json")
    assert [(point["axis"], point["value"]) for point in out["points"]] == [
        ("spread", 0.0), ("spread", 0.2), ("adc_bits", 8),
    ]  # fmt: skip
    assert json.loads(Path("out/devices.json").read_text())["points"] == out["points"]
    assert {path.name for path in Path("out").iterdir()} == {"devices.html", "devices.json", "devices.csv"}


@pytest.mark.parametrize(
    ("text", "option", "found"),
    [("", "--spread", ()), ("0,0.05, 1e-3", "--spread", (0.0, 0.05, 0.001))],
)
def test_lists_are_typed_with_commas(text, option, found):
    assert listed(text, option) == found


@pytest.mark.parametrize("text", ["a", "1;2", "0.1,,"])
def test_what_is_no_list_of_numbers_is_refused(text):
    with pytest.raises(InputError, match=r"--spread .* is no list of numbers"):
        listed(text, "--spread")


def test_bits_are_whole_numbers():
    assert whole("1,2", "--device-bits") == (1, 2)
    for text in ("1.5", "inf", "nan"):
        with pytest.raises(InputError, match="whole numbers"):
            whole(text, "--device-bits")
