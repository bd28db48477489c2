"""The graph as a value: parts that cannot be are refused, order, reach and units are those of its edges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Delay, Edge, Flatten, Graph, Input, Node, Readout
from snnhw.passes.decompose import decompose
from tests.graph.strategies import SEEDS, float_graphs, integer_graphs

SHAPE = (2, 4, 4)


def flatten(name: str) -> Flatten:
    return Flatten(name=name, shape=(4,))


@st.composite
def webs(draw: st.DrawFn) -> tuple[Graph, np.ndarray]:
    """(a graph of up to eight nodes in any order with any edges, its adjacency matrix in graph order)."""
    rng = np.random.default_rng(draw(SEEDS))
    size = draw(st.integers(1, 8))
    wired = rng.random((size, size)) < draw(st.sampled_from([0.1, 0.25, 0.5]))
    if draw(st.booleans()):  # without loops: edges along a hidden order alone
        hidden = rng.permutation(size)
        wired &= hidden[:, None] < hidden[None, :]
    nodes = [flatten(f"n{i}") for i in range(size)]
    return Graph.build(nodes, [(f"n{i}", f"n{j}") for i, j in np.argwhere(wired)], 1), wired


def closure(wired: np.ndarray) -> np.ndarray:
    """Whether a path of at least one edge leads from i to j (Warshall 1962)."""
    paths = wired.copy()
    for k in range(len(wired)):
        paths |= paths[:, k : k + 1] & paths[k : k + 1, :]
    return paths


@given(webs())
def test_order_puts_sources_first_or_names_all_that_lies_behind_a_cycle(web: tuple[Graph, np.ndarray]) -> None:
    graph, wired = web
    paths = closure(wired)
    in_loop = np.flatnonzero(paths.diagonal())
    if len(in_loop):
        behind = sorted(f"n{j}" for j in range(len(wired)) if paths[in_loop, j].any())
        with pytest.raises(InputError, match=rf"cycle through or before {', '.join(behind)}; cut the loop"):
            graph.order()
        return
    order = graph.order()
    assert sorted(order) == sorted(graph.nodes)
    assert all(order.index(e.source) < order.index(e.target) for e in graph.edges)


def test_order_keeps_that_of_the_nodes_where_edges_leave_it_open() -> None:
    graph = Graph.build([flatten(n) for n in "cabd"], [("d", "a")], 1)
    assert graph.order() == ("c", "b", "d", "a")


@given(webs(), st.sets(st.integers(0, 7), max_size=3), st.booleans())
def test_reached_is_the_transitive_closure(web: tuple[Graph, np.ndarray], starts: set[int], forward: bool) -> None:
    graph, wired = web
    starts = {s for s in starts if s < len(wired)}
    paths = closure(wired if forward else wired.T)
    expected = {f"n{j}" for j in range(len(wired)) if j in starts or any(paths[s, j] for s in starts)}
    assert graph.reached([f"n{s}" for s in starts], forward=forward) == expected


@given(webs())
def test_edges_are_found_from_both_of_their_ends(web: tuple[Graph, np.ndarray]) -> None:
    graph, _ = web
    for name in graph.nodes:
        assert graph.into(name) == tuple(e for e in graph.edges if e.target == name)
        assert graph.out_of(name) == tuple(e for e in graph.edges if e.source == name)


@pytest.mark.parametrize("steps", [1, np.array([1, 2, 3, 1])])
def test_a_loop_through_a_late_delay_is_in_order(steps: int | np.ndarray) -> None:
    nodes = [flatten("a"), Delay(name="late", shape=(4,), steps=steps), flatten("b")]
    graph = Graph.build(nodes, [("a", "b"), ("b", "late"), ("late", "a")], 1)
    order = graph.order(loops=True)
    assert order.index("late") < order.index("a") < order.index("b")
    with pytest.raises(InputError, match="cycle through or before a, b, late"):
        graph.order()
    early = Delay(name="late", shape=(4,), steps=np.array([0, 1, 2, 3]))
    with pytest.raises(InputError, match="cycle"):
        graph.replace(nodes={**graph.nodes, "late": early}).order(loops=True)


@pytest.mark.parametrize(
    ("nodes", "edges", "timesteps", "sentence"),
    [
        (["a", "a"], [], 1, "Two nodes are called 'a'; rename one of them"),
        (["a b"], [], 1, "Node name 'a b' is no identifier; rename it"),
        (["1a"], [], 1, "Node name '1a' is no identifier; rename it"),
        (["a\n"], [], 1, "is no identifier; rename it"),
        (["a"], [("a", "b")], 1, "Edge a -> b names the unknown node 'b'; add it or drop the edge"),
        (["a"], [("b", "a")], 1, "Edge b -> a names the unknown node 'b'; add it or drop the edge"),
        (["a"], [], 0, "A sample lasts 0 time steps; give at least 1"),
    ],
)
def test_parts_that_make_no_graph_are_refused(
    nodes: list[str], edges: list[tuple[str, str]], timesteps: int, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        Graph.build([flatten(n) for n in nodes], edges, timesteps)


def test_a_copy_shares_nothing_that_was_changed_and_keeps_all_else() -> None:
    graph = Graph.build([flatten("a"), flatten("b")], [("a", "b")], 3, "name")
    other = graph.replace(edges=(), timesteps=4)
    assert (other.edges, other.timesteps, other.name, list(other.nodes)) == ((), 4, "name", ["a", "b"])
    assert (graph.timesteps, graph.into("b")) == (3, (Edge("a", "b"),)) and other.into("b") == ()
    with pytest.raises(InputError, match="unknown node 'b'"):
        graph.replace(nodes=[flatten("a")])
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("number", [0, 2])
def test_one_input_and_one_readout_are_needed(number: int) -> None:
    nodes: list[Node] = [Input(name=f"i{k}", shape=(4,)) for k in range(number)]
    nodes += [Readout(name=f"r{k}", shape=(4,)) for k in range(number)]
    graph = Graph.build(nodes, [], 1, "net")
    with pytest.raises(InputError, match=f"'net' has {number} Input nodes where one is needed; change it to one"):
        _ = graph.input
    said = r"net has 2 outputs \(r0, r1\) where one is needed; keep one Output in the file, or return one"
    with pytest.raises(InputError, match=said if number else "'net' has 0 Readout nodes where one is needed"):
        _ = graph.readout
    assert [node.name for node in graph.readouts] == ["r0", "r1"][:number]


@given(st.one_of(float_graphs(), float_graphs().map(decompose), integer_graphs()), st.randoms(use_true_random=False))
def test_units_hold_every_neuron_once_by_ascending_level_whatever_the_order(graph: Graph, chance) -> None:
    nodes = list(graph.nodes.values())
    chance.shuffle(nodes)
    units = graph.replace(nodes=nodes).units()
    neurons = [n.name for members in units.values() for n in members]
    assert sorted(neurons) == sorted(n.name for n in nodes if hasattr(n, "threshold") or isinstance(n, MLF))
    for unit, members in units.items():
        assert [getattr(n, "level", 1) for n in members] == list(range(1, len(members) + 1))
        assert all((getattr(n, "unit", "") or n.name) == unit for n in members)
    assert graph.is_integer == any(type(n).__name__ == "LoihiLIF" for n in nodes)


def test_a_graph_lasts_no_longer_than_what_was_proven_of_it() -> None:
    nodes = [Input(name="input", shape=(1,)), Readout(name="end", shape=(1,))]
    graph = Graph.build(nodes, [Edge("input", "end")], 2, longest=2)
    assert graph.replace(timesteps=1).longest == 2  # shorter runs are the first steps of those
    with pytest.raises(InputError, match="with --timesteps 3"):
        graph.replace(timesteps=3)
