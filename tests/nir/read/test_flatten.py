"""Nested graphs become one flat graph with one input and one output, or are refused with one sentence."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF
from snnhw.graph.same import differences
from snnhw.nir.file import RawGraph, RawNode
from snnhw.nir.io import from_nir, read_nir
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import FlatGraph, flattened, input_shape
from snnhw.nir.read.graph import graph_from_raw
from snnhw.nir.reading import Reading
from snnhw.simulation.engine import simulate
from tests.nir.builders import ONE, PORTS, graph_of, refused
from tests.nir.read.foreign import T, codes, full, lif
from tests.nir.step_runner import run_steps


def test_huge_input_shapes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.nir"
    nir.write(
        path,
        nir.NIRGraph({"a": nir.Input(np.array([10**5, 10**5])), "b": nir.Output(ONE)}, [("a", "b")], type_check=False),
    )
    assert "reduce it" in refused(path)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (graph_of([("i", "o"), ("i", "o")], **PORTS), "in the file twice"),
        (graph_of([("i", "x"), ("i", "o")], **PORTS), "unknown node 'x'"),
        (graph_of([("i", "o")], **PORTS, p=nir.Output(np.array([4]))), "Nothing leads from the input to 'p'"),
        (graph_of([("i", "o")], **PORTS, p=nir.Input(np.array([4]))), "2 Input nodes"),
        (graph_of([("i", "o"), ("s", "s")], **PORTS, s=nir.Scale(ONE)), "Nothing leads from the input to 's'"),
        (
            graph_of([("i", "f"), ("f", "f"), ("f", "o")], **PORTS, f=nir.Flatten(np.array([4]), 0)),
            "no neuron and no weights",
        ),
        (graph_of([("i", "o")], i=nir.Input(np.array([0])), o=PORTS["o"]), "positive whole sizes"),
        (graph_of([("i", "o")], i=nir.Input(np.array([-4])), o=PORTS["o"]), "positive whole sizes"),
        (graph_of([("i", "o")], i=nir.Input(np.ones(1000)), o=PORTS["o"]), "has 1000 dimensions"),
        (
            graph_of([("i", "o"), ("o", "s"), ("s", "o")], **PORTS, s=nir.Scale(ONE)),
            "'o' -> 's' leads out of an Output",
        ),
        (
            graph_of([("i", "s"), ("s", "i"), ("s", "o")], **PORTS, s=nir.Scale(ONE)),
            "'s' -> 'i' leads .* into an Input",
        ),
        (graph_of([], s=nir.Scale(ONE), t=nir.Scale(ONE)), "no Input"),
        (
            graph_of(
                [("i", "a"), ("i", "b"), ("a", "o"), ("b", "o")],
                **PORTS,
                a=nir.Linear(np.ones((4, 4))),
                b=nir.Linear(np.ones((5, 4))),
            ),
            r"\[4\] and \[5\]",
        ),
    ],
)
def test_contradictory_edges(graph: nir.NIRGraph, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(graph)


def test_nested_graphs_are_flattened_and_their_sums_kept(tmp_path: Path) -> None:
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([4])),
            "low": lif((4,), threshold=0.5),
            "high": lif((4,), threshold=1.0),
            "output": nir.Output(np.array([4])),
        },
        [("input", "low"), ("input", "high"), ("low", "output"), ("high", "output")],
    )
    outer = nir.NIRGraph(
        {
            "input": nir.Input(np.array([4])),
            "a": nir.Scale(full((4,), 1)),
            "b": nir.Scale(full((4,), 2)),
            "unit": inner,
            "c": nir.Linear(np.eye(4)),
            "output": nir.Output(np.array([4])),
        },
        [("input", "a"), ("input", "b"), ("a", "unit"), ("b", "unit"), ("unit", "c"), ("c", "output")],
    )
    nir.write(tmp_path / "nested.nir", outer)
    graph = read_nir(tmp_path / "nested.nir")
    unit = graph.of_type(MLF)[0]
    assert (unit.thresholds, unit.decay) == ((0.5, 1.0), 0.5)
    assert "unit-recognised" in codes(graph)
    x = np.random.default_rng(0).random((T, 4)) / 2
    v, expected = np.zeros((2, 4)), []
    for step in x:
        v = 0.5 * v + 3 * step
        spikes = v > np.array([[0.5], [1.0]])
        v[spikes] = 0
        expected.append(spikes.sum(axis=0))
    assert np.array_equal(run_steps(graph, x)["c"], expected)
    apart = read_nir(tmp_path / "nested.nir", recognise=False)
    assert [n.threshold for n in apart.of_type(LIF)] == [0.5, 1.0]
    assert np.array_equal(run_steps(apart, x)["c"], expected)


@pytest.mark.parametrize("subgraph_first", [False, True])
def test_nodes_of_a_subgraph_stay_apart_from_nodes_of_the_same_path(tmp_path: Path, subgraph_first: bool) -> None:
    """3 x and 2 x in a row are 6 x; with one of them lost it is 9 x or 4 x."""
    inner = nir.NIRGraph(
        {"i": nir.Input(np.array([4])), "b": nir.Scale(full((4,), 3)), "o": nir.Output(np.array([4]))},
        [("i", "b"), ("b", "o")],
    )
    middle = [("a", inner), ("a.b", nir.Scale(full((4,), 2))), ("a.i", nir.Scale(full((4,), 1)))]
    nodes = {"i": nir.Input(np.array([4])), **dict(middle if subgraph_first else middle[::-1])}
    nodes["o"] = nir.Output(np.array([4]))
    edges = [("i", "a"), ("a", "a.b"), ("a.b", "a.i"), ("a.i", "o")]
    for graph in (
        from_nir(nir.NIRGraph(nodes, edges, type_check=False)),
        read_nir(_written(nir.NIRGraph(nodes, edges, type_check=False), tmp_path / "a.nir")),
    ):
        x = np.arange(8.0).reshape(2, 4)
        assert np.array_equal(simulate(graph.replace(timesteps=2), x[None], raster=True).logits[0], 6 * x.mean(axis=0))
        assert len(graph.nodes) == 5 and codes(graph).count("path-taken") == 2


def _written(graph: nir.NIRGraph, path: Path) -> Path:
    nir.write(path, graph)
    return path


def test_a_batch_of_one_in_the_input_of_a_convolution_is_dropped_with_a_finding() -> None:
    weight = np.random.default_rng(0).normal(size=(3, 2, 3, 3)).astype(np.float32)
    conv = nir.Conv2d((6, 6), weight, 1, 1, 1, 1, np.zeros(3, np.float32))
    batched, plain = (
        graph_of(
            [("i", "c"), ("c", "n"), ("n", "o")],
            i=nir.Input(np.array((*batch, 2, 6, 6))),
            c=conv,
            n=nir.LIF(*(full((*batch, 3, 6, 6), value) for value in (2e-4, 2, 0, 1, 0))),
            o=nir.Output(np.array((*batch, 3, 6, 6))),
        )
        for batch in ((1,), ())
    )
    found = from_nir(batched)
    assert found.input.shape == (2, 6, 6) and "batch-axis-dropped" in codes(found)
    assert differences(found, from_nir(plain)) == () and "batch-axis-dropped" not in codes(from_nir(plain))


def test_a_batch_of_several_is_named_in_front_of_a_convolution() -> None:
    conv = nir.Conv2d((6, 6), np.ones((3, 2, 3, 3), np.float32), 1, 1, 1, 1, np.zeros(3, np.float32))
    graph = graph_of([("i", "c"), ("c", "o")], i=nir.Input(np.array([8, 2, 6, 6])), c=conv, o=PORTS["o"])
    with pytest.raises(InputError, match=r"\[8\] in front of them, which looks like a batch; write the shape of one"):
        from_nir(graph)


def test_a_batch_of_one_before_a_convolution_in_one_dimension() -> None:
    conv = nir.Conv1d(6, np.ones((3, 2, 3), np.float32), 1, 1, 1, 1, np.zeros(3, np.float32))
    neuron = nir.IF(full((1, 3, 6), 1), full((1, 3, 6), 1))
    graph = graph_of(
        [("i", "c"), ("c", "n"), ("n", "o")], i=nir.Input(np.array([1, 2, 6])), c=conv, n=neuron, o=PORTS["o"]
    )
    assert from_nir(graph).input.shape == (2, 1, 6) and from_nir(graph).nodes["n"].shape == (3, 1, 6)


def test_missing_input_and_output_are_added_where_there_is_one_place() -> None:
    nodes = {"fc": nir.Linear(np.ones((3, 4), np.float32)), "lif": lif((3,))}
    graph = from_nir(nir.NIRGraph(nodes, [("fc", "lif")], type_check=False))
    assert graph.input.shape == (4,)
    assert graph.readout.shape == (3,)
    assert codes(graph).count("port-added") == 2


def ports(**nodes: RawNode | RawGraph) -> dict[str, RawNode | RawGraph]:
    return {"i": RawNode("Input", {"shape": np.array([4])}), **nodes, "o": RawNode("Output", {})}


def nested(depth: int, width: int) -> tuple[RawGraph, int]:
    """(graph of `width` subgraphs in a row, nested `depth` deep, the number of nodes at the bottom)."""
    if depth == 0:
        nodes = ports(n=RawNode("Scale", {"scale": np.ones(4)}))
        return RawGraph(nodes, (("i", "n"), ("n", "o"))), 1
    inner, leaves = nested(depth - 1, width)
    names = [f"g{k}" for k in range(width)]
    return RawGraph(ports(**dict.fromkeys(names, inner)), tuple(itertools.pairwise(["i", *names, "o"]))), width * leaves


@given(st.integers(0, 3), st.integers(1, 3))
def test_nesting_of_any_depth_leaves_one_chain_of_the_nodes_at_the_bottom(depth: int, width: int) -> None:
    raw, leaves = nested(depth, width)
    flat = flattened(raw, Context(1e-4))
    kinds = [node.type for node in flat.nodes.values()]
    assert (kinds.count("Scale"), kinds.count("Input"), kinds.count("Output")) == (leaves, 1, 1)
    following = dict(flat.edges)
    assert len(following) == len(flat.edges) == len(flat.nodes) - 1
    walked = ["i"]
    while walked[-1] in following:
        walked.append(following[walked[-1]])
    assert walked[-1] == "o" and set(walked) == set(flat.nodes)


def test_a_subgraph_of_two_outputs_is_refused_by_its_path() -> None:
    inner = RawGraph(ports(p=RawNode("Output", {})), (("i", "o"), ("i", "p")))
    outer = RawGraph(ports(g=RawGraph(ports(h=inner), (("i", "h"), ("h", "o")))), (("i", "g"), ("g", "o")))
    with pytest.raises(
        InputError, match=r"Subgraph 'g\.h' has 2 Output nodes where exactly one is needed; merge or add"
    ):
        flattened(outer, Context(1e-4))


def test_a_file_without_ports_and_several_places_for_one_says_which() -> None:
    loose = RawGraph(
        {"a": RawNode("Scale", {}), "b": RawNode("Scale", {}), "o": RawNode("Output", {})}, (("a", "o"), ("b", "o"))
    )
    with pytest.raises(InputError, match=r"no Input and nothing leads into 2 nodes \('a', 'b'\); add an Input node"):
        flattened(loose, Context(1e-4))


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        (RawNode("Linear", {"weight": np.ones((3, 7))}), (7,)),
        (
            RawNode("Conv2d", {"weight": np.ones((4, 2, 3, 3)), "groups": 3, "input_shape": np.array([5, 6])}),
            (6, 5, 6),
        ),
        (RawNode("Threshold", {"threshold": np.ones((2, 3, 4))}), (2, 3, 4)),
    ],
)
def test_an_input_without_a_shape_takes_that_of_its_target(target: RawNode, shape: tuple[int, ...]) -> None:
    flat = FlatGraph({"i": RawNode("Input", {}), "t": target}, (("i", "t"),))
    assert input_shape(flat, "i") == shape


def test_an_input_of_which_nothing_says_the_shape_is_refused() -> None:
    flat = FlatGraph({"i": RawNode("Input", {}), "t": RawNode("Flatten", {})}, (("i", "t"),))
    with pytest.raises(InputError, match="Input 'i' has no shape and its targets do not say one; write the shape"):
        input_shape(flat, "i")


def recurrent_layer(*, edges_name: str) -> RawGraph:
    """A nested recurrent layer, as in files of the NIR paper, whose neurons are called `own`."""
    rng = np.random.default_rng(5)
    neurons = nir.LIF(tau=2e-4 * ONE, r=2 * ONE, v_leak=0 * ONE, v_threshold=ONE)
    inner = {
        "input": RawNode("Input", {"shape": np.array([4])}),
        "own": RawNode("LIF", {k: getattr(neurons, k) for k in ("tau", "r", "v_leak", "v_threshold")}),
        "rec": RawNode("Linear", {"weight": rng.normal(size=(4, 4))}),
        "output": RawNode("Output", {"shape": np.array([4])}),
    }
    name = edges_name
    layer = RawGraph(inner, (("input", name), (name, "rec"), ("rec", name), (name, "output")), {}, "1.0")
    outer = {
        "in": RawNode("Input", {"shape": np.array([4])}),
        "fc": RawNode("Linear", {"weight": 2 * rng.normal(size=(4, 4))}),
        "layer": layer,
        "out": RawNode("Output", {"shape": np.array([4])}),
    }
    return RawGraph(outer, (("in", "fc"), ("fc", "layer"), ("layer", "out")), {}, "1.0")


def test_one_name_that_is_no_node_is_the_one_node_that_no_edge_names() -> None:
    x = np.random.default_rng(1).normal(size=(3, 6, 4))
    runs = []
    for name in ("own", "lif"):
        graph, findings = graph_from_raw(recurrent_layer(edges_name=name), Reading(dt=1e-4, timesteps=6))
        runs.append(next(iter(simulate(graph, x, raster=True).raster.values())))
        said = [f for f in findings if f.code == "edge-misnamed"]
        assert [(f.node, "'lif'" in f.message) for f in said] == ([("layer.own", True)] if name == "lif" else [])
    assert runs[0].any() and np.array_equal(*runs)


def test_an_unknown_name_that_could_be_several_nodes_is_refused_with_its_subgraph() -> None:
    raw = recurrent_layer(edges_name="lif")
    layer = raw.nodes["layer"]
    assert isinstance(layer, RawGraph)
    more = dataclasses.replace(layer, nodes={**layer.nodes, "other": layer.nodes["own"]})
    with pytest.raises(InputError, match="of subgraph 'layer' names the unknown node 'lif'"):
        graph_from_raw(dataclasses.replace(raw, nodes={**raw.nodes, "layer": more}), Reading(dt=1e-4))
