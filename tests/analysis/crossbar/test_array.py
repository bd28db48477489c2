"""Crossbars as data: what comes with the package, and what a wrong file is told."""

import pytest

from snnhw.analysis.crossbar.array import FOLDER, MOST, available_crossbars, is_crossbar, load_crossbar
from snnhw.errors import InputError


def test_both_sizes_come_with_the_package():
    assert available_crossbars() == ("rram", "rram64")
    assert {(c.rows, c.columns) for c in map(load_crossbar, available_crossbars())} == {(128, 128), (64, 64)}
    for name in available_crossbars():
        assert load_crossbar(name).source and load_crossbar(name).assumes and load_crossbar(name).name == name


def test_chips_are_told_from_crossbars_by_their_files(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text((FOLDER / "rram.toml").read_text().replace('name = "rram"', 'name = "mine"'))
    assert is_crossbar("rram") and is_crossbar(own) and load_crossbar(own).name == "mine"
    assert not is_crossbar("loihi1") and not is_crossbar(tmp_path / "none.toml")


def test_other_choices_make_another_crossbar():
    found = load_crossbar("rram").having(signs="offset", rows_per_read=16, adc_bits=6)
    assert (found.signs, found.rows_at_once, found.adc_bits) == ("offset", 16, 6)
    assert found.having(rows_per_read=128).rows_at_once == 128 == load_crossbar("rram").rows_at_once
    assert load_crossbar("rram").having() == load_crossbar("rram")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rows = 0", "'rows' is 0; give an integer of at least 1"),
        ("rows = 1.5", "'rows' is 1.5; give an integer"),
        ("columns = 1", "'columns' is 1; give an integer of at least 2"),
        ('signs = "both"', "'signs' is 'both'; give one of differential, offset"),
        ('drive = "dense"', "'drive' is 'dense'; give one of channels, pulse, slots"),
        ("rows = 1000000000000", "'rows' is 1000000000000 and no array has so many word lines; give at most 65536"),
        ("columns = 65537", "'columns' is 65537 and no array has so many bit lines; give at most 65536"),
        ("device_bits = 99", "'device_bits' is 99 and no device tells more levels apart; give at most 8"),
        ("adc_bits = 99", "'adc_bits' is 99 and no converter beside an array .*; give at most 16"),
        ("weight_bits = 25", "'weight_bits' is 25 and a weight of 32-bit floats has no more; give at most 24"),
        ("rows_per_read = 65", "'rows_per_read' is 65 and a tile has 64 rows; give at most as many"),
        ('source = ""', "has no 'source'"),
        ("assumes = 3", "'assumes' is 3; give a list of texts"),
        ("nonsense = 3", "the key 'nonsense' is unknown"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(tmp_path, line, message):
    key = line.split()[0]
    lines = (FOLDER / "rram64.toml").read_text().replace("assumes = [", "assumed = [").splitlines()
    kept = [text for text in lines if not text.startswith((key, "assumed", "  ", "]"))]
    own = tmp_path / "mine.toml"
    own.write_text("\n".join([*kept, line]))
    with pytest.raises(InputError, match=f"mine.toml: .*{message}".replace("(", "\\(")):
        load_crossbar(own)


def test_the_most_that_there_is_is_taken():
    most = {key: value for key, (value, _) in MOST.items()}
    assert all(getattr(load_crossbar("rram").having(**{key: value}), key) == value for key, value in most.items())


def test_missing_keys_and_unknown_names_are_refused(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text((FOLDER / "rram.toml").read_text().replace("device_bits = 2", ""))
    with pytest.raises(InputError, match="has no 'device_bits'"):
        load_crossbar(own)
    with pytest.raises(InputError, match="no crossbar 'rramm'; did you mean 'rram'"):
        load_crossbar("rramm")
