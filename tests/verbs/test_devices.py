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
    ("options", "said"),
    [
        (("--wire-ohm", "0,20", "--wires", "none"), "--wires none leaves wires out"),
        (("--device-bits", "1", "--proportional"), "--proportional says what spreads are shares of"),
        (("--spread", "0.1", "--at-spread", "0.01"), "--at-spread is for the other axes"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(refused, options, said):
    assert said in refused("crossbar", "digits", *SMALL, *options, "--out", "out")
    assert not Path("out").exists()


def test_wires_that_are_left_out_are_said_everywhere(call):
    options = ("--spread", "0.2", "--wires", "none", "--out", "out")
    assert "assumes: Wires are left out" in call("crossbar", "digits", *SMALL, *options)
    said, page = json.loads(Path("out/devices.json").read_text()), Path("out/devices.html").read_text()
    assert any(text.startswith("Wires are left out") for text in said["assumes"]) and "Wires are left out" in page
    assert said["plan"]["device"]["wire_ohm"] == 0 and "left out with --wires none" in page and "0.365" not in page
    assert not any("wire is an assumption" in text for text in said["assumes"])


def test_numbers_of_ones_own_are_said_by_their_options(call):
    given = ("--read-noise", "0", "--stuck", "0.1", "0.2", "--at-spread", "0.03", "--device-bits", "2")
    call("crossbar", "digits", *SMALL, *given, "--out", "out")
    page = Path("out/devices.html").read_text()
    for name, said in (
        ("read_noise = 0 of g_on", "given with --read-noise"),
        ("stuck_on = 0.1 of all devices", "given with --stuck"),
        ("stuck_off = 0.2 of all devices", "given with --stuck"),
        ("spread at 0 s = 1.17 uS, of the powers of g / g_on", "given with --at-spread"),
    ):
        assert f'<tr><th scope="row">{name}</th><td>{said}</td></tr>' in page, name
    assert page.count("aihwkit") == 1  # of g_on, which stays that of the file


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
