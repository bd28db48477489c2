"""Findings that hold for every target: ends, loops, loose nodes, shapes and values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.checks.check import TARGETS
from snnhw.graph.ir import (
    MLF,
    Conv2d,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    Readout,
    Scale,
)
from snnhw.rules.structure import structure
from tests.checks.nets import errors, found, lif, net
from tests.graph.strategies import float_graphs, integer_graphs

SMALL = Conv2d(name="c", shape=(4, 2, 2), weight=np.ones((4, 2, 3, 3)))


WRONG = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 3, 3, 3)), padding=(1, 1))


BROKEN = Conv2d(name="conv", shape=(4, 4, 4), weight=np.full((4, 2, 3, 3), np.nan), padding=(1, 1))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("graph", "finding"),
    [
        (net(Readout(name="second", shape=(3,)), edges=(Edge("fc", "second"),)), ("ends", "second")),
        (net(Input(name="second", shape=(2, 4, 4)), edges=(Edge("second", "conv"),)), ("ends", "second")),
        (net(Scale(name="s", shape=(4, 4, 4), scale=1.0)), ("unreached", "s")),
        (net(Scale(name="s", shape=(4, 4, 4), scale=1.0), edges=(Edge("unit", "s"),)), ("loose-end", "s")),
        (net(edges=(Edge("unit", "unit"),)), ("loop", "")),
        (net(unit=MLF(name="unit", shape=(4, 4, 5), thresholds=(1.0,), decay=0.25)), ("shape", "unit")),
        (net(flat=Flatten(name="flat", shape=(63,))), ("shape", "flat")),
        (net(fc=Linear(name="fc", shape=(3,), weight=np.ones((3, 5)))), ("shape", "fc")),
        (net(SMALL, edges=(Edge("input", "c"), Edge("c", "unit"))), ("shapes-unequal", "unit")),
        (net(edges=(Edge("readout", "unit"),)), ("ends", "readout")),
        (net(edges=(Edge("unit", "input"),)), ("ends", "unit")),
        (net(conv=WRONG), ("shape", "conv")),
        (net(conv=BROKEN), ("not-finite", "conv")),
        (net(unit=MLF(name="unit", shape=(4, 4, 4), thresholds=(1.0, 0.5), decay=0.25)), ("thresholds", "unit")),
        (net(unit=MLF(name="unit", shape=(4, 4, 4), thresholds=(1.0,), decay=1.25)), ("decay", "unit")),
    ],
)  # fmt: skip
def test_structure(graph: Graph, finding: tuple[str, str], target: str) -> None:
    assert finding in errors(graph, target)


def test_warnings_about_values() -> None:
    assert ("dead-synapse", "fc") in found(net(fc=Linear(name="fc", shape=(3,), weight=np.zeros((3, 64)))))
    assert ("fires-at-rest", "unit") in found(net(unit=lif(threshold=-0.5)))
    assert not {"dead-synapse", "fires-at-rest"} & {code for code, _ in found(net())}


@given(st.one_of(float_graphs(), integer_graphs()))
def test_nothing_is_found_in_a_sound_network(graph: Graph) -> None:
    assert not {f.code for f in structure(graph)} - {"dead-synapse"}


@given(float_graphs(), st.data())
def test_every_edge_that_is_cut_leaves_nodes_that_are_found(graph: Graph, data: st.DataObject) -> None:
    """Oracle: walks over all paths, by powers of the adjacency matrix."""
    cut = data.draw(st.sampled_from(graph.edges))
    rest = graph.replace(edges=tuple(e for e in graph.edges if e is not cut))
    names = list(rest.nodes)
    wired = np.eye(len(names), dtype=bool)
    for e in rest.edges:
        wired[names.index(e.source), names.index(e.target)] = True
    paths = np.linalg.matrix_power(wired.astype(float), len(names)) > 0
    first, last = names.index(graph.input.name), names.index(graph.readout.name)
    unreached = {n for i, n in enumerate(names) if not paths[first, i]}
    loose = {n for i, n in enumerate(names) if not paths[i, last]} - unreached
    codes = [(f.code, f.node) for f in structure(rest)]
    assert {n for code, n in codes if code == "unreached"} == unreached
    assert {n for code, n in codes if code == "loose-end"} == loose
