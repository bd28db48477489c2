"""HDF5 is read in bounded time and memory and from the file alone; what lies is refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnhw.nir import hdf5 as nir_hdf5
from tests.nir.builders import ONE, lif_with, named_chain, refused


def test_declared_sizes_are_refused_before_allocation(tmp_path: Path) -> None:
    path = tmp_path / "huge.nir"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        group = file["node/nodes/lif"]
        del group["tau"]
        group.create_dataset("tau", shape=(10**9,), dtype="f4", chunks=(10**6,), compression="gzip", fillvalue=1)
    assert path.stat().st_size < 50_000
    assert "of shape [1000000000] is beyond the" in refused(path)


@pytest.mark.parametrize("place", ["edges", "metadata/snnhw"])
def test_long_text_in_every_place_of_a_small_file_is_refused_while_reading(tmp_path: Path, place: str) -> None:
    """50 KB that stand for 8 GB: the text is held once, as the value of what is not written."""
    path = tmp_path / "text.nir"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        if place == "edges":
            del file["node/edges"]
        text = h5py.string_dtype()
        file.create_dataset(f"node/{place}", (200_000, 2), text, chunks=(1000, 2), fillvalue="x" * 20_000)
    assert path.stat().st_size < 60_000
    assert "of shape [200000, 2] is beyond the" in refused(path)


def test_links_that_go_round_are_followed_a_bounded_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "round.nir"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        group = file.create_group("node/metadata/group")
        for _ in range(15):  # 12 ways to each next one
            below = group.create_group("way0")
            for way in range(1, 12):
                group[f"way{way}"] = below
            group = below
    with pytest.raises(nir_hdf5.RefusedError, match="more than 1000 groups and arrays"):
        monkeypatch.setattr(nir_hdf5, "MAX_MEMBERS", 1000)
        nir_hdf5.content(path, 2**30)


@pytest.mark.parametrize("dtype", [h5py.ref_dtype, h5py.vlen_dtype(np.float32)])
def test_what_is_neither_number_nor_text_is_refused(tmp_path: Path, dtype: np.dtype) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        del file["node/nodes/lif/tau"]
        file.create_dataset("node/nodes/lif/tau", (4,), dtype)
    assert "/node/nodes/lif/tau holds neither numbers nor text" in refused(path)


@pytest.mark.parametrize("kind", ["external", "soft", "loop", "virtual", "raw"])
def test_links_and_storage_outside_the_file_are_not_followed(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "link.nir", tmp_path / "other.h5"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(other, "w") as file:
        file["secret"] = ONE
    with h5py.File(path, "a") as file:
        group = file["node/nodes/lif"]
        if kind == "loop":
            file["node/nodes/again"] = file["node"]
        else:
            del group["tau"]
        if kind == "external":
            group["tau"] = h5py.ExternalLink(str(other), "secret")
        elif kind == "soft":
            group["tau"] = h5py.SoftLink("/node/nodes/lif/r")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((4,), "f4")
            layout[:] = h5py.VirtualSource(str(other), "secret", (4,))
            group.create_virtual_dataset("tau", layout)
        elif kind == "raw":
            group.create_dataset("tau", (4,), "f4", external=[(str(other), 0, 16)])
    assert refused(path)


@pytest.mark.parametrize("lost", ["nodes", "edges"])
def test_a_file_that_was_written_half_says_what_is_missing(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "half.nir"
    nir.write(path, named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        del file["node"][lost]
    message = refused(path)
    assert f"/node/{lost} is missing, so the file is incomplete" in message and "link" not in message


def test_what_nir_leaves_of_a_file_that_it_could_not_write_is_called_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "half.nir"
    graph = named_chain(fc=nir.Affine(np.eye(4), None))  # nir breaks off at the bias
    with pytest.raises(TypeError):
        nir.write(path, graph)
    assert "node 'fc' has no type, so the file is incomplete" in refused(path)


def in_hdf5(path: Path, graph: nir.NIRGraph, **values: object) -> Path:
    """`graph` as nir writes it, with `values` in its metadata."""
    nir.write(path, graph)
    with h5py.File(path, "a") as file:
        for key, value in values.items():
            file[f"node/metadata/{key}"] = value
    return path


@pytest.mark.parametrize(
    "value",
    [np.arange(6, dtype=">i2").reshape(2, 3), np.float64(1.5), np.zeros((0, 3)), "text", ["a", "bc"], True, 2**40],
)
def test_every_value_is_given_as_it_lies_in_the_file(tmp_path: Path, value: object) -> None:
    graph = nir_hdf5.content(in_hdf5(tmp_path / "a.nir", named_chain(lif=lif_with()), x=value), 2**20)["graph"]
    found = graph["metadata"]["x"]
    if isinstance(value, list):
        found = [text.decode() for text in found]
    np.testing.assert_array_equal(found, value)
    assert isinstance(value, str | list | bool | int) or found.dtype == value.dtype
    assert graph["nodes"]["lif"]["type"] == "LIF" and set(graph["nodes"]["lif"]["fields"]) >= {"tau", "r"}
    assert graph["edges"] == [("input", "lif"), ("lif", "output")]


@pytest.mark.parametrize(
    ("limit", "value", "sentence"),
    [
        ("MAX_NODES", 2, "has more than 2 nodes; split the network"),
        ("MAX_NAME", 6, "a name has 7 characters; give it at most 6"),
        ("MAX_DEPTH", 1, "fields are nested more than 1 deep; write them flat"),
    ],
)
def test_every_limit_ends_in_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, sentence: str
) -> None:
    path = in_hdf5(tmp_path / "a.nir", named_chain(lif=lif_with()))
    with h5py.File(path, "a") as file:
        file["node/metadata/a/b/c/d"] = 1
    monkeypatch.setattr(nir_hdf5, limit, value)
    with pytest.raises(nir_hdf5.RefusedError, match=sentence):
        nir_hdf5.content(path, 2**20)


def test_graphs_are_nested_to_a_depth_and_no_further(tmp_path: Path) -> None:
    graph = named_chain(lif=lif_with())
    for _ in range(nir_hdf5.MAX_DEPTH):
        graph = named_chain(g=graph)
    nir_hdf5.content(in_hdf5(tmp_path / "deep.nir", graph), 2**24)
    with pytest.raises(nir_hdf5.RefusedError, match="nested more than 16 deep; flatten them before writing"):
        nir_hdf5.content(in_hdf5(tmp_path / "deeper.nir", named_chain(g=graph)), 2**24)


def test_a_file_may_declare_what_compression_can_hold_and_small_files_a_little(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for size, budget in ((0, 16 * 2**20), (1000, 16 * 2**20), (10**6, 1100 * 10**6), (10**7, 4 * 2**30)):
        with path.open("wb") as file:
            file.truncate(size)  # a hole takes no place on the disk
        assert nir_hdf5.budget_of(path, 4 * 2**30) == budget


def test_an_array_that_takes_the_budget_exactly_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = in_hdf5(tmp_path / "a.nir", named_chain())
    needed = next(n for n in range(0, 10**4, 1) if _read(path, n))
    assert not _read(path, needed - 1) and _read(path, needed)
    in_hdf5(path, named_chain(), x=np.zeros(100, np.uint8))
    assert not _read(path, needed + 99) and _read(path, needed + 100)


def _read(path: Path, budget: int) -> bool:
    try:
        return bool(nir_hdf5.content(path, budget))
    except nir_hdf5.RefusedError:
        return False
