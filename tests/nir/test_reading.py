"""What is said about a file: defaults change nothing, names are checked, what is for files alone is listed."""

import dataclasses

import pytest

from snnhw.errors import InputError
from snnhw.nir.frameworks import CONVENTIONS, RESETS
from snnhw.nir.reading import AS_WRITTEN, Reading, reading_given


def test_nothing_said_is_the_convention_of_nir_and_no_reset():
    assert Reading() == AS_WRITTEN
    assert AS_WRITTEN.convention() is CONVENTIONS["nir"] and AS_WRITTEN.known_reset() is None
    assert AS_WRITTEN.for_files_alone() == ()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_framework_has_its_convention(name):
    assert Reading(written_by=name).convention().name == name


@pytest.mark.parametrize("name", RESETS)
def test_every_reset_is_known(name):
    assert Reading(reset=name).known_reset() == name


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="There is no framework 'brian'"):
        Reading(written_by="brian").convention()
    with pytest.raises(InputError, match="There is no reset 'zero'"):
        Reading(reset="zero").known_reset()


def test_all_but_steps_and_frame_is_for_files_alone():
    said = Reading(1e-3, "norse", "hard", 4)
    assert said.for_files_alone() == ("dt", "written-by", "reset")
    others = {"timesteps", "input_shape"}  # of networks in Python files too
    assert len(said.for_files_alone()) == len({field.name for field in dataclasses.fields(said)} - others)
    assert Reading(timesteps=4).for_files_alone() == ()


@pytest.mark.parametrize("value, remedy", [(1e-4, r"Reading\(dt=0\.0001\)"), ("norse", "Got a str .* Reading")])
def test_a_bare_value_is_no_reading(value, remedy):
    assert reading_given(Reading(dt=1e-4)) == Reading(dt=1e-4)
    with pytest.raises(InputError, match=remedy):
        reading_given(value)
