"""Damaged, hostile and contradictory NIR files: one clear sentence each, bounded time and memory, never a traceback."""

from __future__ import annotations

from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.nir.io import from_nir
from tests.nir.builders import ONE, chain, conv_in, lif, refused


@pytest.mark.parametrize("kind", ["name", "type", "padding", "stride", "edge"])
def test_sentences_stay_short_whatever_the_file_holds(tmp_path: Path, kind: str) -> None:
    path, long = tmp_path / "long.nir", "x\n" * 1000
    graph = conv_in((2, 6, 6))
    graph.nodes["a"].input_shape = (6, 6)
    nir.write(path, graph)
    with h5py.File(path, "a") as file:
        if kind == "name":
            file.move("node/nodes/a", f"node/nodes/{long}")
        elif kind == "edge":
            edges = file["node/edges"]
            edges[0] = ["input", long]
        else:
            node = file["node/nodes/a"]
            del node[kind]
            node[kind] = np.full(10**5, 1.5) if kind == "stride" else long
    assert len(refused(path)) < 400 + len(str(path))


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({"a": lif(tau=ONE * np.nan)}, "'a': field 'tau' holds NaN"),
        ({"a": lif(tau=ONE * 0)}, "'a' has a tau of 0 or less"),
        (
            {"a": lif(v_threshold=np.ones(5), tau=np.ones(5), r=np.ones(5), v_leak=np.ones(5))},
            r"of shape \[5\] but gets",
        ),
        ({"a": nir.Linear(np.ones((4, 3)))}, r"takes 3 values but gets \[4\]"),
        ({"a": nir.Linear(np.ones((4, 4, 4)))}, r"must be \[out, in\]"),
        ({"a": nir.Affine(np.ones((4, 4)), np.ones(3))}, r"bias of shape \[3\]; it must be \[4\]"),
        ({"a": nir.Linear(np.full((4, 4), np.inf))}, "holds NaN or infinity"),
        ({"a": nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 0, 1, 1, np.ones(1))}, r"gets the shape \[4\]"),
        ({"a": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))}, "needs .channels, height, width"),
        ({"a": nir.Delay(-ONE)}, "'a' is negative"),
        ({"a": nir.Scale(np.ones(3))}, r"has scale of shape \[3\]"),
        ({"a": nir.Threshold(np.array(["x"] * 4))}, "not numeric"),
        ({"a": nir.Flatten(np.array([4]), 7)}, "goes from 7"),
    ],
)
def test_contradictory_nodes(nodes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(chain(**nodes))


def test_unknown_type_and_missing_field(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, chain(a=lif()))
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/r"]
    assert "has no field 'r'" in refused(path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/a/type"]
        file["node/nodes/a/type"] = "Izhikevich"
    assert "unknown NIR type 'Izhikevich'" in refused(path)
