"""The gate for `.npy` and `.npz` files: what an array declares is held against the file and the memory, then read.

NumPy's own reader allocates what a header declares, reads objects of any type, and raises whatever the zip module does.
Read here are plain numbers of up to 64 bits; other byte orders become that of this machine.
Format: numpy.lib.format, versions 1 and 2.
"""

from __future__ import annotations

import ast
import lzma
import math
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.gates.regular import open_regular

Array = npt.NDArray[Any]
MAGIC, ZIP = b"\x93NUMPY", b"PK"
LARGEST_HEADER = 10_000  # bytes, as NumPy has it; Python's parser takes that much without harm
PIECE = 2**20  # bytes read in one go
KINDS = "biuf"  # booleans, whole numbers, floats
BROKEN = (  # of the zip module and of NumPy, on files of another content
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    LookupError,
    OverflowError,
    TypeError,
    RecursionError,
    MemoryError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
SAVE_AGAIN = "save it again with numpy.savez"


def read_arrays(
    path: Path | str,
    needed: Sequence[str],
    also: Sequence[str] = (),
    *,
    remedy: str = "give an .npy or .npz file",
    mend: str = SAVE_AGAIN,
) -> dict[str, Array]:
    """Arrays of an `.npz` file by name; the one of an `.npy` file has the name of the first that is needed.

    Args:
        path: where the file is.
        needed: names that an `.npz` file must have.
        also: names that it may have; all others are left alone.
        remedy: what to do where there is no such file.
        mend: what to do where it is damaged.

    Raises:
        InputError: there is no such file, or it is damaged, encrypted, larger than the memory allows, or holds what is
            no array of numbers; the message names the array.
    """
    path = Path(path)
    with open_regular(path, "NumPy file", remedy) as file:
        begins = file.read(len(MAGIC))
        file.seek(0)
        if begins == MAGIC:
            return {needed[0]: array_from(file, f"{path}", os.fstat(file.fileno()).st_size, mend)}
        if begins[: len(ZIP)] != ZIP:
            raise InputError(f"{path} is no NumPy file of plain arrays; {mend}.")
        return _members(file, path, needed, also, mend)


def array_from(file: IO[bytes], where: str, size: int | None = None, mend: str = SAVE_AGAIN) -> Array:
    """The array that the stream holds from here to its end.

    Args:
        file: at the beginning of the format's magic string.
        where: begins the messages.
        size: bytes of the stream, where they are known.
        mend: ends the messages.

    Raises:
        InputError: it is no array of numbers, shorter or longer than it declares, or larger than the memory allows.
    """
    try:
        shape, fortran, dtype, header = _header(file)
    except BROKEN as error:
        raise InputError(f"{where} is no NumPy array ({_first_line(error)}); {mend}.") from error
    if dtype.kind not in KINDS or dtype.itemsize > 8:
        raise InputError(
            f"{where} holds {'fields' if dtype.kind == 'V' else dtype} {list(shape)}; give numbers of up to 64 bits."
        )
    declared = math.prod(shape) * dtype.itemsize
    check_size(declared, where)
    if size is not None and size != header + declared:
        raise InputError(f"{where} declares {declared} bytes and holds {size - header}; {mend}.")
    flat = np.empty(math.prod(shape), dtype)  # memory is taken where it is written, so no more than there is content
    content = flat.view(np.uint8)
    read = 0
    try:
        while read < declared and (piece := file.read(min(PIECE, declared - read))):
            content[read : read + len(piece)] = np.frombuffer(piece, np.uint8)
            read += len(piece)
        more = bool(file.read(1))  # also has the zip module compare the checksum
        array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    except BROKEN as error:
        raise InputError(f"{where} is damaged ({_first_line(error)}); {mend}.") from error
    if read < declared or more:
        raise InputError(f"{where} declares {declared} bytes and holds {'more' if more else read}; {mend}.")
    if dtype.kind == "b" and (content > 1).any():
        raise InputError(f"{where} holds bytes that are neither true nor false; {mend}.")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _members(file: IO[bytes], path: Path, needed: Sequence[str], also: Sequence[str], mend: str) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            found = {name: _member(names, name) for name in (*needed, *also)}
            for name in needed:
                if found[name] is None:
                    raise InputError(f"{path} has no array {name!r}; save it under that key.")
            arrays: dict[str, Array] = {}
            total = 0
            for name, member in found.items():
                if member is not None:
                    info = archive.getinfo(member)
                    where = f"Array {name!r} of {path}"
                    _check_member(info, names, where, mend)
                    total += info.file_size
                    check_size(total, f"{path} with array {name!r}")
                    with archive.open(info) as stream:
                        arrays[name] = array_from(stream, where, info.file_size, mend)
            return arrays
    except InputError:
        raise
    except BROKEN as error:
        raise InputError(f"{path} is no NumPy file of plain arrays ({_first_line(error)}); {mend}.") from error


def _member(names: Sequence[str], name: str) -> str | None:
    """As NumPy names it: with the ending .npy, or without."""
    return next((member for member in (f"{name}.npy", name) if member in names), None)


def _check_member(info: zipfile.ZipInfo, names: Sequence[str], where: str, mend: str) -> None:
    if names.count(info.filename) > 1:
        raise InputError(f"{where} is there {names.count(info.filename)} times; {mend}.")
    if info.flag_bits & 0x1:
        raise InputError(f"{where} is encrypted; {mend}.")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, order, type and bytes of the header, whose length is looked at before it is read."""
    begins = file.read(len(MAGIC) + 2)
    if begins[: len(MAGIC)] != MAGIC or begins[len(MAGIC) :] not in (b"\1\0", b"\2\0"):
        raise ValueError("it does not begin as one of numbers does")
    width = 2 * begins[len(MAGIC)]
    length = file.read(width)
    size = int.from_bytes(length, "little")
    if len(length) < width or size > LARGEST_HEADER:
        raise ValueError(f"its header takes {size} bytes")
    text = file.read(size).decode("latin1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python's parser, about odd escapes
        about = ast.literal_eval(re.sub(r"(\d)L\b", r"\1", text).strip())  # Python 2 wrote 3L
    if not isinstance(about, dict) or set(about) != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header says something else than type, order and shape")
    shape, kind = about["shape"], about["descr"]
    if not isinstance(shape, tuple) or len(text) < size:
        raise ValueError("its header is damaged")
    dtype = np.dtype(kind if isinstance(kind, str) else "V8")  # a list names fields
    if any(type(axis) is not int or axis < 0 for axis in shape):
        raise ValueError(f"its shape is {list(shape)}")
    return shape, about["fortran_order"] is True, dtype, len(begins) + width + size


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
