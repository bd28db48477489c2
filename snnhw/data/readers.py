"""Files of the data sets into arrays: one function per file format, (paths, split, T) -> (inputs, targets).

Inputs are float32 [N, C, H, W] in 0..1 (CIFAR-10: normalised) or event counts [N, T, 2, H, W]; targets int64 [N].
"""

from __future__ import annotations

import gzip
import io
import lzma
import math
import pickle
import pickletools
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from snnhw.data.camera import Events, bin_events
from snnhw.data.labels import class_numbers
from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.gates.numpy_file import array_from, read_arrays
from snnhw.gates.regular import read_bytes
from snnhw.graph.ir import Array

# Mean and deviation of the channels, as in the MLF authors' training code (Feng et al., 2022).
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_DEVIATION = (0.2023, 0.1994, 0.2010)
NMNIST_SIDE = 34
IDX_BYTES = 0x08  # the format's code for unsigned bytes


def idx(path: Path) -> Array:
    """One IDX file, gzipped or not: uint8 of any shape (LeCun, Cortes and Burges, the MNIST database)."""
    packed = read_bytes(path, "IDX file", "fetch it again")
    stream: io.BytesIO | gzip.GzipFile = io.BytesIO(packed)
    try:
        if packed[:2] == b"\x1f\x8b":
            stream = gzip.GzipFile(fileobj=stream)
        zeros, kind, axes = struct.unpack(">HBB", stream.read(4))
        shape = struct.unpack(f">{axes}I", stream.read(4 * axes))
        if (zeros, kind) != (0, IDX_BYTES):
            raise ValueError("it holds no bytes")
        check_size(math.prod(shape), str(path))  # what it declares bounds what is unpacked
        content = stream.read(math.prod(shape) + 1)
        return np.frombuffer(content, np.uint8).reshape(shape)
    except (OSError, EOFError, zlib.error, IndexError, ValueError, struct.error) as error:
        raise InputError(f"{path} is not an IDX file ({error}); fetch it again.") from error


def read_idx_pair(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Images and labels of MNIST or Fashion-MNIST: [N, 1, 28, 28] in 0..1."""
    images, labels = (idx(path) for path in paths)
    return images[:, None].astype(np.float32) / 255, labels.astype(np.int64)


def read_cifar_differences(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """CIFAR-10 as xz-packed differences (of channels, then columns, then rows, modulo 256) and a file of labels."""
    *batches, labels = paths
    images = np.concatenate([_undo_differences(path) for path in batches])
    targets = read_arrays(labels, (split,), mend="fetch it again")[split]
    return _normalised(images), class_numbers(targets, str(labels))


def read_cifar_binary(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """CIFAR-10, binary version (Krizhevsky, 2009): records of one label byte and 3 x 32 x 32 pixels."""
    records = np.concatenate([_bytes(path).reshape(-1, 3073) for path in paths])
    return _normalised(records[:, 1:].reshape(-1, 3, 32, 32)), records[:, 0].astype(np.int64)


def read_cifar_python(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """CIFAR-10, Python version, the one torchvision fetches: pickles of rows of 3 x 32 x 32 pixels and their labels."""
    images: list[Array] = []
    targets: list[int] = []
    for path in paths:
        content = read_bytes(path, "file of CIFAR-10", "fetch it again")
        _check_steps(content)
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
        images.append(batch[b"data"].array().reshape(-1, 3, 32, 32))
        targets += batch[b"labels"]
    return _normalised(np.concatenate(images)), np.array(targets, np.int64)


def read_nmnist(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """N-MNIST (Orchard et al., 2015) as published: `<class>/<number>.bin`, in the order of the numbers.

    An event has five bytes: x, y, then polarity (1 bit) and time in us (23 bits). One with y = 240 is none but adds
    2^13 us to the times from there on.
    """
    files = sorted(paths[0].glob("[0-9]/*.bin"), key=lambda path: (int(path.stem), path.parent.name))
    check_size(len(files) * timesteps * 2 * NMNIST_SIDE**2 * 4, f"N-MNIST of {timesteps} time steps")
    frames = np.zeros((len(files), timesteps, 2, NMNIST_SIDE, NMNIST_SIDE), np.float32)
    for index, path in enumerate(files):
        x, y, *rest = _bytes(path).reshape(-1, 5).astype(np.int64).T
        overflow = y == 240
        t_us = ((rest[0] & 127) << 16 | rest[1] << 8 | rest[2]) + (np.cumsum(overflow) << 13)
        events = Events(*(column[~overflow] for column in (x, y, rest[0] >> 7, t_us)))
        frames[index] = bin_events(events, timesteps, NMNIST_SIDE)
    return frames, np.array([int(path.parent.name) for path in files], np.int64)


def read_nmnist_packed(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Part of N-MNIST (Orchard et al., 2015) in one .npz: x, y, packed p, dt in us, offsets, labels of each split."""
    names = [f"{split}_{key}" for key in ("x", "y", "p", "dt", "offsets", "labels")]
    arrays = read_arrays(paths[0], names, mend="fetch it again")
    x, y, packed, dt, offsets, labels = (arrays[name] for name in names)
    check_size((len(offsets) - 1) * timesteps * 2 * NMNIST_SIDE**2 * 4, f"N-MNIST of {timesteps} time steps")
    polarity = np.unpackbits(packed)[: offsets[-1]]
    frames = [
        bin_events(Events(x[a:b], y[a:b], polarity[a:b], np.cumsum(dt[a:b], dtype=np.int64)), timesteps, NMNIST_SIDE)
        for a, b in pairwise(offsets)
    ]
    return np.stack(frames).astype(np.float32), labels.astype(np.int64)


# What a pickle of arrays, tables and lists does, by the names of pickletools
NAMES = """
PROTO FRAME STOP MARK GLOBAL STACK_GLOBAL REDUCE BUILD NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG1
BINSTRING SHORT_BINSTRING STRING BINUNICODE SHORT_BINUNICODE UNICODE BINBYTES SHORT_BINBYTES BINBYTES8
EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST APPEND APPENDS LIST EMPTY_DICT SETITEM SETITEMS DICT
MEMOIZE PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET
"""
STEPS = frozenset(NAMES.split())


def _check_steps(content: bytes) -> None:
    """Nothing, where a pickle takes the steps of arrays alone and keeps no more values than it has steps.

    Raises:
        UnpicklingError: it does not; one step can ask for any amount of memory.
    """
    for number, (step, argument, _) in enumerate(pickletools.genops(content)):
        kept = argument if step.name in ("PUT", "BINPUT", "LONG_BINPUT") and isinstance(argument, int) else 0
        if step.name not in STEPS or kept > number:
            raise pickle.UnpicklingError(f"it has the step {step.name} of no array")


class _ArraysOnly(pickle.Unpickler):
    """Reads arrays and plain values; a file that names any other code is refused and none of it runs.

    Not even NumPy's own: its arrays and types trust the state that a file gives them.
    """

    def find_class(self, module: str, name: str) -> object:
        """What stands in for functions and types that a pickled array names, whichever release of NumPy wrote it."""
        known = {"_reconstruct": _Pickled, "ndarray": None, "dtype": _Kind, "encode": _encoded}
        if name not in known or module.partition(".")[0] not in ("numpy", "_codecs"):
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[name]


class _Kind:
    """Stands in for a type of numbers, such as "u1" with the order of bytes "|"."""

    def __init__(self, text: object, align: object = False, copy: object = False) -> None:
        self.text, self.order = text, "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    def is_bytes(self) -> bool:
        """Whether it is that of unsigned bytes; Python 2 has written its words as bytes."""
        return self.text in ("u1", b"u1") and self.order in ("|", b"|")


class _Pickled:
    """Stands in for an array: shape, type and bytes, which have to agree when it is made."""

    def __init__(self, kind: object, shape: object, code: object) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def array(self) -> Array:
        """The array.

        Raises:
            ValueError: the state is none of an array of bytes in the order of C.
        """
        _, shape, kind, fortran, content = self.state
        plain = isinstance(kind, _Kind) and kind.is_bytes() and not fortran
        if not plain or not isinstance(content, bytes) or not isinstance(shape, tuple):
            raise ValueError("its pictures are no array of bytes")
        return np.frombuffer(content, np.uint8).reshape(shape)


def _encoded(text: str, coding: str) -> bytes:
    """Bytes, as Python 3 pickles them for Python 2."""
    if coding != "latin1":
        raise pickle.UnpicklingError(f"it encodes a text in {coding}")
    return text.encode("latin1")


def _bytes(path: Path) -> Array:
    return np.frombuffer(read_bytes(path, "file of data", "fetch it again"), np.uint8)


def _undo_differences(path: Path) -> Array:
    packed = io.BytesIO(read_bytes(path, "packed array", "fetch it again"))
    with lzma.open(packed) as file:
        images = array_from(cast("IO[bytes]", file), str(path), mend="fetch it again")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
        raise InputError(f"{path} holds {images.dtype} {list(images.shape)} where images are needed; fetch it again.")
    np.cumsum(images, axis=2, dtype=np.uint8, out=images)
    np.cumsum(images, axis=3, dtype=np.uint8, out=images)
    images[:, 1:] += images[:, :1]
    return images


def _normalised(images: Array) -> Array:
    mean, deviation = (np.array(v, np.float32)[:, None, None] * 255 for v in (CIFAR10_MEAN, CIFAR10_DEVIATION))
    scaled: Array = (images.astype(np.float32) - mean) / deviation
    return scaled
