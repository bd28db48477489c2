"""A whole file becomes a graph: whatever its wiring, there is a graph or a sentence."""

from __future__ import annotations

import nir
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nir.io import from_nir
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
