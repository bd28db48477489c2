"""NIR files as plain values: the reader is a process of its own, and whatever it does ends in one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.nir import file as nir_file
from snnhw.nir.file import RawGraph, RawNode, raw_of, read_raw, write_file
from snnhw.nir.io import from_nir, read_nir, write_nir
from tests.nir.builders import ONE, lif_with, named_chain, net, refused


@pytest.mark.slow
def test_any_damage_gives_a_graph_or_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nir_file, "SECONDS", 5.0)
    good = write_nir(net(), tmp_path / "good.nir").read_bytes()
    structure = [i for i, byte in enumerate(good) if byte]
    chance = random.Random(0)
    refusals = 0
    for case in range(60):
        data = bytearray(good)
        if case % 3 == 0:
            data = data[: chance.randrange(len(data))]
        else:
            for _ in range(chance.randrange(1, 12)):
                data[chance.choice(structure)] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
        path = tmp_path / "bad.nir"
        path.write_bytes(bytes(data))
        try:
            assert read_nir(path).nodes
        except InputError as error:
            assert "\n" not in str(error)
            refusals += 1
    assert refusals > 20


def test_a_reader_that_does_not_end_or_breaks_down_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_nir(net(), tmp_path / "good.nir")
    script = tmp_path / "reader.py"
    monkeypatch.setattr(nir_file, "READER", script)
    monkeypatch.setattr(nir_file, "SECONDS", 0.5)
    script.write_text("while True: pass")
    assert "does not end" in refused(path)
    monkeypatch.setattr(nir_file, "SECONDS", 30)
    script.write_text("import os; os.abort()")
    assert "breaks down" in refused(path)


def test_no_file_a_folder_and_no_hdf5(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "none.nir")
    assert "folder" in refused(tmp_path)
    (tmp_path / "text.nir").write_text("hello")
    assert "not a readable NIR file" in refused(tmp_path / "text.nir")
    h5py.File(tmp_path / "empty.nir", "w").close()
    assert "holds no NIR graph" in refused(tmp_path / "empty.nir")


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(InputError, match="pass the whole graph"):
        from_nir(lif_with())  # type: ignore[arg-type]


def assert_equal(a: object, b: object) -> None:
    """The same plain values, arrays by element."""
    if isinstance(a, RawGraph):
        assert isinstance(b, RawGraph) and (a.edges, a.version, set(a.nodes)) == (b.edges, b.version, set(b.nodes))
        for name, node in a.nodes.items():
            assert_equal(node, b.nodes[name])
        assert_equal(dict(a.metadata), dict(b.metadata))
    elif isinstance(a, RawNode):
        assert isinstance(b, RawNode) and a.type == b.type
        kept = [key for key in a.fields if key in b.fields]
        assert {"input_type", "output_type", "metadata"} >= set(a.fields) ^ set(kept)
        for key in kept:
            np.testing.assert_array_equal(a.fields[key], b.fields[key])
    else:
        assert a == b


def test_a_graph_in_memory_and_in_its_file_are_the_same_plain_values(tmp_path: Path) -> None:
    inner = named_chain(lif=lif_with(), scale=nir.Scale(ONE))
    graph = named_chain(fc=nir.Affine(np.eye(4), ONE), sub=inner, flat=nir.Flatten(np.array([4]), 0))
    graph.metadata = {"origin": "a test"}
    assert_equal(raw_of(graph), read_raw(write_file(graph, tmp_path / "a.nir")))


def test_without_resets_no_neuron_has_the_field(tmp_path: Path) -> None:
    graph = named_chain(lif=lif_with(v_reset=ONE))
    for reset in (True, False):
        node = read_raw(write_file(graph, tmp_path / "a.nir", reset=reset)).nodes["lif"]
        assert isinstance(node, RawNode) and ("v_reset" in node.fields) == reset


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_file(named_chain(lif=lif_with()), tmp_path / "a.nir")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"Cannot write .*a\.nir/b\.nir"):
        write_file(named_chain(lif=lif_with()), path / "b.nir")
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
