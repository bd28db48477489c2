"""Parts of one run put together: the same file whatever the order of the parts and whoever counted them.

Whatever would make a number wrong is refused in one sentence: another network, other data, another deployment, a sample
that two parts have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from snnhw.analysis.stored.header import Header
from snnhw.analysis.stored.table import StoredCounts
from snnhw.errors import InputError

SHOWN = 24  # characters of a value in a message


def merge_counts(parts: Mapping[str, StoredCounts]) -> StoredCounts:
    """Counts of all samples of the parts, in the order of the samples.

    Args:
        parts: by name, such as that of the file.

    Raises:
        InputError: there are none, two are not of one run, or a sample is in two of them.
    """
    if not parts:
        raise InputError("There are no counts to merge; name at least one file.")
    (first, whole), *others = parts.items()
    for name, part in others:
        refuse_unlike(first, whole.header, name, part.header)
    refuse_overlap({name: part.samples for name, part in parts.items()})
    ordered = sorted(parts.values(), key=lambda part: int(part.samples[0]))
    samples = np.concatenate([part.samples for part in ordered])
    values = np.concatenate([part.values for part in ordered], axis=1)
    if (np.diff(samples) < 0).any():  # parts that were dealt out like cards
        order = np.argsort(samples)
        samples, values = samples[order], values[:, order]
    return StoredCounts(merged_header([part.header for part in ordered]), samples, values)


def merged_header(headers: Sequence[Header]) -> Header:
    """That of all parts of one run."""
    return reduce(add, headers)


def refuse_unlike(first: str, one: Header, name: str, other: Header) -> None:
    """Nothing, where two headers are of one run.

    Raises:
        InputError: they are not; the message says in what they differ.
    """
    words = one.unlike(other)
    if words:
        raise InputError(
            f"{Path(first).name} and {Path(name).name} differ in {words}: {one.network} on {one.data} as "
            f"{one.deployment}, T = {one.timesteps}, and {other.network} on {other.data} as {other.deployment}, "
            f"T = {other.timesteps}; merge counts of one run, and compare others with snnhw compare --from."
        )


def refuse_overlap(samples: Mapping[str, np.typing.NDArray[np.int64]]) -> None:
    """Nothing, where no sample is in two parts.

    Raises:
        InputError: one is; the message says which, and where.
    """
    names, parts = list(samples), list(samples.values())
    numbers = np.concatenate(parts)
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.argsort(numbers, kind="stable")
    twice = np.flatnonzero(np.diff(numbers[order]) == 0)
    if len(twice):
        at = order[twice[0]], order[twice[0] + 1]
        one, two = (names[owner[i]] for i in at)
        raise InputError(
            f"Sample {numbers[at[0]]} is in {one} and in {two}, and {len(twice):,} samples are in two parts in all; "
            "leave one of the parts out."
        )
