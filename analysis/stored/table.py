"""The tidy table of counts: one row for each whole number of each sample, as Parquet.

Rows stand in one order alone, blocks of samples and in each block column after column, so that equal counts are equal
files whoever wrote them: a block is read as the numbers of each column, without a search. `StoredCounts` is the same in
memory.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.demand import Column
from snnhw.analysis.counting.exact import total
from snnhw.analysis.report.place import COUNTS_SIGN
from snnhw.analysis.stored.header import Header, parse_header
from snnhw.errors import InputError
from snnhw.files import write_atomically
from snnhw.gates.parquet_file import no_parquet, open_parquet
from snnhw.gates.regular import open_regular

if TYPE_CHECKING:
    import pyarrow as pa

Whole = npt.NDArray[np.int64]
BLOCK_ROWS = 2**20  # of a row group at most, unless one sample has more
CORRECT = "correct"  # quantity: 1 where a sample was classified rightly
REMEDY = "give a counts.parquet that snnhw report has written"
MEND = "report the network again"


@dataclass(frozen=True)
class StoredCounts:
    """Counts of samples of one run."""

    header: Header
    samples: Whole  # [N], ascending: their numbers in the data
    values: Whole  # [columns, N]; those of the demand, then CORRECT where there are labels

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What the rows of `values` are."""
        return columns_of(self.header)

    @property
    def counts(self) -> NetworkCounts:
        """The counts of all samples, equal to those of the run."""
        wanted = self.header.demand
        sums = [total(self.values[i]) for i in range(len(wanted.columns))]
        return wanted.counts(sums, len(self.samples))

    @property
    def correct(self) -> int | None:
        """How many samples were classified rightly; None without labels."""
        return total(self.values[-1]) if self.header.labelled else None

    @property
    def whole(self) -> bool:
        """Whether these are all samples of the run."""
        return len(self.samples) == self.header.data_samples


def columns_of(header: Header) -> tuple[Column, ...]:
    """Columns of the table."""
    return (*header.demand.columns, *((Column(CORRECT, ""),) if header.labelled else ()))


def write_table(path: Path, header: Header, blocks: Iterable[tuple[Whole, Whole]]) -> Path:
    """Write the table; `blocks` are (samples [n], values [columns, n]), cut as `cut` cuts them.

    Raises:
        InputError: pyarrow is missing, or the folder cannot be written.
    """
    missing = no_parquet()
    if missing:
        raise InputError(f"Cannot write {path}: {missing}.")
    return write_atomically(Path(path), lambda file: _write(file, header, blocks))


def write_counts(path: Path, stored: StoredCounts) -> Path:
    """Write counts that are in memory."""
    return write_table(path, stored.header, cut(stored.header, [(stored.samples, stored.values)]))


def holds(path: Path, stored: StoredCounts) -> bool:
    """Whether the file at `path` has the bytes that `write_counts` would write."""
    made = io.BytesIO()
    _write(made, stored.header, cut(stored.header, [(stored.samples, stored.values)]))
    with open_regular(path, "file of counts", REMEDY) as file:
        return file.read(len(made.getbuffer()) + 1) == made.getbuffer()


def cut(header: Header, pieces: Iterable[tuple[Whole, Whole]]) -> Iterator[tuple[Whole, Whole]]:
    """Pieces of ascending samples as blocks, whose borders depend on the numbers of the samples alone."""
    size, held, block = block_samples(header), list[tuple[Whole, Whole]](), -1
    for samples, values in pieces:
        for number in np.unique(samples // size):
            inside = samples // size == number
            if number != block and held:
                yield _joined(held)
                held = []
            block = int(number)
            held.append((samples[inside], values[:, inside]))
    if held:
        yield _joined(held)


def block_samples(header: Header) -> int:
    """Samples of a block."""
    return max(1, BLOCK_ROWS // len(columns_of(header)))


def read_counts(path: Path | str) -> StoredCounts:
    """Counts of a file.

    Raises:
        InputError: there is none, it is damaged, too large for the memory, or of something else.
    """
    with open_parquet(path, _schema(), REMEDY, MEND) as opened:
        header = _header(opened.metadata, path)
        columns = columns_of(header)
        many, rest = divmod(opened.rows, len(columns))
        if rest or not many or many > header.data_samples:
            raise InputError(f"{path} has {opened.rows} rows, which are no samples of {len(columns)} columns; {MEND}.")
        samples, values, done = np.empty(many, np.int64), np.empty((len(columns), many), np.int64), 0
        for piece in opened.pieces():
            n, rest = divmod(len(piece), len(columns))
            if rest or done + n > many:
                raise InputError(f"{path} has a block of {len(piece)} rows, which are no whole samples; {MEND}.")
            samples[done : done + n] = piece["sample"].to_numpy()[:n]
            values[:, done : done + n] = piece["value"].to_numpy().reshape(len(columns), n)
            own = _block(header, samples[done : done + n], values[:, done : done + n])
            if not all(piece[name].equals(own[name]) for name in own.column_names):
                raise InputError(f"{path} has rows in another order than its header says; {MEND}.")
            done += n
    stored = StoredCounts(header, samples, values)
    _check(stored, path)
    return stored


def _check(stored: StoredCounts, path: Path | str) -> None:
    """Nothing, where samples ascend within the data and no number is below 0."""
    samples, header = stored.samples, stored.header
    if (np.diff(samples) <= 0).any() or samples[0] < 0 or samples[-1] >= header.data_samples:
        raise InputError(f"{path} has a sample twice, or one that its data do not have; {MEND}.")
    if stored.values.min() < 0 or (header.labelled and stored.values[-1].max() > 1):
        raise InputError(f"{path} has counts below 0 or shares above 1; {MEND}.")
    if header.layout.samples != len(samples):
        raise InputError(f"{path} has {len(samples)} samples and the work of cores of {header.layout.samples}; {MEND}.")


def _header(metadata: dict[bytes, bytes], path: Path | str) -> Header:
    about, seal = metadata.get(ABOUT, b""), metadata.get(SEAL, b"")
    if not seal.startswith(SIGN):
        raise InputError(f"{path} is a table, but not of counts; {REMEDY}.")
    if seal != _seal(about):
        raise InputError(f"{path} is damaged: its header is not the one that was written; {MEND}.")
    try:
        return parse_header(about.decode())
    except (ValueError, RecursionError) as error:
        raise InputError(f"The header of {path} is wrong: {str(error)[:300]}; {MEND}.") from error


PERHAPS = ("layer", "source", "branch", "level", "step")  # columns that not every row has
ABOUT, SEAL, SIGN = b"about", b"snnhw", COUNTS_SIGN.encode()  # the seal stands last in the file


def _seal(about: bytes) -> bytes:
    return SIGN + hashlib.sha256(about).hexdigest().encode()


def _schema() -> pa.Schema:
    import pyarrow as pa

    text, number = pa.dictionary(pa.int32(), pa.string()), pa.int32()
    kinds = {"model": text, "data": text, "shard": pa.int64(), "sample": pa.int64(), "layer": text, "source": text}
    kinds |= {"branch": number, "level": number, "step": number, "quantity": text, "value": pa.int64()}
    return pa.schema([pa.field(name, kind, name in PERHAPS) for name, kind in kinds.items()])


def _write(file: IO[bytes], header: Header, blocks: Iterable[tuple[Whole, Whole]]) -> None:
    import pyarrow.parquet as pq

    about = header.text().encode()
    schema = _schema()
    texts = [field.name for field in schema if field.name not in ("sample", "shard", "value")]
    with pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        use_dictionary=texts,
        column_encoding={name: "DELTA_BINARY_PACKED" for name in ("sample", "shard", "value")},
        store_schema=False,
        write_page_checksum=True,
        data_page_version="2.0",
    ) as writer:
        for samples, values in blocks:
            writer.write_table(_block(header, samples, values), row_group_size=values.size)
        writer.add_key_value_metadata({ABOUT: about, SEAL: _seal(about)})


def _block(header: Header, samples: Whole, values: Whole) -> pa.Table:
    """Rows of a block: column after column, the samples of each in a row."""
    import pyarrow as pa

    columns, n = columns_of(header), len(samples)
    ways = header.demand.branches

    def texts(names: list[str | None]) -> pa.DictionaryArray:
        known = list(dict.fromkeys(name for name in names if name is not None))
        at = np.array([-1 if name is None else known.index(name) for name in names], np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(np.repeat(at, n), mask=np.repeat(at < 0, n)), known)

    def numbers(found: list[int | None]) -> pa.Array:
        at = np.array([-1 if one is None else one for one in found], np.int32)
        return pa.array(np.repeat(at, n), mask=np.repeat(at < 0, n))

    arrays = {
        "model": texts([header.graph_checksum] * len(columns)),
        "data": texts([header.data_checksum] * len(columns)),
        "shard": pa.array(np.tile(samples // header.shard_samples, len(columns))),
        "sample": pa.array(np.tile(samples, len(columns))),
        "layer": texts([column.layer or None for column in columns]),
        "source": texts([None if c.branch is None else ways[c.branch].source for c in columns]),
        "branch": numbers([column.branch for column in columns]),
        "level": numbers([column.level for column in columns]),
        "step": numbers([column.step for column in columns]),
        "quantity": texts([column.quantity for column in columns]),
        "value": pa.array(np.ascontiguousarray(values).ravel()),
    }
    return pa.table(arrays, schema=_schema())


def _joined(held: list[tuple[Whole, Whole]]) -> tuple[Whole, Whole]:
    if len(held) == 1:
        return held[0]
    return np.concatenate([samples for samples, _ in held]), np.concatenate([values for _, values in held], axis=1)
