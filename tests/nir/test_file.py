"""NIR files as plain values: the reader is a process of its own, and whatever it does ends in one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import h5py
import pytest

from snnhw.errors import InputError
from snnhw.nir import file as nir_file
from snnhw.nir.io import from_nir, read_nir, write_nir
from tests.nir.builders import lif_with, net, refused


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
