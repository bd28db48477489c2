"""Rows of samples on the disk: what is finished stays, what is behind is cut off, nobody else's file is touched."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.workflows import spool as module
from snnhw.workflows.spool import Spool


def rows(first: int, many: int) -> np.ndarray:
    return np.arange(3 * first, 3 * (first + many)).reshape(-1, 3)


def all_of(spool: Spool) -> list[list[int]]:
    return np.concatenate(list(spool.pieces())).tolist()


def test_rows_come_back_in_their_order_whatever_the_pieces(tmp_path, monkeypatch):
    spool = Spool(tmp_path / "a" / "rows", "key", 3)
    assert not spool.holds(0)
    spool.begin(0)
    for first, many in ((0, 2), (2, 5), (7, 1)):
        spool.append(rows(first, many))
    monkeypatch.setattr(module, "PIECE", 9)
    assert [len(piece) for piece in spool.pieces()] == [3, 3, 2]
    assert all_of(spool) == rows(0, 8).tolist()
    spool.remove()
    assert not (tmp_path / "a" / "rows").exists()


def test_a_killed_run_keeps_what_is_known_to_be_finished(tmp_path):
    first = Spool(tmp_path / "rows", "key", 3)
    first.begin(0)
    first.append(rows(0, 5))
    again = Spool(tmp_path / "rows", "key", 3)
    assert again.holds(4) and again.holds(5) and not again.holds(6)
    again.begin(4)
    assert all_of(again) == rows(0, 4).tolist()
    again.append(rows(4, 2))
    assert all_of(again) == rows(0, 6).tolist()
    assert not Spool(tmp_path / "rows", "other", 3).holds(0)
    again.begin(0)
    assert list(again.pieces()) == []


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "rows"
    path.write_text("a letter")
    with pytest.raises(InputError, match="of no unfinished report; remove it, or give --force"):
        Spool(path, "key", 3).holds(0)
    assert path.read_text() == "a letter"
    forced = Spool(path, "key", 3, force=True)
    assert not forced.holds(0)
    forced.begin(0)
    forced.append(rows(0, 1))
    assert all_of(forced) == [[0, 1, 2]]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="Cannot write"):
        Spool(tmp_path / "file" / "rows", "key", 3).begin(0)
