"""The registry of exporters, and NIR as one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters import exporter, nir_file
from snnhw.graph.ir import MLF, Graph, Input, Linear, Readout
from snnhw.graph.same import same_graph
from snnhw.nir.io import read_nir


def tiny() -> Graph:
    nodes = [
        Input(name="input", shape=(2,)),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 2), np.float32)),
        MLF(name="unit", shape=(3,), thresholds=(0.5, 1.5), decay=0.25),
        Readout(name="readout", shape=(3,)),
    ]
    return Graph.build(nodes, [("input", "fc"), ("fc", "unit"), ("unit", "readout")], 2)


def test_artifact_tells_what_was_written(tmp_path: Path) -> None:
    artifact = exporter("nir").export(tiny(), tmp_path / "deep" / "net.nir")
    assert artifact.size_bytes == (tmp_path / "deep" / "net.nir").stat().st_size > 0
    assert artifact.to_dict()["target"] == "nir"
    assert same_graph(read_nir(artifact.path), tiny())


def test_dialect_is_an_option(tmp_path: Path) -> None:
    plain = exporter("nir").export(tiny(), tmp_path / "a.nir")
    nudged = nir_file.export(tiny(), tmp_path / "b.nir", nir_file.Options(dialect="spikingjelly"))
    assert plain.path.read_bytes() != nudged.path.read_bytes()
    assert [f.message.split(":")[0] for f in nudged.findings] == ["spikingjelly"]


def test_nothing_is_left_behind_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "net.nir").mkdir()
    with pytest.raises(InputError, match="Cannot write"):
        exporter("nir").export(tiny(), tmp_path / "net.nir")
    assert [p.name for p in tmp_path.iterdir()] == ["net.nir"]
