"""The page on extending names every place that a new kind of node touches, and no room passes over one it lacks."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

import nir
import numpy as np
import pytest
from torch import nn

import snnhw
from snnhw.analysis.counting.layers import layers
from snnhw.checks.check import check
from snnhw.exporters.lava.lower import lower
from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Readout
from tests.docs.defined import ROOT, dotted, sources

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
KINDS = {"Scale": "### Without spikes of its own", "SlotMLF": "### A neuron"}  # a kind of node that all of it holds for
ROW = re.compile(r"^\| `([\w/]+\.py)` \| `(\w+)` \|", re.MULTILINE)


def places(heading: str) -> list[tuple[str, str]]:
    """(file, name there) of every row below a heading."""
    found = ROW.findall(re.split(r"^#+ ", PAGE.split(f"{heading}\n")[1], flags=re.MULTILINE)[0])
    assert found
    return found


def module(file: str) -> ModuleType:
    return importlib.import_module(dotted(ROOT / file))


@pytest.mark.parametrize(("file", "name"), sorted({place for heading in KINDS.values() for place in places(heading)}))
def test_a_listed_registry_is_there_and_holds_kinds_of_nodes(file, name):
    entry = getattr(module(file), name)
    if isinstance(entry, dict | tuple):
        kinds = [getattr(nir, kind) if isinstance(kind, str) else kind for kind in entry]
        assert kinds and all(issubclass(kind, Node | nn.Module | nir.ir.NIRNode) for kind in kinds)
        assert isinstance(entry, tuple) or all(map(callable, entry.values()))
    else:
        assert callable(entry) and entry.__module__ == dotted(ROOT / file)


@pytest.mark.parametrize(("kind", "heading"), KINDS.items())
def test_every_file_that_knows_a_kind_stands_on_the_page(kind, heading):
    listed = {file for file, _ in places(heading)}
    assert {path.relative_to(ROOT).as_posix() for path in sources() if knows(path, kind)} <= listed


def knows(path, kind: str) -> bool:
    """Whether the module uses the node class: by importing it from the graph, or by defining it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snnhw.graph")
        for alias in node.names
    }
    return kind in imported or any(isinstance(node, ast.ClassDef) and node.name == kind for node in tree.body)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Unheard(Node):
    """A kind of node that no room has a rule for."""


def with_unheard(*, behind_spikes: bool) -> Graph:
    weight = np.ones((2, 1, 3, 3), np.float32)
    odd, unit = Unheard(name="odd", shape=(2, 4, 4)), LIF(name="unit", shape=(2, 4, 4), decay=0.5, threshold=1.0)
    nodes = [
        Input(name="input", shape=(1, 6, 6)),
        Conv2d(name="conv", shape=(2, 4, 4), weight=weight),
        *((unit, odd) if behind_spikes else (odd, unit)),
        Flatten(name="flat", shape=(32,)),
        Linear(name="classes", shape=(3,), weight=np.ones((3, 32), np.float32)),
        Readout(name="out", shape=(3,)),
    ]
    edges = tuple(Edge(a.name, b.name) for a, b in pairwise(nodes))
    return Graph(nodes={node.name: node for node in nodes}, edges=edges, timesteps=4, name="unheard")


@pytest.mark.parametrize("behind_spikes", [False, True])
def test_a_kind_without_a_rule_is_refused_by_name_in_every_room(behind_spikes, tmp_path):
    graph, images = with_unheard(behind_spikes=behind_spikes), np.ones((2, 1, 6, 6), np.float32)
    for refuses in (
        lambda: snnhw.simulate_graph(graph, images),
        lambda: snnhw.compile_loihi(graph, images),
        lambda: snnhw.write_nir(graph, tmp_path / "odd.nir"),
        lambda: layers(graph),
        lambda: lower(graph),
    ):
        with pytest.raises(snnhw.InputError, match=r"'odd' (is|does not fit \w+:) a Unheard"):
            refuses()
    for target in ("nir", "lava", "loihi1", "loihi2", "sanafe"):
        assert "odd" in {finding.node for finding in check(graph, target) if finding.severity == "error"}
