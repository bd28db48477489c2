"""Chips as data: limits of a file are checked, and synapse lists take the blocks that they are said to take."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.hardware.chips import FOLDER, KNOWN, available_chips, check_chip, load_chip
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.measured.points import measured_points
from snnhw.errors import InputError


def test_synapse_lists_are_padded_blocks():
    chip = load_chip("loihi1")
    assert [chip.axon_bits(n, dense=False) for n in (1, 3, 64, 65)] == [64, 64, 1216, 1280]
    assert [chip.axon_bits(n, dense=True) for n in (1, 6, 7, 64)] == [64, 64, 128, 576]


def test_chip_files_are_checked(tmp_path):
    path = tmp_path / "mine.toml"
    with pytest.raises(InputError, match="no chip 'loihi7'"):
        load_chip("loihi7")
    path.write_text('name = "mine"\n')
    with pytest.raises(InputError, match=r"mine.toml: has no 'title'"):
        load_chip(path)
    path.write_text("cores = 3\n")
    with pytest.raises(InputError, match="'cores' is unknown"):
        load_chip(path)
    path.write_text("cores_per_chip = -3\n" + "".join(f'{k} = "x"\n' for k in ("name", "title")))
    with pytest.raises(InputError, match="at least 1"):
        load_chip(path)
    good = (FOLDER / "loihi1.toml").read_text()
    path.write_text(re.sub(r"(?s)assumes = .*", "assumes = 3\n", good))
    with pytest.raises(InputError, match="'assumes' is 3; give a list"):
        load_chip(path)
    path.write_text(good.replace('title = "Loihi 1"', "title = 1"))
    with pytest.raises(InputError, match="has no 'title'"):
        load_chip(path)


@given(st.sampled_from(available_chips()), st.integers(0, 1000), st.booleans())
def test_a_list_is_written_block_by_block_and_word_by_word(name, synapses, dense):
    """Synapse by synapse: a new block with its header where the last one is full, padded to whole words."""
    chip = load_chip(name)
    each = chip.weight_bits + (0 if dense else chip.index_bits)
    blocks = []
    for i in range(synapses):
        if i % chip.block_synapses == 0:
            blocks.append(chip.block_overhead_bits)
        blocks[-1] += each
    padded = [bits + (-bits) % chip.word_bits for bits in blocks]
    assert chip.axon_bits(synapses, dense=dense) == sum(padded)


@pytest.mark.parametrize("name", available_chips())
def test_a_chip_of_the_package_and_its_file_are_the_same(name, tmp_path):
    chip = load_chip(name)
    copy = tmp_path / "mine.toml"
    copy.write_text((FOLDER / f"{name}.toml").read_text())
    assert load_chip(copy) == chip and chip.name == name
    assert chip.source and chip.confidence and min(chip.cores_per_chip, chip.compartments_per_core) > 0


def test_a_file_that_is_no_toml_and_a_limit_that_is_no_integer_are_refused(tmp_path):
    path = tmp_path / "mine.toml"
    good = (FOLDER / "loihi1.toml").read_text()
    path.write_text("name = ")
    with pytest.raises(InputError, match=r"Cannot read the chip .*mine\.toml: .*; mend the file"):
        load_chip(path)
    for value in ("true", "2.0", '"many"', "0"):
        path.write_text(re.sub(r"cores_per_chip = \d+", f"cores_per_chip = {value}", good))
        with pytest.raises(InputError, match=r"'cores_per_chip' is .*; give an integer of at least 1"):
            load_chip(path)
    path.write_text(re.sub(r"block_overhead_bits = \d+", "block_overhead_bits = 0", good))
    assert load_chip(path).block_overhead_bits == 0


def test_every_chip_that_anything_names_is_known_and_every_known_one_is_named():
    named = {load_profile(name).chip for name in available_profiles()} - {""}
    named |= {point.chip for point in measured_points()} | set(available_chips())
    assert named == set(KNOWN)
    assert check_chip("speck", "here") == "speck"
    with pytest.raises(InputError, match=r"'speckle' is unknown; did you mean 'speck'\? Otherwise leave"):
        check_chip("speckle", "here")
