"""A node that the metadata takes for an edge goes only where the file's arrays say the same."""

from __future__ import annotations

import json

import nir
import numpy as np
import pytest

from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Readout, Scale
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, to_nir
from snnhw.nir.read.carriers import stands_for
from snnhw.nir.reading import Reading
from snnhw.simulation.engine import simulate
from tests.nir.read.foreign import codes

EYE = np.eye(2)
X = np.random.default_rng(1).uniform(0, 2, (3, 1, 3, 3)).astype(np.float32)


def net() -> Graph:
    """Edges of gain 2 and -1 into a matrix that flattens, and two edges into the output."""
    rng = np.random.default_rng(0)
    nodes: list[Node] = [
        Input(name="input", shape=(1, 3, 3)),
        Conv2d(name="conv", shape=(2, 3, 3), weight=rng.normal(size=(2, 1, 3, 3)), padding=(1, 1)),
        MLF(name="unit", shape=(2, 3, 3), thresholds=(0.3, 0.8), decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 18))),
        Linear(name="side", shape=(3,), weight=rng.normal(size=(3, 9))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [
        Edge("input", "conv", gain=-1),
        Edge("conv", "unit"),
        Edge("unit", "fc", gain=2),
        Edge("fc", "readout"),
        Edge("input", "side"),
        Edge("side", "readout", gain=2),
    ]
    return Graph.build(nodes, edges, 2)


CARRIERS = {
    "input_xm1": -1,
    "unit_l1_x2": 2,
    "unit_l2_x2": 2,
    "side_x2": 2,
    "fc_flat": 1,
    "side_flat": 1,
    "readout_sum": 1,
}
MULTIPLYING = [name for name in CARRIERS if not name.endswith("_flat")]


def test_what_is_as_it_was_written_goes_without_a_word() -> None:
    written = to_nir(net())
    assert json.loads(written.metadata["snnhw"])["carriers"] == CARRIERS
    again = from_nir(written)
    assert differences(again, net()) == ()
    assert codes(again).count("metadata-contradicted") == 0


@pytest.mark.parametrize("name", MULTIPLYING)
@pytest.mark.parametrize("key", ["weight", "bias"])
def test_a_changed_array_is_computed_as_in_a_file_without_metadata(name: str, key: str) -> None:
    """The oracle is the reader of foreign files, which takes every node as it stands."""
    written = to_nir(net())
    node = written.nodes[name]
    setattr(node, key, 3 * node.weight if key == "weight" else node.bias + 0.5)
    again = from_nir(written)
    assert [f.node for f in again.findings if f.code == "metadata-contradicted"] == [name]
    assert name in again.nodes and not (set(CARRIERS) - {name}) & set(again.nodes)
    written.metadata = {}
    foreign = from_nir(written, Reading(timesteps=2))
    np.testing.assert_allclose(simulate(again, X).logits, simulate(foreign, X).logits, rtol=1e-5, atol=1e-5)
    assert not np.allclose(simulate(again, X).logits, simulate(net(), X).logits, rtol=1e-2)


def test_one_element_off_is_enough() -> None:
    written = to_nir(net())
    weight = np.array(written.nodes["unit_l1_x2"].weight)
    weight[0, 1] = 1e-3
    written.nodes["unit_l1_x2"].weight = weight
    assert "unit_l1_x2" in from_nir(written).nodes


def test_another_gain_in_the_metadata_does_not_change_the_array() -> None:
    written = to_nir(net())
    meta = json.loads(written.metadata["snnhw"])
    meta["carriers"] |= {"unit_l1_x2": 5, "fc_flat": 3, "conv": 1, "input": 2, "fc": 2}
    written.metadata = {"snnhw": json.dumps(meta)}
    again = from_nir(written)
    assert {f.node for f in again.findings if f.code == "metadata-contradicted"} == {
        "unit_l1_x2",
        "fc_flat",
        "conv",
        "input",
        "fc",
    }
    np.testing.assert_allclose(simulate(again, X).logits, simulate(net(), X).logits, rtol=1e-5, atol=1e-5)


def test_a_node_that_is_gone_leaves_the_edges_of_the_file_and_a_finding() -> None:
    written = to_nir(net())
    del written.nodes["side_x2"]
    edges = [e for e in written.edges if "side_x2" not in e]
    written.edges = [*edges, ("side", "readout_sum")]
    again = from_nir(written)
    assert Edge("side", "readout") in again.edges
    assert [f.code for f in again.findings if "'side_x2'" in f.message] == ["metadata-contradicted"]


def test_the_port_of_a_subgraph_passes_on_once_whatever_the_metadata_says() -> None:
    written = to_nir(net())
    inner = nir.NIRGraph(
        {"i": nir.Input(np.array([3])), "o": nir.Output(np.array([3]))}, [("i", "o")], type_check=False
    )
    written.nodes["readout_sum"] = inner
    meta = json.loads(written.metadata["snnhw"])
    meta["carriers"] |= {"readout_sum.i": 4}
    written.metadata = {"snnhw": json.dumps(meta)}
    again = from_nir(written)
    np.testing.assert_array_equal(simulate(again, X).logits, simulate(net(), X).logits)
    assert codes(again).count("metadata-contradicted") == 2  # that gain, and the sum that is a subgraph now


MATRIX = Linear(name="m", shape=(2,), weight=2 * EYE)
KERNEL = Conv2d(name="c", shape=(2, 3, 3), weight=2 * EYE[:, :, None, None])
ROW = Flatten(name="f", shape=(18,))


@pytest.mark.parametrize(
    ("node", "gain", "arriving", "targets", "expected"),
    [
        (MATRIX, 2, (2,), (), True),
        (MATRIX, 3, (2,), (), False),
        (Linear(name="m", shape=(2,), weight=2 * EYE[::-1]), 2, (2,), (), False),
        (Linear(name="m", shape=(2,), weight=np.eye(2, 3)), 1, (3,), (), False),
        (Linear(name="m", shape=(2,), weight=EYE, bias=np.zeros(2)), 1, (2,), (), True),
        (Linear(name="m", shape=(2,), weight=EYE, bias=np.array([0, 1e-9])), 1, (2,), (), False),
        (KERNEL, 2, (2, 3, 3), (), True),
        (KERNEL, 1, (2, 3, 3), (), False),
        (Conv2d(name="c", shape=(2, 2, 2), weight=EYE[:, :, None, None], stride=(2, 2)), 1, (2, 3, 3), (), False),
        (Conv2d(name="c", shape=(2, 2, 2), weight=np.ones((2, 1, 1, 1)), groups=2), 1, (2, 2, 2), (), False),
        (Scale(name="s", shape=(2, 3), scale=np.full((2, 3), 2.0)), 2, (2, 3), (), True),
        (Scale(name="s", shape=(2,), scale=np.array([2.0, 3.0])), 2, (2,), (), False),
        (ROW, 1, (2, 3, 3), (MATRIX,), True),
        (ROW, 2, (2, 3, 3), (MATRIX,), False),
        (ROW, 1, (2, 3, 3), (MATRIX, LIF(name="n", shape=(18,), decay=0.5, threshold=1.0)), False),
        (ROW, 1, (2, 3, 3), (None,), False),
        (None, 1, (2,), (), False),
    ],
)
def test_what_stands_for_an_edge(
    node: Node | None, gain: int, arriving: tuple[int, ...], targets: tuple[Node | None, ...], expected: bool
) -> None:
    assert stands_for(node, gain, arriving, targets) is expected
