"""The table comes back exactly, is one file for equal counts, reads as a tidy table, and refuses what is damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.stored import table
from snnhw.analysis.stored.table import CORRECT, StoredCounts, cut, read_counts, write_counts, write_table
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from tests.analysis.stored.runs import network, whole


def test_counts_come_back_and_are_those_of_the_network(tmp_path):
    graph, inputs = network()
    back = read_counts(write_counts(tmp_path / "a.parquet", whole()))
    assert back.header == whole().header and back.correct == 5 and back.whole
    np.testing.assert_array_equal(back.values, whole().values)
    assert back.counts == count(graph, simulate(graph, inputs))


def test_equal_counts_are_equal_files_however_they_arrive(tmp_path, monkeypatch):
    stored = whole()
    monkeypatch.setattr(table, "BLOCK_ROWS", 3 * len(stored.columns))  # blocks of three samples
    first = write_counts(tmp_path / "a.parquet", stored).read_bytes()
    for cuts in ([1, 2, 5], [3], [9]):
        parts = zip(np.split(stored.samples, cuts), np.split(stored.values, cuts, axis=1), strict=True)
        path = write_table(tmp_path / "b.parquet", stored.header, cut(stored.header, parts))
        assert path.read_bytes() == first
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 4
    np.testing.assert_array_equal(read_counts(tmp_path / "a.parquet").values, stored.values)


def test_anybody_reads_it_as_a_tidy_table(tmp_path):
    """Sums by layer and quantity with pandas alone are the counts."""
    frame = pq.read_table(write_counts(tmp_path / "a.parquet", whole())).to_pandas()
    assert list(frame.columns) == [
        "model", "data", "shard", "sample", "layer", "source", "branch", "level", "step", "quantity", "value",
    ]  # fmt: skip
    sums = frame.groupby(["layer", "quantity"])["value"].sum()
    for layer in whole().counts.layers:
        if layer.spikes:
            assert sums[layer.name, "spikes"] == sum(layer.spikes)
            assert sums[layer.name, "graded_spikes"] == layer.graded_spikes
        if layer.unit_synops:
            assert sums[layer.name, "synops"] == layer.unit_synops and sums[layer.name, "events"] == layer.events
    assert frame[frame.quantity == CORRECT]["value"].sum() == 5
    assert sorted(frame["sample"].unique()) == list(range(10)) and frame["shard"].max() == 4
    by_level = frame[frame.quantity == "spikes"].groupby(["layer", "level"])["value"].sum()
    assert by_level["stem_mlf", 2] == whole().counts.layers[0].spikes[1]


@pytest.mark.parametrize("size", [0, 3, 11, 100, 0.5, -1])
def test_a_file_that_was_cut_off_is_refused(tmp_path, size):
    path = write_counts(tmp_path / "a.parquet", whole())
    content = path.read_bytes()
    path.write_bytes(content[: int(size * len(content)) if isinstance(size, float) else size])
    with pytest.raises(InputError, match=r"a\.parquet .*report the network again"):
        read_counts(path)


def test_a_flipped_bit_is_noticed_or_changes_nothing(tmp_path):
    path = write_counts(tmp_path / "a.parquet", whole())
    content, chance, refused = path.read_bytes(), np.random.default_rng(0), 0
    numbers = pq.ParquetFile(path).metadata.row_group(0).column(10)
    inside = numbers.data_page_offset + numbers.total_compressed_size // 2
    for place in (inside, content.index(b'"network"') + 12, *chance.integers(0, len(content), 200)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << chance.integers(8)]) + content[place + 1 :])
        try:
            back = read_counts(path)
        except InputError as error:
            assert "a.parquet" in str(error) and "\n" not in str(error)
            refused += 1
        else:
            assert place not in (inside, content.index(b'"network"') + 12)
            assert back.header == whole().header and np.array_equal(back.values, whole().values)
    assert refused > 150


def rewritten(path: Path, change) -> Path:
    """The table after a stranger's change, under the same header."""
    whole_table = pq.read_table(path)
    made = change(whole_table)
    with pq.ParquetWriter(path, made.schema.remove_metadata(), store_schema=False) as writer:
        writer.write_table(made.replace_schema_metadata(None))
        writer.add_key_value_metadata(whole_table.schema.metadata)
    return path


def column(name: str, value):
    """Puts an array in place of a column."""
    return lambda t: t.set_column(t.column_names.index(name), name, value(t[name]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.drop_columns(["step"]), "has the columns"),
        (column("value", lambda c: c.cast(pa.float64())), "has the columns"),
        (column("value", lambda c: pa.array([None, *c.to_pylist()[1:]], pa.int64())), "rows without 'value'"),
        (column("value", lambda c: pa.array([-1, *c.to_pylist()[1:]])), "below 0"),
        (column("value", lambda c: pa.array([*c.to_pylist()[:-1], 2])), "above 1"),
        (column("sample", lambda c: pa.array([1] * len(c))), "another order"),
        (column("sample", lambda c: pa.array([s + 5 for s in c.to_pylist()])), "another order|do not have"),
        (column("step", lambda c: pa.array([9] * len(c), pa.int32())), "another order"),
        (column("model", lambda c: pa.array(["x"] * len(c))), "another order"),
        (lambda t: t.slice(0, len(t) - 1), "no samples of"),
        (lambda t: t.slice(0, 0), "no samples of"),
        (lambda t: pa.concat_tables([t, t]), "no samples of"),
        (lambda t: t.take(list(range(len(t)))[::-1]), "another order"),
    ],
)
def test_tables_of_strangers_are_refused_in_one_sentence(tmp_path, change, told):
    path = rewritten(write_counts(tmp_path / "a.parquet", whole()), change)
    with pytest.raises(InputError, match=told) as refused:
        read_counts(path)
    assert "\n" not in str(refused.value)


def test_an_untouched_copy_is_read(tmp_path):
    path = rewritten(write_counts(tmp_path / "a.parquet", whole()), lambda t: t)
    np.testing.assert_array_equal(read_counts(path).values, whole().values)


def test_another_table_is_no_counts(tmp_path):
    pq.write_table(pa.table({"value": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="has the columns 'value' int64"):
        read_counts(tmp_path / "a.parquet")
    path = write_counts(tmp_path / "b.parquet", whole())
    bare = pq.read_table(path)
    pq.write_table(bare.replace_schema_metadata({"about": b"{}"}), path, store_schema=False)
    with pytest.raises(InputError, match="but not of counts"):
        read_counts(path)


def test_work_of_cores_of_other_samples_is_refused(tmp_path):
    stored = whole()
    fewer = StoredCounts(stored.header, stored.samples[:-1], stored.values[:, :-1])
    with pytest.raises(InputError, match="9 samples and the work of cores of 10"):
        read_counts(write_counts(tmp_path / "a.parquet", fewer))


def test_more_than_the_memory_allows_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = write_counts(tmp_path / "a.parquet", whole())
    monkeypatch.setenv("SNNHW_MAX_GIB", "0.000001")
    with pytest.raises(InputError, match="SNNHW_MAX_GIB"):
        read_counts(path)


def test_without_labels_there_is_no_accuracy(tmp_path):
    stored = whole()
    bare = StoredCounts(replace(stored.header, labelled=False), stored.samples, stored.values[:-1])
    back = read_counts(write_counts(tmp_path / "a.parquet", bare))
    assert back.correct is None and back.counts == stored.counts


def test_without_pyarrow_writing_and_reading_say_what_is_missing(tmp_path, monkeypatch):
    path = write_counts(tmp_path / "a.parquet", whole())
    monkeypatch.setattr("snnhw.gates.parquet_file.MISSING", "it is gone")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"Cannot read .* it is gone"):
        read_counts(path)
    with pytest.raises(InputError, match=r"Cannot write .* it is gone"):
        write_counts(path, whole())


@pytest.mark.parametrize("samples", [[0, 0], [1, 0], [0, 10], [-1, 0]])
def test_samples_that_do_not_ascend_within_the_data_are_refused(tmp_path, samples):
    stored = whole()
    layout = replace(stored.header.layout, samples=2)
    wrong = StoredCounts(replace(stored.header, layout=layout), np.array(samples), stored.values[:, :2])
    path = write_table(tmp_path / "a.parquet", wrong.header, [(wrong.samples, wrong.values)])
    with pytest.raises(InputError, match="a sample twice, or one that its data do not have"):
        read_counts(path)
