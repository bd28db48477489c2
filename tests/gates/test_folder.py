"""A folder that is written as a whole: own files are replaced, others are kept or the export refuses."""

from __future__ import annotations

import json
import os

import pytest

from snnhw.errors import InputError
from snnhw.gates.folder import MANIFEST, PART, place_for


def export(path, files, force=False):
    with place_for(path, force=force).filling() as made:
        for name, text in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text)


def content(path):
    return {
        p.relative_to(path).as_posix(): p.read_text() for p in path.rglob("*") if p.is_file() and p.name != MANIFEST
    }


FIRST, SECOND = {"network": "1", "run/a": "1"}, {"network": "2", "run/b": "2"}


def test_an_earlier_export_is_replaced_and_the_users_files_stay(tmp_path):
    export(tmp_path / "out", FIRST)
    (tmp_path / "out/notes.txt").write_text("mine")
    (tmp_path / "out/run/results.csv").write_text("mine")
    export(tmp_path / "out", SECOND)
    assert content(tmp_path / "out") == {**SECOND, "notes.txt": "mine", "run/results.csv": "mine"}
    assert os.listdir(tmp_path) == ["out"]


def spoil_changed(path):
    export(path, FIRST)
    (path / "network").write_text("tuned by hand")


def spoil_other(path):
    path.mkdir()
    (path / "network").write_text("of another tool")


def spoil_name(path):
    export(path, FIRST)
    (path / "run/b").write_text("mine")


def spoil_list(path):
    export(path, FIRST)
    (path / MANIFEST).write_text(json.dumps({"format": 1, "files": {"../mine": ["0"]}}))


def spoil_bytes(path):
    export(path, FIRST)
    (path / MANIFEST).write_bytes(b"\xff[[[")


SPOILT = [
    (spoil_changed, "out/network was changed after it was exported"),
    (spoil_other, f"out holds network and no {MANIFEST} of an earlier export"),
    (spoil_name, "out/run/b is not of an earlier export and would be replaced"),
    (spoil_list, f"out/{MANIFEST} is no list of an earlier export"),
    (spoil_bytes, f"out/{MANIFEST} is no list of an earlier export"),
]


@pytest.mark.parametrize(("spoil", "says"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_what_was_not_written_here_is_not_lost(tmp_path, spoil, says):
    (tmp_path / "mine").write_text("beside")
    spoil(tmp_path / "out")
    before = content(tmp_path)
    with pytest.raises(InputError, match=f"{says}.*--force"):
        export(tmp_path / "out", SECOND)
    assert content(tmp_path) == before
    export(tmp_path / "out", SECOND, force=True)
    after = content(tmp_path)
    assert after.items() >= {f"out/{name}": text for name, text in SECOND.items()}.items() and after["mine"] == "beside"
    assert set(after) >= set(before) - {"out/run/a"}


@pytest.mark.parametrize("moved", range(4))
def test_an_export_that_is_killed_anywhere_can_be_repeated(tmp_path, monkeypatch, moved):
    export(tmp_path / "out", FIRST)
    replace, done = os.replace, []

    def killed(source, target):
        if len(done) == moved:
            raise KeyboardInterrupt
        replace(source, target)
        done.append(target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", killed)
        export(tmp_path / "out", SECOND)
    (tmp_path / "out" / f"{PART}left").mkdir()  # as of one that could not even clean up
    assert content(tmp_path / "out").items() >= (FIRST if moved < 2 else {"network": "2"}).items()
    export(tmp_path / "out", SECOND)
    assert content(tmp_path / "out") == SECOND and not list((tmp_path / "out").glob(f"{PART}*"))
    (tmp_path / "out/network").write_text("1")  # what an earlier one wrote is by now a change
    with pytest.raises(InputError, match="network was changed"):
        export(tmp_path / "out", SECOND)


def test_a_failure_leaves_the_earlier_export(tmp_path):
    export(tmp_path / "out", FIRST)
    for path, kept in ((tmp_path / "out", FIRST), (tmp_path / "new", {})):
        with pytest.raises(ZeroDivisionError), place_for(path).filling() as made:
            (made / "network").write_text("half")
            _ = 1 / 0
        assert content(path) == kept
    assert os.listdir(tmp_path) == ["out"]


def test_links_and_the_current_folder_are_written_through(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    export(tmp_path / "link", FIRST)
    assert content(tmp_path / "real") == FIRST and (tmp_path / "link").is_symlink()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    export(".", FIRST)
    assert content(tmp_path / "here") == FIRST and os.path.samefile(".", tmp_path / "here")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("file", "exists and is no folder"),
        ("file/inside", "file is no folder"),
        ("loop", "loop"),
        ("a\0b", "is no name of a folder"),
        ("x" * 300, "File name too long"),
        ("/proc/none", "/proc/none"),
        ("/proc", "/proc holds"),
    ],
)
def test_impossible_places_are_one_sentence(tmp_path, monkeypatch, path, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=says) as refused:
        export(path, FIRST)
    assert "\n" not in str(refused.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "loop"] and (tmp_path / "file").read_text() == "mine"
