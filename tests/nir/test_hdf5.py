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
