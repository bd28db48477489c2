"""Currents that last: one for each unit, fed by weights without a bias."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.graph.ir import Edge
from snnhw.rules.currents import currents
from tests.graph.test_currents import CURRENT, small


def codes(graph):
    return [(f.code, f.node) for f in currents(graph, "it")]


@pytest.mark.parametrize("decay", [0.5, np.array([0.1, 0.2])])
def test_a_current_of_its_own_is_right(decay) -> None:
    assert codes(small(dataclasses.replace(CURRENT, decay=decay))) == []


@pytest.mark.parametrize(
    ("changes", "edges", "code"),
    [
        ({"gain": 0.5}, (), "gain"),
        ({"leak": np.ones(2)}, (), "gain"),
        ({"current_of": "other"}, (), "shared-current"),
        ({}, (Edge("current", "readout"),), "shared-current"),
        ({}, (Edge("fc", "unit"),), "shared-current"),
        ({}, (Edge("input", "current"),), "no-synapse"),
    ],
)
def test_every_difference_is_named(changes, edges, code) -> None:
    assert codes(small(dataclasses.replace(CURRENT, **changes), *edges)) == [(code, "current")]


def test_a_bias_would_be_summed_up() -> None:
    graph = small()
    biased = dataclasses.replace(graph.nodes["fc"], bias=np.array([0.0, 1.0]))
    graph = graph.replace(nodes=[biased if n.name == "fc" else n for n in graph.nodes.values()])
    assert codes(graph) == [("current-bias", "current")]
