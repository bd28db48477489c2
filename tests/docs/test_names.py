"""Whatever README, documents and docstrings put between backticks exists: files, names of the code, verbs, options."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.docs.defined import ROOT, comments, docstrings, sources
from tests.docs.names import Place, complaint

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TICKED = re.compile(r"(`{1,2})([^`]+)\1")


def wrong_names(text: str, place: Place) -> list[str]:
    return [f"`{name}`: {wrong}" for _, name in TICKED.findall(text) if (wrong := complaint(name, place))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(path):
    text = path.read_text(encoding="utf-8")
    place = Place(path, "\n".join(BLOCK.findall(text)))
    assert wrong_names(BLOCK.sub("", text), place) == []


def test_what_docstrings_and_comments_name_exists():
    wrong = {
        path.relative_to(ROOT).as_posix(): names
        for path in sources()
        if (names := [n for text in (*docstrings(path), *comments(path)) for n in wrong_names(text, Place(path))])
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "name",
    [
        "largest_current",
        "check_deployment",
        "_deployment_energies",
        "NoSuchNode",
        "no_such_function()",
        "Graph.no_such_field",
        "snnhw.simulate.engine",
        "passes.code_input",
        "nir.NoSuchNode",
        "snnhw/graph/nir_write.py",
        "simulate/neurons.py",
        "no_such_output.csv",
        "no_such_folder/",
        "snnhw no-such-verb",
        "snnhw verify --no-such-option",
        "--no-such-option",
        "python benchmarks/no_such_script.py",
        "make no-such-target",
    ],
)
def test_a_name_that_does_not_exist_is_caught(name):
    for place in (Place(ROOT / "docs" / "theory.md"), Place(ROOT / "snnhw" / "graph" / "ir.py")):
        assert complaint(name, place) is not None


@pytest.mark.parametrize(
    "name",
    [
        "largest_output",
        "Graph.reached",
        "LIF.is_plain",
        "passes.fold_pool",
        "snnhw.verify",
        "nir.CubaLIF",
        "snnhw/graph/ir.py",
        "analysis/hardware/profiles/*.toml",
        "report.json",
        "snnhw verify digits --lava-samples 2",
        "make docs",
    ],
)
def test_a_name_that_exists_is_not_held_against_a_text(name):
    assert complaint(name, Place(ROOT / "docs" / "theory.md")) is None


def test_every_name_of_the_page_on_the_api_is_defined_where_the_page_says():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)
    elsewhere = []
    for name in names:
        module, _, last = name.rpartition(".")
        if not hasattr(importlib.import_module(module), last):
            elsewhere.append(name)
    assert names and elsewhere == []
