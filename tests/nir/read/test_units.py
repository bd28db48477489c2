"""Channels that share everything but their threshold are levels of one unit, named after them; others are not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, MLF, Edge, Graph, Input, Readout
from snnhw.nir.read.units import recognise_units
from snnhw.passes.decompose import decompose
from tests.graph.strategies import float_graphs


def without_labels(graph: Graph) -> Graph:
    """As a file without metadata is read."""
    return graph.replace(
        nodes=[dataclasses.replace(n, unit="", level=1) if isinstance(n, LIF) else n for n in graph.nodes.values()]
    )


@given(float_graphs())
def test_the_units_of_any_network_are_recognised_without_their_labels(graph: Graph) -> None:
    found, remarks = recognise_units(without_labels(decompose(graph)))
    several = {unit.name: unit for unit in graph.of_type(MLF) if unit.levels > 1}
    assert {u.name: (u.thresholds, u.decay) for u in found.of_type(MLF)} == {
        u.name: (u.thresholds, u.decay) for u in several.values()
    }
    assert {f.node for f in remarks} == set(several) and {f.code for f in remarks} <= {"unit-recognised"}
    assert all(f"{len(several[f.node].thresholds)} levels of one unit" in f.message for f in remarks)


@given(float_graphs())
def test_units_that_are_labelled_need_no_remark(graph: Graph) -> None:
    found, remarks = recognise_units(decompose(graph))
    assert remarks == () and {u.name for u in found.of_type(MLF)} == {u.name for u in graph.of_type(MLF)}


def pair(names: tuple[str, str], **second: object) -> Graph:
    """Two neurons with one input and one target."""
    first = LIF(name=names[0], shape=(4,), decay=0.5, threshold=2.0)
    other = dataclasses.replace(first, **({"name": names[1], "threshold": 1.0} | second))
    nodes = [Input(name="input", shape=(4,)), first, other, Readout(name="readout", shape=(4,))]
    return Graph.build(nodes, [(a, b) for n in names for a, b in (("input", n), (n, "readout"))], 2)


@pytest.mark.parametrize(
    ("names", "unit"),
    [
        (("lif_0", "lif_1"), "lif"),
        (("n_level1", "n_level2"), "n"),
        (("stage_l1", "stage_l2"), "stage"),
        (("a", "b"), "unit"),
        (("n10", "n11"), "n"),
        (("x_lif_1", "x_lif_2"), "x"),
        (("input_1", "input_2"), "input_"),
    ],
)
def test_a_unit_is_called_as_what_its_channels_have_in_common(names: tuple[str, str], unit: str) -> None:
    found, _ = recognise_units(pair(names))
    (recognised,) = found.of_type(MLF)
    assert (recognised.name, recognised.thresholds) == (unit, (1.0, 2.0))  # by threshold, not by name


@pytest.mark.parametrize(
    "second",
    [
        {"threshold": 2.0},
        {"decay": 0.25},
        {"gain": 2.0},
        {"leak": 0.5},
        {"v_reset": -1.0},
        {"reset": "subtract"},
        {"threshold": np.array([1.0, 1.0, 1.0, 0.5])},
    ],
)
def test_neurons_that_differ_in_more_than_a_threshold_stay_apart(second: dict[str, object]) -> None:
    graph = pair(("a_1", "a_2"), **second)
    found, remarks = recognise_units(graph)
    assert list(found.nodes) == list(graph.nodes) and remarks == ()


@given(st.sampled_from([Edge("input", "a_1"), Edge("a_2", "readout"), Edge("a_1", "a_2")]))
def test_neurons_with_other_company_stay_apart(extra: Edge) -> None:
    graph = pair(("a_1", "a_2"))
    found, remarks = recognise_units(graph.replace(edges=(*graph.edges, dataclasses.replace(extra, gain=3))))
    assert not found.of_type(MLF) and remarks == ()
