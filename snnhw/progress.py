"""Progress of a long piece of work: one kind of callback, independent of how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

Progress = Callable[[str, int, int], None]  # stage, samples finished, samples in all


def counter(progress: Progress | None, stage: str, total: int, finished: int = 0) -> Callable[[int], None] | None:
    """A callback that takes batch sizes and reports their sum as the progress of `stage`, which begins now.

    `finished` is what was done before.
    """
    if progress is None:
        return None
    progress(stage, finished, total)

    def tick(samples: int) -> None:
        nonlocal finished
        finished += samples
        progress(stage, finished, total)

    return tick


def staged(progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    """A callback (finished, total) that reports the progress of `stage`."""
    return None if progress is None else partial(progress, stage)
