"""Devices as data: those that come with the package, and what a file may not say."""

from __future__ import annotations

import copy

import pytest

from snnhw.analysis.crossbar.devices.device import Spread, available_devices, load_device, parse_device
from snnhw.errors import InputError


def constant(value, unit="uS", **other):
    return {"value": value, "unit": unit, "source": "a paper", "kind": "measured", "confidence": "high", **other}


FILE = {
    "name": "mine",
    "title": "My device",
    "constants": {"g_on": constant(50.0), "g_off": constant(5.0), "stuck_on": constant(0.01, "1")},
    "spread": [{**constant(0.0), "at_s": 1.0, "coefficients": [1.0, -0.5]}],
}
del FILE["spread"][0]["value"]


def changed(path, value):
    data = copy.deepcopy(FILE)
    *parents, last = path
    at = data
    for key in parents:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return data


@pytest.mark.parametrize("name", available_devices())
def test_every_device_of_the_package_says_who_says_its_numbers(name):
    device = load_device(name)
    assert device.name == name and device.g_on_us > device.g_off_us > 0
    assert set(device.origins) >= {"g_on", "g_off"} and device.to_dict()["origins"]["g_on_us"]
    guessed = [key for key, origin in device.origins.items() if origin.kind == "assumption"]
    assert all(any(text.startswith(key) for text in device.assumptions) for key in guessed)


def test_numbers_are_shown_with_units_and_what_is_chosen_is_not_said_by_others():
    device = load_device("hfox-wan2022")
    shown = dict(device.constants)
    assert {"g_on = 40 uS", "g_off = 1 uS", "read_noise = 0.01 of g_on"} <= set(shown)
    assert set(device.to_dict()["units"]) <= set(device.to_dict())
    changed = device.given("chosen for this run", read_noise=0.02).with_stuck(0.1, 0.0).spread_to(0.05)
    own = {name for name, said in changed.constants if said.startswith("chosen for this run")}
    assert own == {
        "read_noise = 0.02 of g_on",
        "stuck_on = 0.1 of all devices",
        "stuck_off = 0 of all devices",
        "spread at 0 s = 1.95 uS, of the powers of g / g_on",
    }
    assert not any("spread at 1 s" in name for name, _ in changed.constants)
    none = [pair for pair in device.spread_to(0.0).constants if "spread" in pair[0]]
    assert none == [("spread at 0 s = 0 uS, of the powers of g / g_on", "chosen for this run")]


def test_a_file_becomes_a_device():
    device = parse_device(FILE, "mine.toml")
    assert (device.g_on_us, device.g_off_us, device.stuck_on, device.range_us) == (50.0, 5.0, 0.01, 45.0)
    assert device.spreads == (Spread(1.0, (1.0, -0.5)),)
    assert device.origins["spread at 1 s"].source == "a paper"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("constants", "g_on"), None, "no constant 'g_on'"),
        (("constants", "g_on", "source"), None, "has no 'source'"),
        (("constants", "g_on", "unit"), "S", "give the value in uS"),
        (("constants", "g_on", "kind"), "guessed", "'guessed' is unknown"),
        (("constants", "g_on", "value"), 4.0, "g_on is not above g_off"),
        (("constants", "g_on", "value"), float("nan"), "finite number"),
        (("constants", "stuck_on", "value"), 1.5, "share from 0 to 1"),
        (("constants", "stuck_off"), constant(1.0, "1"), "more than 1 together"),
        (("constants", "drift_from"), constant(0.0, "s"), "drift_from is 0"),
        (("constants", "resistance"), constant(1.0), "no model uses the constant 'resistance'"),
        (("colour",), "red", "the key 'colour' is unknown"),
        (("spread",), {"at_s": 1.0}, "write it as [[spread]]"),
        (("spread", 0, "coefficients"), [], "numbers of the polynomial"),
        (("spread", 0, "coefficients"), ["a"], "numbers of the polynomial"),
        (("spread",), [FILE["spread"][0], FILE["spread"][0]], "each time once, ascending"),
    ],
)
def test_what_a_file_may_not_say_is_named(path, value, said):
    with pytest.raises(InputError) as error:
        parse_device(changed(path, value), "mine.toml")
    assert said in str(error.value) and str(error.value).startswith("mine.toml")


def test_an_unknown_name_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match="hfox-wan2022"):
        load_device("hfox")


def test_a_spread_of_ones_own_takes_the_place_of_that_of_the_file():
    device = parse_device(FILE, "mine.toml")
    assert device.spread_to(0.1).spreads == (Spread(0.0, (4.5,)),)
    assert device.spread_to(0.1, proportional=True).spreads == (Spread(0.0, (0.0, 5.0)),)
    assert device.spread_to(0.0).spreads == ()
    with pytest.raises(InputError, match="at least 0"):
        device.spread_to(-0.1)


def test_a_number_of_ones_own_has_no_source_of_the_file():
    device = parse_device(FILE, "mine.toml").given("given with --wire-ohm", wire=3.0)
    assert device.wire_ohm == 3.0 and device.to_dict()["origins"]["wire_ohm"] == "given with --wire-ohm"
    assert device.to_dict()["origins"]["g_on_us"].startswith("a paper (")
    stuck = device.with_stuck(0.1, 0.2, source="given with --stuck")
    assert {stuck.to_dict()["origins"][key] for key in ("stuck_on", "stuck_off")} == {"given with --stuck"}
    spread = device.spread_to(0.1, source="given with --at-spread").to_dict()["origins"]
    assert spread["spread at 0 s"] == "given with --at-spread" and "spread at 1 s" not in spread
    for value in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="at least 0"):
            device.given("mine", wire=value)


def test_an_ideal_device_has_its_conductances_alone():
    ideal = load_device("hfox-wan2022").ideal()
    assert (ideal.g_on_us, ideal.spreads, ideal.read_noise, ideal.wire_ohm) == (40.0, (), 0.0, 0.0)
    assert set(ideal.origins) == {"g_on", "g_off"} and not any("wire" in text for text in ideal.assumptions)
