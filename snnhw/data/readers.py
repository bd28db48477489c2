"""Files of the data sets into arrays: one function per file format, (paths, split, T) -> (inputs, targets).

Inputs are float32 [N, C, H, W] in 0..1 (CIFAR-10: normalised) or event counts [N, T, 2, H, W]; targets int64 [N].
"""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import pickle
import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from snnhw.data.camera import Events, bin_events
from snnhw.errors import InputError
from snnhw.graph.ir import Array

# Mean and deviation of the channels, as in the MLF authors' training code (Feng et al., 2022).
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_DEVIATION = (0.2023, 0.1994, 0.2010)
NMNIST_SIDE = 34


def idx(path: Path) -> Array:
    """One IDX file, gzipped or not: uint8 of any shape (LeCun, Cortes and Burges, the MNIST database)."""
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        axes = content[3]
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
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
    with np.load(labels, allow_pickle=False) as arrays:
        targets = arrays[split]
    return _normalised(images), targets.astype(np.int64)


def read_cifar_binary(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """CIFAR-10, binary version (Krizhevsky, 2009): records of one label byte and 3 x 32 x 32 pixels."""
    records = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073) for path in paths])
    return _normalised(records[:, 1:].reshape(-1, 3, 32, 32)), records[:, 0].astype(np.int64)


def read_cifar_python(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """CIFAR-10, Python version, the one torchvision fetches: pickles of rows of 3 x 32 x 32 pixels and their labels."""
    images: list[Array] = []
    targets: list[int] = []
    for path in paths:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
        images.append(batch[b"data"].reshape(-1, 3, 32, 32))
        targets += batch[b"labels"]
    return _normalised(np.concatenate(images)), np.array(targets, np.int64)


def read_nmnist(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """N-MNIST (Orchard et al., 2015) as published: `<class>/<number>.bin`, in the order of the numbers.

    An event has five bytes: x, y, then polarity (1 bit) and time in us (23 bits). One with y = 240 is none but adds
    2^13 us to the times from there on.
    """
    files = sorted(paths[0].glob("[0-9]/*.bin"), key=lambda path: (int(path.stem), path.parent.name))
    frames = np.zeros((len(files), timesteps, 2, NMNIST_SIDE, NMNIST_SIDE), np.float32)
    for index, path in enumerate(files):
        x, y, *rest = np.fromfile(path, np.uint8).reshape(-1, 5).astype(np.int64).T
        overflow = y == 240
        t_us = ((rest[0] & 127) << 16 | rest[1] << 8 | rest[2]) + (np.cumsum(overflow) << 13)
        events = Events(*(column[~overflow] for column in (x, y, rest[0] >> 7, t_us)))
        frames[index] = bin_events(events, timesteps, NMNIST_SIDE)
    return frames, np.array([int(path.parent.name) for path in files], np.int64)


def read_nmnist_packed(paths: Sequence[Path], split: str, timesteps: int) -> tuple[Array, Array]:
    """Part of N-MNIST (Orchard et al., 2015) in one .npz: x, y, packed p, dt in us, offsets, labels of each split."""
    with np.load(paths[0], allow_pickle=False) as arrays:
        x, y, packed, dt, offsets, labels = (
            arrays[f"{split}_{key}"] for key in ("x", "y", "p", "dt", "offsets", "labels")
        )
    polarity = np.unpackbits(packed)[: offsets[-1]]
    frames = [
        bin_events(Events(x[a:b], y[a:b], polarity[a:b], np.cumsum(dt[a:b], dtype=np.int64)), timesteps, NMNIST_SIDE)
        for a, b in pairwise(offsets)
    ]
    return np.stack(frames).astype(np.float32), labels.astype(np.int64)


class _ArraysOnly(pickle.Unpickler):
    """Reads arrays and plain values; a file that names any other code is refused and none of it runs."""

    def find_class(self, module: str, name: str) -> object:
        """The functions and types that a pickled array names, whichever release of NumPy wrote it."""
        known = {
            "_reconstruct": np.zeros(0).__reduce__()[0],
            "ndarray": np.ndarray,
            "dtype": np.dtype,
            "encode": codecs.encode,
        }
        if name not in known or module.partition(".")[0] not in ("numpy", "_codecs"):
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[name]


def _undo_differences(path: Path) -> Array:
    try:
        with lzma.open(path) as file:
            images: Array = np.load(io.BytesIO(file.read()), allow_pickle=False)
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise InputError(f"{path} is not a packed array ({error}); fetch it again.") from error
    np.cumsum(images, axis=2, dtype=np.uint8, out=images)
    np.cumsum(images, axis=3, dtype=np.uint8, out=images)
    images[:, 1:] += images[:, :1]
    return images


def _normalised(images: Array) -> Array:
    mean, deviation = (np.array(v, np.float32)[:, None, None] * 255 for v in (CIFAR10_MEAN, CIFAR10_DEVIATION))
    scaled: Array = (images.astype(np.float32) - mean) / deviation
    return scaled
