"""Rows of finished samples on their way into the table: one file that grows, so that memory does not.

A row of int64 for each sample, one behind the other. The file begins with the key of what is measured; what stands
behind the samples that are known to be finished is half done, and cut off when a killed run goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snnhw.errors import InputError
from snnhw.files import FULL
from snnhw.gates.regular import is_file
from snnhw.workflows.processes import rank, receive_rows, send_rows

Rows = npt.NDArray[np.int64]
SIGN = b"snnhw rows "
KIND = np.dtype("<i8")
PIECE = 2**22  # numbers that are read together


class Spool:
    """The file of one process."""

    def __init__(self, path: Path, key: str, columns: int, *, force: bool = False) -> None:
        self.path, self._force = path, force
        self._head = SIGN + key.encode() + b"\n"
        self._row = columns * KIND.itemsize
        self._columns = columns

    def holds(self, samples: int) -> bool:
        """Whether the rows of so many samples, of this measurement, are there.

        Raises:
            InputError: the file is somebody else's and may not be replaced.
        """
        if not is_file(self.path):
            return False
        with self.path.open("rb") as file:
            head = file.read(len(self._head))
            size = os.fstat(file.fileno()).st_size
        if head and not head.startswith(SIGN) and not self._force:
            raise InputError(f"{self.path} is of no unfinished report; remove it, or give --force.")
        return head == self._head and size >= len(self._head) + samples * self._row

    def begin(self, samples: int) -> None:
        """Keep the rows of the first `samples`, which `holds` has found, and cut off what is behind them.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not samples:
                self.path.write_bytes(self._head)
            os.truncate(self.path, len(self._head) + samples * self._row)
        except OSError as error:
            raise self._refusal(error) from error

    def append(self, rows: Rows) -> None:
        """Rows of the samples behind, on the disk when this returns.

        Raises:
            InputError: the disk is full.
        """
        try:
            with self.path.open("ab") as file:
                file.write(np.ascontiguousarray(rows, KIND).tobytes())
        except OSError as error:
            raise self._refusal(error) from error

    def gather(self) -> None:
        """Rows of all processes in the file of the first one; each of them has to call this."""
        if rank() > 0:
            send_rows(self.pieces())
            return
        for rows in receive_rows():
            self.append(rows)

    def pieces(self) -> Iterator[Rows]:
        """All rows, piece by piece."""
        at_once = max(1, PIECE // self._columns)
        with self.path.open("rb") as file:
            file.seek(len(self._head))
            while content := file.read(at_once * self._row):
                yield np.frombuffer(content, KIND).astype(np.int64).reshape(-1, self._columns)

    def remove(self) -> None:
        """The file, once all is written."""
        self.path.unlink(missing_ok=True)

    def _refusal(self, error: OSError) -> InputError:
        remedy = "free some space or choose another folder" if error.errno in FULL else "choose another folder"
        return InputError(f"Cannot write {self.path}: {error.strerror or error}; {remedy}.")
