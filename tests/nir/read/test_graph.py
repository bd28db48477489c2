"""A whole file becomes a graph: whatever its wiring, there is a graph or a sentence."""

from __future__ import annotations

import json

import nir
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nir.io import from_nir, to_nir
from snnhw.nir.metadata import KEY
from snnhw.passes import compile_channels
from tests.nets import residual_net
from tests.nir.builders import ONE, PORTS, graph_of, lif_with

KINDS = st.sampled_from(["scale", "linear", "lif", "flatten", "delay", "threshold"])


@settings(max_examples=150, deadline=None)
@given(kinds=st.lists(KINDS, min_size=1, max_size=5), data=st.data())
def test_any_wiring_gives_a_graph_or_a_sentence(kinds: list[str], data: st.DataObject) -> None:
    make = {
        "scale": lambda: nir.Scale(ONE),
        "linear": lambda: nir.Linear(np.eye(4)),
        "lif": lif_with,
        "flatten": lambda: nir.Flatten(np.array([4]), 0),
        "delay": lambda: nir.Delay(ONE * 1e-4),
        "threshold": lambda: nir.Threshold(ONE),
    }
    nodes = {f"{kind}/{i}" if i == 3 else f"{kind}{i}": make[kind]() for i, kind in enumerate(kinds)}
    names = [*nodes, "i", "o"]
    edges = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=12))
    try:
        graph = from_nir(graph_of([("i", names[0]), *edges, (names[0], "o")], **PORTS, **nodes))
        graph.order(loops=True)
        for name in graph.nodes:
            graph.signal(name)
    except InputError as error:
        assert "\n" not in str(error)


def test_delays_that_do_not_fit_the_edges_of_the_file_are_left_out_with_a_finding() -> None:
    """Balanced residual branches; then the file's own statement about one of them is changed."""
    graph = compile_channels(residual_net(levels=1).graph)
    late = next(e for e in graph.edges if e.delay)
    unit = graph.nodes[late.source].unit_name
    whole = from_nir(to_nir(graph))
    assert sorted((e.target, e.delay) for e in whole.edges if e.delay) == sorted(
        (e.target, e.delay) for e in graph.edges if e.delay
    )
    assert "delays-ignored" not in {f.code for f in whole.findings}
    for position, value, reason in ((2, 5, "another gain"), (0, "nowhere", "is not in the file")):
        written = to_nir(graph)
        said = json.loads(written.metadata[KEY])
        entry = next(d for d in said["delays"] if d[:2] == [late.source, late.target])
        entry[position] = value
        written.metadata[KEY] = json.dumps(said)
        read = from_nir(written)
        (found,) = [f for f in read.findings if f.code == "delays-ignored"]
        assert found.severity == "warning" and reason in found.message
        (edge,) = [e for e in read.edges if (e.source, e.target) == (unit, late.target)]
        assert (edge.gain, edge.delay) == (late.gain, 0)
