"""A table is found by its name or by its path; what is neither is refused with the names that there are."""

from __future__ import annotations

import pytest

from snnhw.errors import InputError
from snnhw.gates.shipped import names_in, read_shipped


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "kept").mkdir()
    for name in ("b", "a"):
        (tmp_path / "kept" / f"{name}.toml").write_text(f'title = "{name}"\n')
    (tmp_path / "kept" / "notes.txt").touch()
    return tmp_path / "kept"


def test_names_are_those_of_the_toml_files_in_order(folder):
    assert names_in(folder) == ("a", "b")


def test_a_name_means_the_folder_and_a_path_means_itself(folder, tmp_path):
    (tmp_path / "a.toml").write_text('title = "my own"\n')
    assert read_shipped("chip", "a", folder) == ({"title": "a"}, "a.toml")
    assert read_shipped("chip", tmp_path / "a.toml", folder) == ({"title": "my own"}, "a.toml")


@pytest.mark.parametrize("name", ["c", "elsewhere/c.toml"])
def test_what_there_is_not_is_refused(folder, name):
    with pytest.raises(InputError, match=r"[Cc]hip.*\.toml file.*a, b"):
        read_shipped("chip", name, folder)


def test_what_is_no_toml_is_refused(folder):
    (folder / "c.toml").write_text("no toml")
    with pytest.raises(InputError, match=r"Cannot read the chip .*c\.toml"):
        read_shipped("chip", "c", folder)
