"""The page on the architecture knows every room, in the order of the imports, and answers with files that exist."""

from __future__ import annotations

import re

import pytest

from snnhw.gates.plain_text import tomllib
from tests.docs.defined import ROOT
from tests.docs.names import Place, complaint

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROOM = re.compile(r"^\| ((?:`[\w/.]+`(?:, )?)+) \| [^|]+ \|$", re.MULTILINE)
ANSWER = re.compile(r"^\| [^|]+ \| `([\w/.]+)` \| (?:`([\w.]+)`)? ?\|$", re.MULTILINE)


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def rooms() -> list[str]:
    found = ROOM.findall(section("How data walks through it"))
    return [path.rstrip("/") for row in found for path in re.findall(r"`([\w/.]+)`", row)]


def test_every_room_stands_on_the_page():
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("snnhw/*/__init__.py")}
    files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("snnhw/*.py") if not path.stem.startswith("__")}
    assert set(rooms()) == folders | files | {"analysis", "exporters"} and len(rooms()) == len(set(rooms()))


def test_the_rooms_stand_in_the_order_of_the_imports():
    """As in the contract that import-linter holds; what it lists as level may come in any order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "rooms")
    levels = [set(level.split(" | ")) for level in reversed(contract["layers"])]
    place = {room: i for i, level in enumerate(levels) for room in level}
    stems = [path.rpartition("/")[2].removesuffix(".py") for path in rooms()]
    assert set(stems) == set(place) and [place[stem] for stem in stems] == sorted(place.values())


@pytest.mark.parametrize(("path", "name"), ANSWER.findall(section("Where do I find")))
def test_an_answer_is_defined_in_the_file_that_the_page_gives(path, name):
    assert (ROOT / path).exists()
    if name:
        assert complaint(name, Place(ROOT / path)) is None
        text = (ROOT / path).read_text(encoding="utf-8")
        assert all(re.search(rf"^(?:class |    def |def )?{part}\b", text, re.MULTILINE) for part in name.split("."))


def test_the_page_answers_what_newcomers_ask():
    assert len(ANSWER.findall(section("Where do I find"))) == section("Where do I find").count("\n| ") - 1 > 12
