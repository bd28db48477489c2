"""Parquet files of strangers: what they declare is held against what they are before anything is made of them."""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from snnhw.errors import InputError
from snnhw.gates.parquet_file import LARGEST_FOOTER, no_parquet, open_parquet

TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema([pa.field("name", TEXT), pa.field("value", pa.int64(), nullable=False)])
GOOD = pa.table({"name": ["a", None, "a"], "value": [1, 2, 3]})


def read(path):
    with open_parquet(path, SCHEMA, "give one", "make it again") as opened:
        return opened.rows, opened.metadata, pa.concat_tables(opened.pieces()).to_pylist()


def test_a_table_of_the_schema_comes_through_piece_by_piece(tmp_path):
    pq.write_table(GOOD, tmp_path / "a", row_group_size=2)
    rows, _, content = read(tmp_path / "a")
    assert rows == 3 and content == GOOD.to_pylist()
    with open_parquet(tmp_path / "a", SCHEMA, "give one", "make it again") as opened:
        assert [len(piece) for piece in opened.pieces()] == [2, 1]


def test_what_is_said_beside_the_columns_comes_through(tmp_path):
    pq.write_table(GOOD.replace_schema_metadata({"key": "said"}), tmp_path / "a")
    assert read(tmp_path / "a")[1][b"key"] == b"said"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (GOOD.drop_columns(["name"]), "columns 'value' int64 and not 'name'"),
        (GOOD.select(["value", "name"]), "columns 'value' int64, 'name'"),
        (GOOD.set_column(1, "value", pa.array([1.0, float("nan"), 2.0])), "'value' double"),
        (GOOD.set_column(1, "value", pa.array([1, 2, 3], pa.int32())), "'value' int32"),
        (GOOD.append_column("more", pa.array([1, 2, 3])), "'more' int64"),
        (GOOD.set_column(1, "value", pa.array([1, None, 3])), "rows without 'value'"),
        (pa.table({f"c{n}" * 30: [1] for n in range(40)}), "and more"),
    ],
)
def test_another_schema_is_refused(tmp_path, table, told):
    pq.write_table(table, tmp_path / "a")
    with pytest.raises(InputError, match=told) as refused:
        read(tmp_path / "a")
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 700


def test_what_is_no_whole_file_is_refused(tmp_path):
    pq.write_table(GOOD, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for damaged in (b"", b"PAR1", b"PAR1PAR1", content[:-1], content[4:], b"x" * 1000, content[: len(content) // 2]):
        (tmp_path / "a").write_bytes(damaged)
        with pytest.raises(InputError, match=r"a is no whole Parquet file; make it again\.$"):
            read(tmp_path / "a")


@pytest.mark.parametrize("declared", [2**32 - 1, LARGEST_FOOTER + 1, 10_000, 0])
def test_a_footer_that_cannot_be_there_is_refused(tmp_path, declared):
    pq.write_table(GOOD, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(content[:-8] + declared.to_bytes(4, "little") + content[-4:])
    with pytest.raises(InputError, match=r"declares a footer of|is damaged"):
        read(tmp_path / "a")


def test_rows_that_do_not_fit_into_the_memory_are_refused_before_they_are_read(tmp_path, monkeypatch):
    """Ten million equal numbers take a few bytes in the file."""
    many = 10**7
    pq.write_table(pa.table({"name": pa.nulls(many, pa.string()), "value": pa.repeat(7, many)}), tmp_path / "a")
    assert (tmp_path / "a").stat().st_size < 10**5
    monkeypatch.setenv("SNNHW_MAX_GIB", "0.05")
    with pytest.raises(InputError, match=r"takes 76.* where 51.* are allowed"):
        read(tmp_path / "a")


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=r"give one|name the file"):
            read(path)


def test_without_pyarrow_the_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    assert no_parquet() == ""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "pip install 'snnhw[counts]'" in no_parquet()
    with pytest.raises(InputError, match=r"pip install 'snnhw\[counts\]'"):
        read(tmp_path / "a")
