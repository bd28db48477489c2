"""Nested graphs become one flat graph with one input and one output, or are refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.nir.io import from_nir
from tests.nir.builders import ONE, PORTS, graph_of, refused


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
        (graph_of([("i", "o")], **PORTS, p=nir.Output(np.array([4]))), "2 Output nodes"),
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
