"""Data of the user's own for training: an `.npz` file, or what FILE.py:NAME or module:NAME gives.

A file holds `input` [N, C, H, W] or [N, T, C, H, W] and `target` [N]; the test split is another such file, or the keys
`test_input` and `test_target`. A function gives the training split, or a pair of it and the test split, each as
`Samples` or as (inputs, targets). Without a test split a fifth of each class is held out for it, always the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from snnhw.data.datasets import SPLITS, stratified_split
from snnhw.data.kind import kind_of
from snnhw.data.labels import class_numbers
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.gates.numpy_file import read_arrays
from snnhw.gates.script import is_script, run_script
from snnhw.graph.ir import Array

HELD_OUT, SEED = 0.2, 0  # of each class, where nothing says which samples are for the test
FILES = (".npz",)
Pair = tuple[Array, Array]  # inputs, targets


def is_own(data: str) -> bool:
    """Whether a recipe names data of the user's own, and no data set."""
    return data.endswith(FILES) or is_script(data)


def own_splits(data: str, test: str = "") -> tuple[Samples, Samples]:
    """Training and test split in float32 and int64.

    Args:
        data: an `.npz` file, or FILE.py:NAME or module:NAME.
        test: another `.npz` file with the test split; "" where `data` has it, or nothing has.

    Raises:
        InputError: a file or a name does not exist, or holds no labelled samples of finite numbers in four or five
            axes, or both splits are not alike.
    """
    parts = [_checked(pair, data) for pair in (_from_file(data) if data.endswith(FILES) else _from_script(data))]
    if test:
        if len(parts) > 1:
            raise InputError(f"{data} has a test split of its own; leave the key test out of the recipe.")
        parts.append(_checked(_from_file(test)[0], test))
    if len(parts) == 1:
        (values, targets) = parts[0]
        rest, held_out = stratified_split(targets, HELD_OUT, SEED)
        if not len(rest):
            raise InputError(f"{data} has one sample of each class, so none is left to train on; give more.")
        parts = [(values[rest], targets[rest]), (values[held_out], targets[held_out])]
    (values, _), (others, _) = parts
    if values.shape[1:] != others.shape[1:]:
        shapes = f"{list(values.shape[1:])} and {list(others.shape[1:])}"
        raise InputError(f"The samples of {data} for training and test have the shapes {shapes}; give one shape.")
    classes = 1 + max(int(targets.max()) for _, targets in parts)
    train, tested = (_samples(f"{data}:{split}", *part, classes) for split, part in zip(SPLITS, parts, strict=True))
    return train, tested


def _from_file(path: str) -> list[Pair]:
    if not path.endswith(FILES):
        raise InputError(f"{path} is no .npz file; give one with the arrays input and target.")
    remedy = "give an .npz file with the arrays input and target"
    arrays = read_arrays(Path(path), ("input", "target"), ("test_input", "test_target"), remedy=remedy)
    pairs = [(arrays["input"], arrays["target"])]
    own = [key for key in ("test_input", "test_target") if key in arrays]
    if len(own) == 1:
        raise InputError(f"{path} has {own[0]} alone; give both test_input and test_target, or none.")
    return [*pairs, (arrays["test_input"], arrays["test_target"])] if own else pairs


def _from_script(source: str) -> list[Pair]:
    words = "a pair (inputs, targets), Samples, or a pair of these for training and test"
    found = run_script(source, (Samples, tuple, list), words).found
    whole = isinstance(found, Samples) or _is_pair(found)
    parts = [found] if whole else list(found)
    if not 1 <= len(parts) <= 2 or not all(isinstance(part, Samples) or _is_pair(part) for part in parts):
        raise InputError(f"{source} gives a {type(found).__name__} of {len(parts)}; give {words}.")
    return [_pair(part, source) for part in parts]


def _is_pair(found: Any) -> bool:
    """Whether it is (inputs, targets), two arrays or tensors."""
    return isinstance(found, tuple | list) and len(found) == 2 and all(hasattr(part, "shape") for part in found)


def _pair(part: Any, source: str) -> Pair:
    values, targets = (part.values, part.targets) if isinstance(part, Samples) else part
    if targets is None:
        raise InputError(f"{source} gives samples without labels; give a class for each.")
    return _array(values), _array(targets)


def _array(given: Any) -> Array:
    """An array of an array or a tensor."""
    detach = getattr(given, "detach", None)
    return np.asarray(given if detach is None else detach().cpu().numpy())


def _checked(pair: Pair, where: str) -> Pair:
    values, targets = pair
    if values.dtype.kind not in "biuf" or values.ndim not in (4, 5) or not len(values):
        raise InputError(
            f"{where} holds inputs {list(values.shape)} of {values.dtype}; give numbers [N, C, H, W], or with steps "
            "[N, T, C, H, W]."
        )
    if targets.shape != values.shape[:1]:
        raise InputError(f"{where} has {len(values)} inputs and targets {list(targets.shape)}; give one each.")
    values = np.ascontiguousarray(values, np.float32)
    for start, row in enumerate(values):
        if not np.isfinite(row).all():
            raise InputError(f"Sample {start} of {where} holds NaN or infinity; take it out.")
    return values, class_numbers(targets, where)


def _samples(name: str, values: Array, targets: Array, classes: int) -> Samples:
    made = inputs_of(name, np.ascontiguousarray(values), targets)
    return Samples(name, made.values, made.targets, classes, made.checksum, kind_of(made.values))
