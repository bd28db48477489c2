"""Data sets by name: digits come with scikit-learn, the others are files in `--data` or in the folder SNNHW_DATA names.

`load("mnist", "test", folder)` gives `Samples`: float32 values, static [N, C, H, W] or event frames [N, T, C, H, W],
int64 targets and a checksum of both. A set whose files are absent is an InputError that names the folder and the files.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.data import aedat, readers, saccades
from snnhw.data.kind import kind_of
from snnhw.data.samples import Samples
from snnhw.errors import InputError, unknown
from snnhw.graph.ir import Array

SPLITS = ("train", "test")
DIGITS_SEED = 0
DIGITS_TEST_SHARE = 0.2
DAMAGE = (  # exceptions of the readers on files of another content
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    pickle.UnpicklingError,
)


Reader = Callable[[Sequence[Path], str, int], tuple[Array, Array]]  # files, split, T -> values, targets


@dataclass(frozen=True)
class Layout:
    """Files (or one folder of recordings) of each split, relative to the data folder, and their reader."""

    files: Mapping[str, Sequence[str]]
    read: Reader


@dataclass(frozen=True)
class Source:
    """A data set on disk: number of classes, the layouts it may have, default T of an event set (0: static images)."""

    classes: int
    layouts: tuple[Layout, ...]
    timesteps: int = 0


@dataclass(frozen=True)
class Availability:
    """Whether a data set can be loaded; if not, `remedy` names the files and the folder."""

    name: str
    found: bool
    where: str
    remedy: str


def _idx_layouts(*folders: str, read: Reader = readers.read_idx_pair) -> tuple[Layout, ...]:
    """In any of these folders, the last being torchvision's."""
    names = {"train": "train", "test": "t10k"}
    return tuple(
        Layout(
            {s: (f"{folder}{n}-images-idx3-ubyte{gz}", f"{folder}{n}-labels-idx1-ubyte{gz}") for s, n in names.items()},
            read,
        )
        for folder in folders
        for gz in (".gz", "")
    )


SOURCES: dict[str, Source] = {
    "mnist": Source(10, _idx_layouts("mnist/", "MNIST/raw/")),
    "fashion": Source(10, _idx_layouts("fashion_mnist/", "FashionMNIST/raw/")),
    "cifar10": Source(
        10,
        (
            Layout(
                {
                    "train": (*(f"cifar10_data_batch_{i}.npy.xz" for i in range(1, 6)), "cifar10_labels.npz"),
                    "test": ("cifar10_test_batch.npy.xz", "cifar10_labels.npz"),
                },
                readers.read_cifar_differences,
            ),
            Layout(
                {
                    "train": tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
                    "test": ("cifar-10-batches-bin/test_batch.bin",),
                },
                readers.read_cifar_binary,
            ),
            Layout(
                {
                    "train": tuple(f"cifar-10-batches-py/data_batch_{i}" for i in range(1, 6)),
                    "test": ("cifar-10-batches-py/test_batch",),
                },
                readers.read_cifar_python,
            ),
        ),
    ),
    "nmnist": Source(
        10,
        (
            Layout(
                {split: ("nmnist_small.npz",) for split in SPLITS},
                readers.read_nmnist_packed,
            ),
            Layout({"train": ("NMNIST/Train",), "test": ("NMNIST/Test",)}, readers.read_nmnist),
        ),
        timesteps=10,
    ),
    "mnist_saccades": Source(10, _idx_layouts("mnist/", "MNIST/raw/", read=saccades.read_mnist), timesteps=10),
    "dvsgesture": Source(11, (Layout({split: ("DvsGesture",) for split in SPLITS}, aedat.read_gesture),), timesteps=40),
    "dvscifar10": Source(
        10, (Layout({split: ("CIFAR10DVS",) for split in SPLITS}, aedat.read_cifar10_dvs),), timesteps=10
    ),
}
NAMES = ("digits", *SOURCES)


def load(name: str, split: str, data_dir: Path | str | None = None, timesteps: int | None = None) -> Samples:
    """Data set `name`, `split` "train" or "test"; `timesteps` is T of event frames, by default that of the set.

    Raises:
        InputError: there is no such set or split, its files are absent or damaged, or T is impossible.
    """
    if name not in NAMES:
        raise unknown("data set", name, NAMES)
    if split not in SPLITS:
        raise InputError(f"Data set {name!r} has no split {split!r}; choose one of {', '.join(SPLITS)}.")
    if name == "digits":
        return _digits(split)
    source = SOURCES[name]
    layout, folder = _find(name, split, data_dir)
    paths = [folder / file for file in layout.files[split]]
    steps = source.timesteps if timesteps is None else timesteps
    if not isinstance(steps, int) or (source.timesteps and steps < 1):
        raise InputError(f"Data set {name!r} is asked for {steps!r} time steps; give a number of at least 1.")
    try:
        inputs, targets = layout.read(paths, split, steps)
    except MemoryError as error:
        raise InputError(
            f"{name}:{split} with {steps} time steps does not fit into the memory; ask for fewer."
        ) from error
    except DAMAGE as error:
        raise InputError(
            f"The files of {name}:{split} in {folder} are damaged ({str(error)[:200]}); fetch them again."
        ) from error
    axes = 5 if source.timesteps else 4
    if inputs.ndim != axes or targets.shape != inputs.shape[:1] or not len(targets):
        raise InputError(
            f"The files of {name}:{split} in {folder} hold inputs {list(inputs.shape)} and targets "
            f"{list(targets.shape)}; fetch them again."
        )
    if targets.min() < 0 or targets.max() >= source.classes:
        raise InputError(
            f"The files of {name}:{split} in {folder} hold the classes {targets.min()} to {targets.max()} where there "
            f"are {source.classes}; fetch them again."
        )
    return dataset(f"{name}:{split}", inputs, targets, source.classes, events=source.timesteps > 0)


def parse(text: str) -> tuple[str, str]:
    """("digits", "test") of "digits:test"; the split is "test" where none is given.

    Raises:
        InputError: the name or the split is unknown.
    """
    name, _, split = text.partition(":")
    split = split or "test"
    if name not in NAMES or split not in SPLITS:
        raise unknown("data", text, [f"{n}:{s}" for n in NAMES for s in SPLITS], "an .npy or .npz file")
    return name, split


def available(data_dir: Path | str | None = None) -> tuple[Availability, ...]:
    """Every data set, in the order of `NAMES`, with the place of those that are there."""
    rows = [Availability("digits", True, "scikit-learn", "")]
    for name in SOURCES:
        try:
            places = {str(_find(name, split, data_dir)[1]) for split in SPLITS}
            rows.append(Availability(name, True, ", ".join(sorted(places)), ""))
        except InputError as error:
            rows.append(Availability(name, False, "", str(error)))
    return tuple(rows)


def dataset(name: str, values: Array, targets: Array, classes: int, *, events: bool = False) -> Samples:
    """Samples of a data set from arrays, in float32 and int64; its checksum covers shape, classes and all bytes.

    `events`: the values are counts of events in each step; they are analogue otherwise, whole numbers or not.
    """
    values = np.ascontiguousarray(values, np.float32)
    targets = np.ascontiguousarray(targets, np.int64)
    if len(values) != len(targets):
        raise InputError(f"Data set {name!r} has {len(values)} inputs and {len(targets)} targets; give one each.")
    digest = hashlib.sha256(repr((values.shape, classes)).encode())
    digest.update(values.data)
    digest.update(targets.data)
    kind = kind_of(values, "events" if events else "analogue", name)
    return Samples(name, values, targets, classes, digest.hexdigest(), kind, binned=events)


def stratified_split(targets: Array, share: float, seed: int) -> tuple[Array, Array]:
    """Indices (rest, held out) in ascending order; of every class, `share` is held out, at least one sample.

    With one seed, what a share holds out a larger share holds out, too: each class has one order for all shares.
    """
    random = np.random.RandomState(seed)
    held = []
    for label in np.unique(targets):
        members = np.flatnonzero(targets == label)
        held.append(random.permutation(members)[: max(1, round(share * len(members)))])
    held_out = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(targets)), held_out), held_out


def _digits(split: str) -> Samples:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise InputError("Data set 'digits' comes with scikit-learn; pip install 'snnhw[train]'.") from error
    digits = load_digits()
    index = stratified_split(digits.target, DIGITS_TEST_SHARE, DIGITS_SEED)[SPLITS.index(split)]
    return dataset(f"digits:{split}", digits.images[index, None] / 16, digits.target[index], 10)


def _find(name: str, split: str, data_dir: Path | str | None) -> tuple[Layout, Path]:
    """The first layout whose files all exist, and the folder."""
    given = str(data_dir) if data_dir is not None else os.environ.get("SNNHW_DATA", "")
    layouts = SOURCES[name].layouts
    needed = "; or ".join(", ".join(layout.files[split]) for layout in layouts)
    if not given:
        raise InputError(
            f"Data set {name!r} is not at hand; put {needed} into a folder and name it with --data or SNNHW_DATA."
        )
    folder = Path(given).expanduser()
    for layout in layouts:
        if all((folder / file).exists() for file in layout.files[split]):
            return layout, folder
    raise InputError(f"Data set {name!r} is not in {folder}; put {needed} there or name another folder with --data.")
