"""Rows of a run are kept, numbered as in the data, and held against the sums."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.sample_rows import SampleRows


def test_rows_have_the_numbers_of_their_samples_and_what_was_right(digits, some, tmp_path):
    rows = SampleRows(digits.graph, some, 7, tmp_path / "rows", "key")
    assert rows.begin(0)
    record = simulate(digits.graph, some.values, raster=True)
    right = record.hits(some.targets)
    for batch in (slice(0, 10), slice(10, 24)):
        part = simulate(digits.graph, some.values[batch], raster=True)
        rows.add(some.values[batch], part, right[batch])
    ((numbers, values),) = rows.pieces()
    assert numbers.tolist() == list(range(7, 31)) and values[-1].tolist() == right.astype(int).tolist()
    assert rows.labelled and len(values) == len(rows.demand.columns) + 1
    rows.gather()  # of one process
    rows.check(record, int(right.sum()))
    assert SampleRows(digits.graph, some, 7, tmp_path / "rows", "key").begin(24)
    assert not SampleRows(digits.graph, some, 7, tmp_path / "rows", "key").begin(25)
    rows.remove()
    assert not list(tmp_path.iterdir())


def test_a_changed_row_is_noticed(digits, some, tmp_path):
    rows = SampleRows(digits.graph, some, 0, tmp_path / "rows", "key")
    rows.begin(0)
    record = simulate(digits.graph, some.values, raster=True)
    rows.add(some.values, record, np.zeros(24, bool))
    content = bytearray((tmp_path / "rows").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "rows").write_bytes(content)
    with pytest.raises(InputError, match="rows is damaged; remove it"):
        rows.check(record, 0)
