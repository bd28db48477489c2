"""One verb over several processes that torchrun started: each takes its share of the samples, sums are added up.

`torchrun --nproc-per-node=2 -m snnhw report ...` needs nothing else; without torchrun there is one process.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed

from snnhw.data.samples import Samples
from snnhw.errors import InputError

Rows = npt.NDArray[np.int64]  # [samples, columns]
MOST_PARTS = 10**6


@contextmanager
def process_group() -> Iterator[bool]:
    """Join the processes that torchrun started; gives whether this one is the first, which alone writes and prints."""
    started = int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized()
    if started:
        distributed.init_process_group("gloo")
    try:
        yield rank() == 0
    except BaseException:
        if started:
            distributed.destroy_process_group()
        raise
    if started:
        _leave()


@contextmanager
def left_together() -> Iterator[None]:
    """Leave a group that is joined within, such as Fabric's; where that fails, the others are not waited for."""
    before = _several()
    yield
    if _several() and not before:
        _leave()


def _leave() -> None:
    """No process ends while another still talks to it: with torch 2.4 that aborts the other after its work is done."""
    distributed.barrier()
    distributed.destroy_process_group()


def rank() -> int:
    """Number of this process, from 0."""
    return distributed.get_rank() if _several() else 0


def parts() -> tuple[str, ...]:
    """What tells the processes apart in names of files, each such as "0of2"; "" where there is one process."""
    if not _several():
        return ("",)
    world = distributed.get_world_size()
    return tuple(f"{number}of{world}" for number in range(world))


@dataclasses.dataclass(frozen=True)
class Part:
    """Which part of all samples a run counts: the `number`-th, from 1, of `of` parts."""

    number: int = 1
    of: int = 1

    @property
    def name(self) -> str:
        """For names of files: "2of8"."""
        return f"{self.number}of{self.of}"


WHOLE = Part()


def part_of(text: str | None) -> Part:
    """The part that a user names as I/N, such as 2/8; all samples where nothing is named.

    Raises:
        InputError: it is no such part.
    """
    if text is None:
        return WHOLE
    number, slash, of = text.partition("/")
    short = len(text) < 2 * len(str(MOST_PARTS))
    if slash and short and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= MOST_PARTS:
        return Part(int(number), int(of))
    raise InputError(f"--shard {text} is no part of the samples; give I/N such as 2/8, with I from 1 to N.")


def portion(samples: int, together: int, part: Part = WHOLE) -> range:
    """Numbers of the samples that this process counts: a row of whole shards of `together` samples.

    Shards are the same whoever counts them, so that no sum of floats depends on the number of processes.

    Raises:
        InputError: there are fewer shards than parts and processes.
    """
    processes = distributed.get_world_size() if _several() else 1
    shards, wanted = -(-samples // together), part.of * processes
    if shards < wanted:
        start = "processes; start fewer processes" if part.of == 1 else "parts and processes; take fewer parts"
        raise InputError(f"{samples} samples are too few for {wanted} {start}.")
    mine = (part.number - 1) * processes + rank()
    return _cut(samples, together, mine, mine + 1, wanted)


def portion_of_all(samples: int, together: int, part: Part = WHOLE) -> range:
    """Numbers of the samples that all processes count together.

    Raises:
        InputError: as `portion`.
    """
    portion(samples, together, part)
    return _cut(samples, together, part.number - 1, part.number, part.of)


def _cut(samples: int, together: int, first: int, last: int, of: int) -> range:
    """Samples of the parts from `first` up to `last`, of as many parts: their borders are those of shards."""
    shards = -(-samples // together)
    start, stop = (together * (n * shards // of) for n in (first, last))
    return range(start, min(stop, samples))


def share(inputs: Samples, mine: range) -> Samples:
    """The samples with these numbers, with the checksum of all."""
    if len(mine) == len(inputs.values):
        return inputs
    return dataclasses.replace(inputs.take(slice(mine.start, mine.stop)), checksum=inputs.checksum)


def summed(value: int) -> int:
    """Sum of `value` over all processes."""
    if not _several():
        return value
    total = torch.tensor(value, dtype=torch.int64)
    distributed.all_reduce(total)
    return int(total)


def send_rows(rows: Iterable[Rows]) -> None:
    """Give pieces of rows, none of them empty, to the first process, which takes them with `receive_rows`."""
    for piece in rows:
        distributed.send(torch.tensor(piece.shape, dtype=torch.int64), 0)
        distributed.send(torch.from_numpy(np.ascontiguousarray(piece)), 0)
    distributed.send(torch.zeros(2, dtype=torch.int64), 0)


def receive_rows() -> Iterator[Rows]:
    """Pieces of rows of all other processes, in their order; nothing where there is one process."""
    for sender in range(1, distributed.get_world_size() if _several() else 1):
        while True:
            shape = torch.zeros(2, dtype=torch.int64)
            distributed.recv(shape, sender)
            if not shape[0]:
                break
            piece = torch.empty(tuple(shape.tolist()), dtype=torch.int64)
            distributed.recv(piece, sender)
            yield piece.numpy()


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
