"""Ways to an environment: venv and pip first, then uv; one that cannot be made leaves nothing and says why."""

from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.exporters.installing import install_in, ways_with
from snnhw.exporters.interpreter import Library
from tests.exporters.lava.interpreters import fake_python

THING = Library("Thing", "thing", "2.0", "SNNHW_THING_PYTHON", "snnhw-thing", "make it", "print", None)


def test_each_python_then_uv(tmp_path, monkeypatch):
    fake_python(tmp_path / "uv", "true")
    monkeypatch.setenv("PATH", str(tmp_path))
    ways = dict(ways_with(["one", "two"], "3.12", Path("needed.txt"), tmp_path / "made"))
    assert [Path(name).name for name in ways] == ["one", "two", "uv"]
    assert ways["two"][0] == ["two", "-m", "venv", str(tmp_path / "made")]
    assert ways["two"][1][0] == str(tmp_path / "made" / "bin" / "python") and ways["two"][1][-1] == "needed.txt"
    assert "3.12" in ways[str(tmp_path / "uv")][0]


def test_a_way_counts_when_its_python_answers(tmp_path):
    def ways(folder):
        answer = fake_python(tmp_path / "answer", "echo '[\"2.0\"]'")
        yield "broken", [["sh", "-c", f"mkdir -p {folder}/bin; echo nothing works >&2; exit 1"]]
        yield (
            "old",
            [["sh", "-c", f"mkdir -p {folder}/bin && touch {folder}/half && ln -s /bin/false {folder}/bin/python"]],
        )
        yield "good", [["sh", "-c", f"mkdir -p {folder}/bin && cp {answer} {folder}/bin/python"]]

    lines = []
    found = install_in(THING, ways, "because", lines.append, tmp_path / "made")
    assert found.works and found.version == "2.0" and not (tmp_path / "made" / "half").exists()
    assert [line.split(" with ")[-1] for line in lines[:3]] == ["broken", "old", "good"]
    assert install_in(THING, lambda folder: [], "because", None, tmp_path / "made") == found  # it is there


def test_no_way_leaves_nothing(tmp_path):
    def ways(folder):
        yield "first", [["sh", "-c", f"mkdir -p {folder}; echo no index >&2; exit 1"]]

    with pytest.raises(
        InputError, match=r"There is no Thing environment yet, because X and try again .*first: no index"
    ):
        install_in(THING, ways, "because X", None, tmp_path / "made")
    assert not (tmp_path / "made").exists()
