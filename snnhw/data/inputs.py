"""Samples as a user names them: a data set such as digits:test, or an `.npy` or `.npz` file.

Files hold [N, C, H, W] (static, repeated over T) or [N, T, C, H, W]; `.npz` files the keys `input` and, if there are
labels, `target`.
"""

from __future__ import annotations

from pathlib import Path

from snnhw.data.datasets import load, parse
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.gates.numpy_file import read_arrays


def load_inputs(
    source: str | Path, data_dir: str | Path | None = None, timesteps: int | None = None, kind: str | None = None
) -> Samples:
    """Samples that a user names.

    Args:
        source: NAME:SPLIT, or the path of an `.npy` or `.npz` file.
        data_dir: folder with data sets; by default the one that SNNHW_DATA names.
        timesteps: T into which event data are binned.
        kind: "analogue" or "events", in place of what the data set says or the values of the file suggest.

    Raises:
        InputError: nothing of that name exists, the file is damaged or holds no samples, or a sample is not of `kind`.
    """
    source = str(source)
    if source.endswith((".npy", ".npz")):
        return _from_file(Path(source)).of_kind(kind)
    name, split = parse(source)
    return load(name, split, data_dir, timesteps).of_kind(kind)


def _from_file(path: Path) -> Samples:
    arrays = read_arrays(path, ("input",), ("target",), remedy="give an .npy or .npz file with samples")
    values, targets = arrays["input"], arrays.get("target")
    if values.ndim < 2 or not len(values):
        raise InputError(f"{path} holds {values.dtype} {list(values.shape)}; give numbers of shape [N, C, H, W].")
    if targets is not None and targets.shape[:1] != (len(values),):
        raise InputError(f"{path} has {len(values)} inputs and targets of shape {list(targets.shape)}; give one each.")
    return inputs_of(path.name, values, targets)
