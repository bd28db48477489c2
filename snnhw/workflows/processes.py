"""One verb over several processes that torchrun started: each takes its share of the samples, sums are added up.

`torchrun --nproc-per-node=2 -m snnhw report ...` needs nothing else; without torchrun there is one process.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed

from snnhw.data.samples import Samples
from snnhw.errors import InputError


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


def share(inputs: Samples) -> Samples:
    """The samples of this process: every n-th of them, all where there is one process.

    Raises:
        InputError: there are fewer samples than processes.
    """
    if not _several():
        return inputs
    first, step = rank(), distributed.get_world_size()
    if len(inputs.values) < step:
        raise InputError(f"{len(inputs.values)} samples are too few for {step} processes; start fewer processes.")
    return dataclasses.replace(inputs.take(slice(first, None, step)), checksum=inputs.checksum)  # of the whole


def summed(value: int) -> int:
    """Sum of `value` over all processes."""
    if not _several():
        return value
    total = torch.tensor(value, dtype=torch.int64)
    distributed.all_reduce(total)
    return int(total)


def _several() -> bool:
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
