"""Every node is parsed once its shape is known; what has no parser, no shape or no input is refused by name."""

from __future__ import annotations

from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import Edge
from snnhw.nir.file import RawNode
from snnhw.nir.metadata import Metadata
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import IDENTITY, FlatGraph
from snnhw.nir.read.walk import PARSERS, Walk, parse, without_carriers
from tests.nir.builders import lif_with, named_chain, refused


def test_unknown_type_and_missing_field(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, named_chain(a=lif_with()))
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/r"]
    assert "has no field 'r'" in refused(path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/type"]
        file["node/nodes/a/type"] = "Izhikevich"
    assert "unknown NIR type 'Izhikevich'" in refused(path)


def flat(nodes: dict[str, RawNode], edges: list[tuple[str, str]]) -> Walk:
    ports = {"input": RawNode("Input", {"shape": np.array([4])}), **nodes, "output": RawNode("Output", {})}
    walk = Walk(FlatGraph(ports, tuple(edges)), {n: n for n in ports}, Context(1e-4))
    walk.run()
    return walk


SCALE, PASS = RawNode("Scale", {"scale": np.float64(2)}), RawNode(IDENTITY, {})


def test_there_is_a_parser_for_every_type_of_nir() -> None:
    kinds = {n for n, kind in vars(nir).items() if isinstance(kind, type) and issubclass(kind, nir.NIRNode)}
    assert set(PARSERS) | {"Input", "NIRGraph", "NIRNode"} == kinds


@given(st.integers(0, 2**31), st.integers(1, 8))
def test_nodes_that_only_pass_on_become_gains_of_the_edges_around_them(seed: int, passing: int) -> None:
    """The gain of an edge is the number of paths through such nodes, counted by powers of the adjacency matrix."""
    rng = np.random.default_rng(seed)
    names = ["a", *(f"p{i}" for i in range(passing)), "output"]
    wired = np.triu(rng.integers(0, 2, (len(names), len(names))), 1)
    wired[np.arange(len(names) - 1), np.arange(1, len(names))] = 1  # every node on a path
    edges = [("input", "a"), *((names[i], names[j]) for i, j in np.argwhere(wired))]
    walk = flat({"a": SCALE, **{f"p{i}": PASS for i in range(passing)}}, edges)
    paths = sum(np.linalg.matrix_power(wired, n)[0, -1] for n in range(1, len(names)))
    found = without_carriers(walk.flat, walk, None)
    assert sum(e.gain for e in found if (e.source, e.target) == ("a", "output")) == paths
    assert {(e.source, e.target) for e in found} == {("input", "a"), ("a", "output")}


@given(st.integers(0, 2**31), st.integers(1, 6))
def test_gains_of_nodes_behind_one_another_multiply(seed: int, carriers: int) -> None:
    """The gain of an edge is the sum over paths of the product along each: powers of the weighted adjacency matrix."""
    rng = np.random.default_rng(seed)
    names = ["a", *(f"p{i}" for i in range(carriers)), "output"]
    gains = dict(zip(names[1:-1], (int(g) for g in rng.choice([-3, -1, 2, 3, 5], carriers)), strict=True))
    wired = np.triu(rng.integers(0, 2, (len(names), len(names))), 1)
    wired[np.arange(len(names) - 1), np.arange(1, len(names))] = 1
    edges = [("input", "a"), *((names[i], names[j]) for i, j in np.argwhere(wired))]
    nodes = {name: RawNode("Linear", {"weight": gain * np.eye(4)}) for name, gain in gains.items()}
    walk = flat({"a": SCALE, **nodes}, edges)
    weighted = wired * [gains.get(name, 1) for name in names]  # by the node that the edge enters
    expected = sum(np.linalg.matrix_power(weighted, n)[0, -1] for n in range(1, len(names)))
    found = without_carriers(walk.flat, walk, metadata(gains))
    assert sum(e.gain for e in found if (e.source, e.target) == ("a", "output")) == expected
    assert set(walk.nodes) == {"input", "a", "output"} and walk.context.findings == []


def test_a_changed_node_between_two_that_stand_for_edges_stays_between_them() -> None:
    nodes = {f"x{g}": RawNode("Linear", {"weight": g * np.eye(4)}) for g in (2, 3, 5)}
    walk = flat(nodes, [("input", "x2"), ("x2", "x3"), ("x3", "x5"), ("x5", "output")])
    found = without_carriers(walk.flat, walk, metadata({"x2": 2, "x3": 7, "x5": 5}))
    assert found == [Edge("input", "x3", 2), Edge("x3", "output", 5)]
    assert [(f.code, f.node) for f in walk.context.findings] == [("metadata-contradicted", "x3")]


def metadata(carriers: dict[str, int]) -> Metadata:
    return Metadata("net", 2, 1e-4, "snntorch", (), {}, {}, "mean", {}, carriers=carriers)


def test_a_loop_of_nodes_that_only_pass_on_is_refused() -> None:
    edges = [("input", "p"), ("p", "q"), ("q", "p"), ("q", "output")]
    walk = flat({"p": PASS, "q": PASS}, edges)
    with pytest.raises(InputError, match=r"The loop through '[pq]' has no neuron and no weights; remove it"):
        without_carriers(walk.flat, walk, None)


def test_shapes_go_round_a_loop() -> None:
    lif = RawNode("LIF", {k: np.float64(v) for k, v in {"tau": 1, "r": 1, "v_leak": 0, "v_threshold": 1}.items()})
    back = RawNode("Linear", {"weight": np.eye(4)})
    walk = flat({"n": lif, "w": back}, [("input", "n"), ("n", "w"), ("w", "n"), ("n", "output")])
    assert walk.shapes == dict.fromkeys(["input", "n", "w", "output"], (4,))
    with pytest.raises(InputError, match=r"'n' gets the shapes \[3\] and \[4\], which must be equal to be summed"):
        flat({"n": lif, "w": RawNode("Linear", {"weight": np.ones((3, 4))})}, [*walk.flat.edges])


CUBA = {"tau_syn": 1, "tau_mem": 1, "r": 1, "v_leak": 0, "v_threshold": 1}
CURRENT_BASED = RawNode("CubaLIF", {k: np.float64(v) for k, v in CUBA.items()})


def test_the_current_of_a_neuron_gets_a_name_that_no_node_of_the_file_has() -> None:
    nodes = {"n": CURRENT_BASED, "n_syn": CURRENT_BASED, "n_syn_": SCALE}
    walk = flat(nodes, [("input", "n"), ("n", "n_syn"), ("n_syn", "n_syn_"), ("n_syn_", "output")])
    assert list(walk.nodes) == ["input", "n_syn__", "n", "n_syn_syn", "n_syn", "n_syn_", "output"]
    assert walk.nodes["n_syn__"].current_of == "n" and walk.nodes["n_syn_syn"].current_of == "n_syn"
    walk.context.currents = {"n": "n_syn_"}  # what metadata says is a wish
    assert [n.name for n in parse(CURRENT_BASED, "n", (4,), walk.context)] == ["n_syn___", "n"]


def test_a_flatten_before_a_matrix_gets_a_name_that_no_node_of_the_file_has() -> None:
    nodes = {"m_flat": RawNode("Scale", {"scale": np.ones((2, 2))}), "m": RawNode("Linear", {"weight": np.eye(4)})}
    ports = {"input": RawNode("Input", {"shape": np.array([2, 2])}), **nodes, "output": RawNode("Output", {})}
    edges = (("input", "m_flat"), ("m_flat", "m"), ("m", "output"))
    walk = Walk(FlatGraph(ports, edges), {n: n for n in ports}, Context(1e-4))
    walk.run()
    assert list(walk.nodes) == ["input", "m_flat", "m_flat_", "m", "output"]


def test_names_that_two_nodes_would_have_are_refused() -> None:
    walk = flat({"a": SCALE, "b": SCALE}, [("input", "a"), ("a", "b"), ("b", "output")])
    walk = Walk(walk.flat, {**walk.ours, "b": "a"}, Context(1e-4))
    with pytest.raises(InputError, match="Two nodes would be called 'a'; rename one of them in the file"):
        walk.run()


def test_what_would_fill_the_memory_is_refused() -> None:
    huge = RawNode(
        "Conv2d", {"weight": np.ones((1, 1, 1, 1)), "stride": 1, "padding": 2**16, "dilation": 1, "groups": 1}
    )
    with pytest.raises(InputError, match=r"'n' would send the shape \[1, 131080, 131080\]; check the shapes"):
        parse(huge, "n", (1, 8, 8), Context(1e-4))
