"""Files are written whole or not at all, and devices are not replaced by files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnhw import files
from snnhw.errors import InputError
from snnhw.files import toml_file, write_atomically, write_text


def test_a_device_stays_a_device(tmp_path):
    for device in ("null", "full"):
        (tmp_path / device).symlink_to(f"/dev/{device}")
    write_text(tmp_path / "null", "words")
    with pytest.raises(InputError, match="full: No space left on device; choose another place"):
        write_text(tmp_path / "full", "words")
    assert all((tmp_path / device).is_symlink() for device in ("null", "full"))
    assert sorted(os.listdir(tmp_path)) == ["full", "null"]


def test_a_failure_leaves_the_older_file(tmp_path):
    path = write_text(tmp_path / "file", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]


def test_more_space_is_no_remedy_for_a_folder_in_the_way(tmp_path):
    with pytest.raises(InputError, match="Is a directory; choose another path"):
        write_text(tmp_path, "x")


def test_a_name_is_a_file_of_the_folder_and_an_ending_a_path(tmp_path):
    assert toml_file("loihi1", tmp_path) == tmp_path / "loihi1.toml"
    for own in ("own/loihi1.toml", Path("own/loihi1.toml")):
        assert toml_file(own, tmp_path) == Path("own/loihi1.toml")


@pytest.mark.parametrize(("name", "says"), [("a\0b", "no name of a file"), ("\ud800", "no name of a file")])
def test_names_that_no_file_can_have_are_named(tmp_path, name, says):
    with pytest.raises(InputError, match=says):
        write_text(tmp_path / name, "x")
    assert os.listdir(tmp_path) == []


def test_a_name_of_full_length_is_written_and_a_longer_one_refused(tmp_path):
    assert write_text(tmp_path / ("x" * 255), "words").read_text() == "words"
    with pytest.raises(InputError, match="File name too long"):
        write_text(tmp_path / ("x" * 256), "words")


KILLED = """
import os, pathlib, signal
from snnhw.files import write_atomically
def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
write_atomically(pathlib.Path("file"), write)
"""


def test_a_killed_process_leaves_no_half_file(tmp_path):
    for old in ([], ["file"]):
        done = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
        assert done.returncode == -9 and os.listdir(tmp_path) == old
        write_text(tmp_path / "file", "whole")


@pytest.mark.parametrize("missing", ["O_TMPFILE", "/proc"])
def test_without_nameless_files_one_beside_is_renamed(tmp_path, monkeypatch, missing):
    if missing == "/proc":
        monkeypatch.setattr(files, "OPEN_FILES", str(tmp_path / "none"))
    else:
        monkeypatch.delattr(os, "O_TMPFILE")
    seen: list[list[str]] = []
    for words in ("old", "new"):
        write_atomically(
            tmp_path / "file", lambda file: (file.write(words.encode()), seen.append(os.listdir(tmp_path)))
        )
    assert [len(names) for names in seen] == [1, 2]
    assert (tmp_path / "file").read_text() == "new" and os.listdir(tmp_path) == ["file"]


def test_the_mode_of_a_new_file_is_that_of_the_user(tmp_path, monkeypatch):
    before = os.umask(0o027)
    try:
        for name in ("unnamed", "beside"):
            assert write_text(tmp_path / name, "x").stat().st_mode & 0o777 == 0o640
            monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    finally:
        os.umask(before)
