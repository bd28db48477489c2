"""DATA on the command line: a data set name such as digits:test, or an `.npy`/`.npz` file.

Files hold [N, C, H, W] (static, repeated over T) or [N, T, C, H, W]; `.npz` files the keys `input` and, if there are
labels, `target`.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.summary import Summarised, Summary, shape_text


@dataclass(frozen=True, repr=False)
class Samples(Summarised):
    """Samples with, where known, the class of each."""

    name: str
    values: Array  # [N, *shape] or [N, T, *shape]
    targets: Array | None  # int64 [N]
    checksum: str  # sha256 of values and targets

    def summary(self) -> Summary:
        """Shape and range of the values, and how many classes they belong to."""
        of = self.values
        classes = "unknown" if self.targets is None else f"{len(np.unique(self.targets))} among {len(self.targets):,}"
        return Summary(
            f"Samples {self.name!r}",
            (
                ("values", f"{shape_text(of.shape)}, {of.dtype}" + (f", {of.min()} to {of.max()}" if of.size else "")),
                ("classes", classes),
                ("checksum", self.checksum[:12]),
            ),
        )

    def first(self, samples: int | None) -> Samples:
        """The first `samples` of them; all if None."""
        if samples is None or samples >= len(self.values):
            return self
        if samples < 1:
            raise InputError(f"{samples} samples were asked for; give at least 1.")
        return inputs_of(self.name, self.values[:samples], None if self.targets is None else self.targets[:samples])


def load_inputs(source: str, data_dir: Path | None = None, timesteps: int | None = None) -> Samples:
    """Samples that a user names.

    Args:
        source: NAME:SPLIT, or the path of an `.npy` or `.npz` file.
        data_dir: folder with data sets; by default the one that SNNHW_DATA names.
        timesteps: T into which event data are binned.

    Raises:
        InputError: nothing of that name exists, or the file is damaged or holds no samples.
    """
    if source.endswith((".npy", ".npz")):
        return _from_file(Path(source))
    from snnhw.data.datasets import load, parse

    name, split = parse(source)
    found = load(name, split, data_dir, timesteps)
    return Samples(f"{name}:{split}", found.inputs, found.targets, found.checksum)


def inputs_of(name: str, values: Array, targets: Array | None) -> Samples:
    """Samples with their checksum."""
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    if targets is not None:
        digest.update(np.ascontiguousarray(targets).tobytes())
    return Samples(name, values, targets, digest.hexdigest())


def _from_file(path: Path) -> Samples:
    try:
        content = np.load(path, allow_pickle=False)
        values = content["input"] if isinstance(content, np.lib.npyio.NpzFile) else content
        targets = content["target"] if isinstance(content, np.lib.npyio.NpzFile) and "target" in content else None
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}; give an .npy or .npz file with samples.") from error
    except KeyError as error:
        raise InputError(f"{path} has no array 'input'; save the samples under that key.") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is no NumPy file of plain arrays ({error}); save it again with numpy.savez."
        ) from error
    if values.ndim < 2 or not len(values) or values.dtype.kind not in "fiub":
        raise InputError(f"{path} holds {values.dtype} {list(values.shape)}; give numbers of shape [N, C, H, W].")
    if targets is not None and targets.shape != (len(values),):
        raise InputError(f"{path} has {len(values)} inputs and targets of shape {list(targets.shape)}; give one each.")
    return inputs_of(path.name, values, targets)
