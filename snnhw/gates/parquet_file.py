"""The gate for Parquet files: what a footer declares is held against the file and the memory, then pieces are read.

Only tables of one schema come through, without nulls where none may be, with the checksums of their pages compared. The
library pyarrow is an extra and is imported here alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.gates.regular import open_regular

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
LARGEST_FOOTER = 2**26  # bytes; that of the largest network of the documents has a hundredth
LARGEST_CONTAINER = 2**20  # entries of a list in the footer
BYTES_PER_CELL = 8  # of numbers, and of the codes and lengths of texts
MISSING = "pyarrow is not installed; install it with: pip install 'snnhw[counts]'"


def no_parquet() -> str:
    """Why no Parquet file can be read or written here; empty where it can."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        return MISSING
    return ""


class Opened:
    """A Parquet file whose footer has been looked at."""

    def __init__(self, file: Any, schema: pa.Schema, where: str, mend: str) -> None:
        self._file, self._where, self._mend = file, where, mend
        self._full = [field.name for field in schema if not field.nullable]
        self.metadata: dict[bytes, bytes] = dict(file.metadata.metadata or {})
        self.rows: int = file.metadata.num_rows

    def pieces(self) -> Iterator[pa.Table]:
        """Its row groups in order.

        Raises:
            InputError: a piece is damaged, or lacks a number where each row has one.
        """
        for group in range(self._file.num_row_groups):
            with _refused(self._where, self._mend):
                piece = self._file.read_row_group(group, use_threads=False)
                piece.validate(full=True)
            lacking = [name for name in self._full if piece[name].null_count]
            if lacking:
                raise InputError(f"{self._where} has rows without {lacking[0]!r}; {self._mend}.")
            yield piece


@contextmanager
def open_parquet(path: Path | str, schema: pa.Schema, remedy: str, mend: str) -> Iterator[Opened]:
    """A Parquet file with exactly the columns of `schema`, texts as dictionaries.

    Args:
        path: where it is.
        schema: names, types and which columns may have nulls.
        remedy: what to do where there is no such file.
        mend: what to do where it is damaged or something else.

    Raises:
        InputError: pyarrow is missing, there is no such file, or it is damaged, larger than the memory allows, or of
            another schema.
    """
    missing = no_parquet()
    if missing:
        raise InputError(f"Cannot read {path}: {missing}.")
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_regular(Path(path), "table of counts", remedy) as file:
        _check_ends(file, str(path), mend)
        texts = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        limits = {"thrift_string_size_limit": LARGEST_FOOTER, "thrift_container_size_limit": LARGEST_CONTAINER}
        with _refused(str(path), mend):
            found = pq.ParquetFile(file, **limits).schema_arrow
        if not _alike(found, schema):
            raise InputError(f"{path} has the columns {_named(found)} and not {_named(schema)}; {mend}.")
        with _refused(str(path), mend):
            opened = pq.ParquetFile(file, read_dictionary=texts, page_checksum_verification=True, **limits)
            declared = opened.metadata
            declares = [
                declared.row_group(g).column(c).total_uncompressed_size
                for g in range(declared.num_row_groups)
                for c in range(declared.num_columns)
            ]
            rows = sum(declared.row_group(g).num_rows for g in range(declared.num_row_groups))
        if rows != declared.num_rows or min(declares, default=0) < 0 or rows < 0:
            raise InputError(f"{path} declares {declared.num_rows} rows and holds {rows}; {mend}.")
        check_size(max(sum(declares), rows * BYTES_PER_CELL), str(path))
        yield Opened(opened, schema, str(path), mend)


def _check_ends(file: IO[bytes], where: str, mend: str) -> None:
    """Begin, end and length of the footer, which stands before the end."""
    size = os.fstat(file.fileno()).st_size
    begins = file.read(len(MAGIC))
    file.seek(max(0, size - 8))
    ends = file.read(8)
    file.seek(0)
    if begins != MAGIC or ends[4:] != MAGIC or size < 12:
        raise InputError(f"{where} is no whole Parquet file; {mend}.")
    footer = int.from_bytes(ends[:4], "little")
    if footer > min(size - 12, LARGEST_FOOTER):
        raise InputError(f"{where} declares a footer of {footer} bytes and holds {size - 12}; {mend}.")


def _alike(found: pa.Schema, wanted: pa.Schema) -> bool:
    """The same names and types in the same order; how wide the codes of texts are does not matter."""
    import pyarrow as pa

    def kinds(schema: pa.Schema) -> list[tuple[str, str]]:
        types = ((field.name, field.type) for field in schema)
        return [(name, str(t.value_type if pa.types.is_dictionary(t) else t)) for name, t in types]

    return kinds(found) == kinds(wanted)


def _named(schema: pa.Schema) -> str:
    """Names and types of at most a few columns."""
    names = [f"{str(field.name)[:20]!r} {str(field.type)[:20]}" for field in schema]
    return ", ".join(names[:12]) + (" and more" if len(names) > 12 else "")


@contextmanager
def _refused(where: str, mend: str) -> Iterator[None]:
    """What the library raises on damaged files, in one sentence."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError) as e:
        reason = str(e).strip().splitlines()[0][:200] if str(e).strip() else type(e).__name__
        raise InputError(f"{where} is damaged ({reason}); {mend}.") from e
