"""What NIR cannot say on its edges is written in nodes that importers have, and the rest is refused by name."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Edge, Graph, Input, Linear, Readout
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, read_nir, to_nir, write_nir
from snnhw.nir.write import refusals
from snnhw.simulation.engine import simulate
from tests.nir.snntorch_runner import run_snntorch


def small(**changes: object) -> Graph:
    """input -> conv -> unit -> (sum of two linears) -> readout."""
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(1, 2, 2)),
        Conv2d(name="conv", shape=(2, 2, 2), weight=rng.normal(size=(2, 1, 1, 1)).astype(np.float32)),
        MLF(name="unit", shape=(2, 2, 2), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="a", shape=(3,), weight=rng.normal(size=(3, 8)).astype(np.float32)),
        Linear(name="b", shape=(3,), weight=rng.normal(size=(3, 8)).astype(np.float32)),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [("input", "conv"), ("conv", "unit"), ("unit", "a"), ("unit", "b"), ("a", "readout"), ("b", "readout")]
    return Graph.build(nodes, edges, 3).replace(**changes)


def test_output_has_one_edge_because_importers_do_not_sum_there(tmp_path: Path) -> None:
    graph = small()
    written = to_nir(graph)
    outputs = [n for n, node in written.nodes.items() if isinstance(node, nir.Output)]
    assert outputs == ["readout"]
    assert [e for e in written.edges if e[1] == "readout"] == [("readout_sum", "readout")]
    assert differences(from_nir(written), graph) == ()
    x = np.random.default_rng(2).random((3, 1, 2, 2)).astype(np.float32)
    _, outputs_summed = run_snntorch(write_nir(graph, tmp_path / "a.nir"), x, 3)
    np.testing.assert_allclose(outputs_summed / 3, simulate(graph, x).logits, atol=1e-6)


def test_doubled_edge_becomes_a_node_because_nir_refuses_duplicates(tmp_path: Path) -> None:
    graph = small(edges=(*small().edges, Edge("a", "readout"), Edge("conv", "unit", gain=2)))
    again = read_nir(write_nir(graph, tmp_path / "a.nir"))
    assert nir.read(tmp_path / "a.nir") is not None  # nir's own check of duplicates and types
    assert {(e.source, e.target, e.gain) for e in again.edges} >= {("a", "readout", 2), ("conv", "unit", 3)}
    assert differences(again, graph) == ()


def test_nodes_that_stand_for_edges_are_not_called_like_a_current() -> None:
    """A current is in the file as a part of its neuron, so its name is free there and not in the graph."""
    nodes = [
        *(node for node in small().nodes.values() if node.name in ("input", "conv")),
        LI(name="a_flat", shape=(2, 2, 2), decay=0.5, current_of="unit"),
        LIF(name="unit", shape=(2, 2, 2), decay=0.25, threshold=0.6),
        *(node for node in small().nodes.values() if node.name in ("a", "readout")),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 3)
    written = to_nir(graph)
    assert isinstance(written.nodes["unit"], nir.CubaLIF) and "a_flat_" in written.nodes
    assert differences(from_nir(written), graph) == ()
    assert from_nir(written).findings == ()


def test_pipeline_delay_survives() -> None:
    edges = [e for e in small().edges if e.source != "conv"]
    graph = small(edges=(*edges, Edge("conv", "unit"), Edge("conv", "unit", gain=2, delay=3)))
    written = to_nir(graph)
    assert not any(isinstance(n, nir.Delay) for n in written.nodes.values())  # it is no part of the function
    assert differences(from_nir(written), graph) == ()


def test_every_refusal_is_listed_with_the_sentence_that_writing_ends_in() -> None:
    graph = small()
    nodes = dict(graph.nodes)
    nodes["soft"] = LIF(name="soft", shape=(2, 2, 2), decay=0.5, threshold=1.0, reset="subtract")
    nodes["odd"] = LIF(name="odd", shape=(2, 2, 2), decay=1.5, threshold=1.0)
    edges = [*graph.edges, *(Edge(a, b) for n in ("soft", "odd") for a, b in (("conv", n), (n, "a")))]
    broken = graph.replace(nodes=nodes, edges=tuple(edges))
    found = refusals(broken, "snntorch")
    assert set(found) == {"soft", "odd"}
    for kept, message in ((n, m) for n, m in found.items()):
        alone = broken.replace(
            nodes={k: v for k, v in nodes.items() if k == kept or k not in found},
            edges=tuple(e for e in edges if not {e.source, e.target} & (set(found) - {kept})),
        )
        with pytest.raises(InputError, match=re.escape(message)):
            to_nir(alone)
    assert refusals(graph, "snntorch") == {}


def test_a_unit_is_refused_by_its_own_name_and_once() -> None:
    graph = small()
    unit = dataclasses.replace(graph.nodes["unit"], decay=1.5)
    found = refusals(graph.replace(nodes={**graph.nodes, "unit": unit}), "snntorch")
    assert list(found) == ["unit"] and "decay outside 0..1" in found["unit"]


def test_a_multiple_is_made_once_for_all_that_take_it_and_is_that_multiple() -> None:
    graph = small()
    edges = [e for e in graph.edges if e.source != "unit"]
    graph = graph.replace(edges=(*edges, Edge("unit", "a", gain=-2), Edge("unit", "b", gain=-2)))
    written = to_nir(graph)
    multiples = [n for n in written.nodes if n.startswith("unit_l1_x")]
    assert multiples == ["unit_l1_xm2"]
    weight = written.nodes["unit_l1_xm2"].weight
    np.testing.assert_array_equal(weight, -2 * np.eye(2, dtype=np.float32)[:, :, None, None])
    assert differences(from_nir(written), graph) == ()


def test_integers_too_large_for_single_precision_are_written_in_double() -> None:
    graph = small()
    for largest, dtype in ((2**24 - 1, np.float32), (2**24, np.float64)):
        weight = np.array([[[[1]]], [[[-largest]]]])
        conv = dataclasses.replace(graph.nodes["conv"], weight=weight)
        found = to_nir(graph.replace(nodes={**graph.nodes, "conv": conv})).nodes["conv"].weight
        assert found.dtype == dtype and (found == weight).all()
