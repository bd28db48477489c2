"""Profiles: every number with its source, in SI units; files that break a rule are refused."""

import copy

import pytest

from snnhw.analysis.hardware.profiles import MODELS, available_profiles, load_profile, parse_profile
from snnhw.errors import InputError
from tests.analysis.hardware.test_constants import SYNOP

GOOD = {
    "name": "chip",
    "title": "A chip",
    "model": "events",
    "technology_nm": 14,
    "constants": {"synop": SYNOP},
}


def changed(path, value):
    data = copy.deepcopy(GOOD)
    *to, last = path
    inner = data
    for key in to:
        inner = inner.setdefault(key, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return data


@pytest.mark.parametrize("name", available_profiles())
def test_every_profile_is_complete(name):
    profile = load_profile(name)
    assert profile.name == name
    for constant in profile.constants.values():
        assert constant.source and constant.table and constant.range.low >= 0
    for twins in profile.twins.values():
        for twin in twins:
            assert load_profile(twin).model == "operations" and "mac" in load_profile(twin)
    assert set(MODELS[profile.model][0]) <= set(profile.constants)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["constants", "synop", "source"], None, "'synop': has no 'source'"),
        (["constants", "synop", "source"], "  ", "has no 'source'"),
        (["constants", "synop", "table"], None, "has no 'table'"),
        (["constants", "synop", "unit"], "parsec", "'parsec' is unknown"),
        (["constants", "synop", "unit"], "mW", "'mW' is not a unit of J"),
        (["constants", "synop", "kind"], "guessed", "'guessed' is unknown"),
        (["constants", "synop", "confidence"], "sure", "'sure' is unknown"),
        (["constants", "synop", "value"], -1, "not negative"),
        (["constants", "synop", "value"], float("nan"), "finite"),
        (["constants", "synop", "value"], True, "finite"),
        (["constants", "synop", "low"], 25, "ascending order"),
        (["constants", "synop", "spread"], None, "where they come from"),
        (["constants", "synop", "valeu"], 3, "'valeu' is unknown"),
        (["constants", "synop"], None, "needs the constant 'synop'"),
        (["constants", "sinop"], GOOD["constants"]["synop"], "no model uses the constant 'sinop'"),
        (["model"], "magic", "model 'magic' is unknown"),
        (["deployment"], "magic", "deployment 'magic' is unknown"),
        (["technology_nm"], None, "'technology_nm' is None"),
        (["constnats"], {}, "'constnats' is unknown"),
        (["constants"], 3, "constants: is 3; make it a table"),
        (["constants", "synop"], 3, "'synop': is 3; make it a table"),
        (["constants", "synop", "technology_nm"], "old", "'technology_nm' is 'old'"),
        (["constants", "synop", "access_bits"], "64", "'access_bits' is '64'"),
        (["number_bits"], 0, "'number_bits' is 0; give an integer of at least 1"),
        (["constants", "synop", "spread"], 3, "has no 'spread'"),
        (["voltage_v"], "0.8", "'voltage_v' is '0.8'"),
        (["assumes"], "one sentence", "'assumes' is 'one sentence'; give a list"),
        (["excludes"], [3], r"'excludes' is \[3\]; give a list"),
        (["twins"], "int8", "twins: is 'int8'; make it a table"),
        (["twins", "int8"], "horowitz45-int8", "twin 'int8' is 'horowitz45-int8'; give a list"),
        (["twins", "int8"], ["horowitz46"], "names the profile 'horowitz46', which does not exist"),
        (["twins", "fp4"], ["horowitz45-int8"], "names a twin 'fp4'; use fp32 or int8"),
        (["chip"], "loihi9", "chip.toml: the chip 'loihi9' is unknown; did you mean 'loihi"),
        (["chip"], "abacus", "chip.toml: the chip 'abacus' is unknown; leave 'chip' out or use loihi1"),
        (["constants", "synop", "by_tiles"], [[4, 1.0], [1, 2.0]], "'by_tiles' is .*; give a list of .tiles, value."),
        (["constants", "synop", "by_tiles"], [[0, 1.0]], "'by_tiles' is .*; give a list of .tiles, value."),
        (["constants", "synop", "by_tiles"], 3, "'by_tiles' is 3; give a list of .tiles, value."),
        (["constants", "synop", "by_tiles"], [[1, -1.0]], "by_tiles: 'value' is -1.0; give a finite number"),
    ],
)
def test_a_profile_that_breaks_a_rule_is_refused(path, value, message):
    with pytest.raises(InputError, match=message):
        parse_profile(changed(path, value), "chip.toml")


def test_memory_energies_of_different_access_widths_are_refused():
    data = copy.deepcopy(GOOD)
    memory = {k: v for k, v in GOOD["constants"]["synop"].items() if k not in ("low", "high", "spread")}
    data["constants"]["sram_8k"] = {**memory, "value": 10, "access_bits": 64}
    assert parse_profile(data, "chip.toml")["sram_8k"].access_bits == 64
    data["constants"]["sram_32k"] = {**memory, "value": 10, "access_bits": 32}
    with pytest.raises(InputError, match="access widths"):
        parse_profile(data, "chip.toml")
    del data["constants"]["sram_32k"]["access_bits"]
    with pytest.raises(InputError, match="access widths"):
        parse_profile(data, "chip.toml")


def test_a_users_own_file_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = "Mine"\nmodel = "events"\ntechnology_nm = 28\n'
        "[constants.synop]\nvalue = 9\n"
        'unit = "fJ"\nsource = "me"\ntable = "here"\nkind = "measured"\nconfidence = "low"\n'
    )
    assert load_profile(path)["synop"].typical == pytest.approx(9e-15)
    path.write_text("name = [")
    with pytest.raises(InputError, match="Cannot read the profile"):
        load_profile(str(path))


def test_unknown_names_list_what_there_is():
    with pytest.raises(InputError, match="did you mean 'loihi2'"):
        load_profile("loihi9")
    with pytest.raises(InputError, match=r"give a .toml file or one of .*horowitz45-fp32"):
        load_profile("zzz")
    with pytest.raises(InputError, match="no constant 'mac'; it has"):
        load_profile("loihi1-davies2018")["mac"]


def test_a_profile_is_of_the_chip_that_it_names_or_else_of_the_one_its_name_begins_with():
    named, nameless = (parse_profile(changed(["name"], "loihi1-mine") | extra, "a.toml")
        for extra in ({"chip": "speck"}, {}))  # fmt: skip
    assert (named.is_of("speck"), named.is_of("loihi1")) == (True, False)
    assert (nameless.is_of("loihi1"), nameless.is_of("loihi2")) == (True, False)
