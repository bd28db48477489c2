"""Several workers of a sweep on one machine, each a process of its own; one that is killed is replaced.

The workers share nothing but the storage, so the same command on another machine joins in.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from snnhw.errors import InputError
from snnhw.progress import Progress
from snnhw.sweeps.reading import tried
from snnhw.sweeps.result import COMPLETE, FAILED, SweepResult
from snnhw.sweeps.spec import Spec
from snnhw.sweeps.storage import open_study
from snnhw.workflows.sweep import Place, check_trials, make_trials, result_of

MOST_WORKERS = 256
REPLACED = 10  # killed workers, before the sweep ends
LOOK_S = 2.0  # between looks at how much is done


@dataclass(frozen=True)
class Worker:
    """A process and what it says at its end."""

    process: SpawnProcess
    said: Connection


def sweep(spec: Spec, place: Place, workers: int = 1, progress: Progress | None = None) -> SweepResult:
    """Make all trials of a sweep that are not made yet.

    Args:
        spec: what is swept.
        place: where it lies; an unfinished sweep there goes on.
        workers: processes on this machine; 1 works in this process.
        progress: called with "trials", finished ones, all of them.

    Raises:
        InputError: the SPEC gives no trial, the storage or the folder cannot be used, or workers are killed again and
            again.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise InputError(f"{workers} workers were asked for; give 1 to {MOST_WORKERS}.")
    check_trials(spec, place)

    def look() -> None:
        if progress is not None:
            found = _known(spec, place)
            progress("trials", found, max(found, spec.budget))

    if workers == 1:
        make_trials(spec, place, look)
    else:
        _together(spec, place, workers, look)
    return result_of(spec, place)


def _known(spec: Spec, place: Place) -> int:
    return sum(
        one.state in (COMPLETE, FAILED) for one in tried(open_study(spec, place.folder, place.url), place.folder)
    )


def _together(spec: Spec, place: Place, workers: int, look: Callable[[], None]) -> None:
    threads = max(1, len(os.sched_getaffinity(0)) // workers) if hasattr(os, "sched_getaffinity") else 1
    running = [_begin(spec, place, threads) for _ in range(workers)]
    killed, sentences = 0, list[str]()
    try:
        while running:
            wait([worker.process.sentinel for worker in running], LOOK_S)
            look()
            for worker in [one for one in running if not one.process.is_alive()]:
                running.remove(worker)
                worker.process.join()
                sentences += _said(worker)
                if worker.process.exitcode != 0 and not sentences:
                    killed += 1
                    if killed <= REPLACED:
                        running.append(_begin(spec, place, threads))
            if sentences:
                break
    finally:
        for worker in running:
            worker.process.terminate()
            worker.process.join()
    if sentences:
        raise InputError(sentences[0])
    if killed > REPLACED:
        raise InputError(f"{killed} workers were killed, perhaps for memory; give fewer --workers and run it again.")


def _said(worker: Worker) -> list[str]:
    """The sentence that a worker ended with; none of one that finished or was killed."""
    try:
        return [str(worker.said.recv())] if worker.said.poll() else []
    except (EOFError, OSError):
        return []


def _begin(spec: Spec, place: Place, threads: int) -> Worker:
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_work, args=(spec, place, threads, os.getpid(), there), daemon=True)
    process.start()
    there.close()
    return Worker(process, here)


def _work(spec: Spec, place: Place, threads: int, parent: int, say: Connection) -> None:
    """What a worker process does; it ends with its current trial when its parent is gone."""
    import torch

    torch.set_num_threads(threads)
    try:
        make_trials(spec, place, wanted=lambda: os.getppid() == parent)
    except InputError as error:
        say.send(str(error))
    except KeyboardInterrupt:
        pass  # the parent says it
