"""The list of packages and of data files in pyproject.toml, held against the folders."""

from __future__ import annotations

import sys
from pathlib import PurePosixPath

import pytest

from tests.staged import FOLDERS, ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PATTERNS = SETTINGS["package-data"]["*"]
FILES = {
    PurePosixPath(inside) / path.relative_to(ROOT / folder).as_posix()
    for inside, folder in FOLDERS.items()
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
PACKAGES = {path.parent for path in FILES if path.name == "__init__.py"}


def matches(pattern: str, path: PurePosixPath) -> bool:
    """True for a file that `pattern` names, seen from the package that it lies in."""
    package = next(parent for parent in path.parents if parent in PACKAGES)
    inside = path.relative_to(package)
    return len(inside.parts) == len(PurePosixPath(pattern).parts) and inside.match(pattern)


def test_the_names_of_the_folders_are_those_that_tests_use():
    assert SETTINGS["package-dir"] == {inside.replace("/", "."): folder for inside, folder in FOLDERS.items()}


def test_every_package_is_listed():
    assert SETTINGS["packages"] == sorted(str(package).replace("/", ".") for package in PACKAGES)


def test_every_folder_of_modules_is_a_package():
    assert {path.parent for path in FILES if path.suffix == ".py"} == PACKAGES


def test_every_other_file_is_data():
    data = [path for path in FILES if path.suffix != ".py"]
    assert [str(path) for path in data if not any(matches(pattern, path) for pattern in PATTERNS)] == []
    assert len(data) > 30


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_is_idle(pattern):
    assert any(matches(pattern, path) for path in FILES)
