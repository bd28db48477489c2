"""`Samples`: the one type of everything that a network is trained, calibrated or measured on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from snnhw.data.kind import UNKNOWN, InputKind, kind_of
from snnhw.data.labels import class_numbers
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary, shape_text
from snnhw.graph.ir import Array

AT_ONCE = 64  # samples whose bytes are taken together


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Summarised):
    """Samples with, where it is known, the class of each.

    Data sets give float32 values and int64 targets; the values of files stay as they are saved.
    """

    name: str  # such as "digits:test", or the name of a file
    values: Array  # [N, *shape], static, or [N, T, *shape]
    targets: Array | None  # int64 [N], the number of the class; given in any type, see `class_numbers`
    classes: int | None  # how many classes the data set has; None where its origin does not say
    checksum: str  # sha256; for a part of the samples that of its values and targets
    kind: InputKind = UNKNOWN  # of the whole data; a part of them keeps it
    binned: bool = False  # the events of a data set, put into as many time steps as were asked for

    def __post_init__(self) -> None:
        """Labels of any type become whole numbers, or are refused."""
        if self.targets is not None:
            object.__setattr__(self, "targets", class_numbers(self.targets, self.name))

    def __len__(self) -> int:
        return len(self.values)

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
        if samples is None or samples >= len(self):
            return self
        if samples < 1:
            raise InputError(f"{samples} samples were asked for; give at least 1.")
        return self.take(slice(samples))

    def take(self, index: Array | slice) -> Samples:
        """The samples at `index`, with a checksum of their own."""
        values, targets = self.values[index], None if self.targets is None else self.targets[index]
        return replace(self, values=values, targets=targets, checksum=_checksum(values, targets))

    def of_kind(self, stated: str | None) -> Samples:
        """The same samples, stated to be "analogue" or "events"; None leaves them as they are.

        Raises:
            InputError: there is no such kind, or a sample is none of events.
        """
        if stated is None:
            return self
        return replace(self, kind=replace(kind_of(self.values, stated, self.name), by_user=True))

    def labels(self, classes: int | None = None) -> Array:
        """Targets as int64 [N]; they lie below `classes` where it is given.

        Raises:
            InputError: there are no targets, or some are no class.
        """
        if self.targets is None:
            raise InputError(f"{self.name} has no labels; save them under the key 'target' of an .npz file.")
        return class_numbers(self.targets, self.name, classes)

    def class_count(self) -> int:
        """`classes`, where it is needed.

        Raises:
            InputError: the origin of the samples does not say.
        """
        if self.classes is None:
            raise InputError(f"{self.name} does not say how many classes it has; give a data set such as digits:train.")
        return self.classes


def inputs_of(name: str, values: Array, targets: Array | None) -> Samples:
    """Samples from arrays, with the checksum of values and targets; `Samples.of_kind` states what the values are."""
    return Samples(name, values, targets, None, _checksum(values, targets), kind_of(values))


def _checksum(values: Array, targets: Array | None) -> str:
    digest = hashlib.sha256()
    for array in (values, targets):
        if array is not None:
            for start in range(0, len(array), AT_ONCE):  # without a copy of the whole
                digest.update(np.ascontiguousarray(array[start : start + AT_ONCE]).tobytes())
    return digest.hexdigest()
