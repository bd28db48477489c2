"""Energy per inference from readings of a counter: idle power, warm-up, repetitions, and their spread.

    total       E / n          of one repetition of n inferences that took E joules in t seconds
    above idle  (E - P t) / n  with the idle power P, the median of windows without work before and after

A repetition lasts at least as long as is asked for, since counters are updated in steps, of a GPU board several times a
second (Yang, Adamek, Armour, arXiv:2312.02741).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.metering.counters import Counter
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError

Work = Callable[[], int]  # runs some inferences to their end and gives their number


@dataclass(frozen=True)
class Plan:
    """How long what is measured."""

    repetitions: int = 10
    seconds: float = 2.0  # least time of a repetition
    idle_seconds: float = 2.0  # of each window without work
    idle_windows: int = 3  # before the work, and as many after it
    warm_up_seconds: float = 1.0


@dataclass(frozen=True)
class Clock:
    """Time as the meter sees it; a test gives its own."""

    now: Callable[[], float] = time.perf_counter  # s
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Repetition:
    """What one repetition took."""

    inferences: int
    seconds: float
    joules: float

    @property
    def watts(self) -> float:
        """Mean power, idle power inside."""
        return self.joules / self.seconds

    def above(self, idle: float) -> float:
        """J per inference above `idle` W."""
        return (self.joules - idle * self.seconds) / self.inferences


@dataclass(frozen=True)
class Metered:
    """Repetitions of one network, with the idle power around them."""

    repetitions: tuple[Repetition, ...]
    idle: Range  # W: quartiles of the windows without work

    @property
    def total(self) -> Range:
        """J per inference, idle power inside: lower quartile, median, upper quartile of the repetitions."""
        return quartiles([one.joules / one.inferences for one in self.repetitions])

    @property
    def above_idle(self) -> Range:
        """J per inference above the median idle power: quartiles of the repetitions."""
        return quartiles([one.above(self.idle.typical) for one in self.repetitions])

    @property
    def seconds(self) -> Range:
        """Of one inference: quartiles of the repetitions."""
        return quartiles([one.seconds / one.inferences for one in self.repetitions])

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "total_joule_per_inference": self.total.to_dict(),
            "above_idle_joule_per_inference": self.above_idle.to_dict(),
            "seconds_per_inference": self.seconds.to_dict(),
            "idle_watt": self.idle.to_dict(),
            "repetitions": [dict(one.__dict__) for one in self.repetitions],
        }


def meter(
    what: str,
    work: Work,
    counter: Counter,
    plan: Plan,
    clock: Clock,
    finished: Callable[[int, int], None] | None = None,
) -> Metered:
    """Run `work` again and again and read the counter around it.

    Args:
        what: is run, as part of a sentence.
        work: some inferences.
        counter: of the device on which they run.
        plan: repetitions, and their least times.
        clock: seconds.
        finished: called with the repetitions finished and all of them.

    Raises:
        InputError: the counter stands still or runs backwards, or the work cannot be told from idling.
    """
    windows = [_idle(counter, plan, clock) for _ in range(plan.idle_windows)]
    _until(clock.now() + plan.warm_up_seconds, work, clock)
    rows = []
    for number in range(1, plan.repetitions + 1):
        before, start = counter.read(), clock.now()
        inferences = _until(start + plan.seconds, work, clock)
        rows.append(Repetition(inferences, clock.now() - start, counter.read() - before))
        if finished is not None:
            finished(number, plan.repetitions)
    windows += [_idle(counter, plan, clock) for _ in range(plan.idle_windows)]
    found = Metered(tuple(rows), quartiles(windows))
    if min(one.joules for one in rows) <= 0:
        raise InputError(
            f"{counter.name} did not rise while {what} ran for {plan.seconds:g} s; give a longer --seconds, or check "
            "the counter."
        )
    if found.above_idle.low <= 0:
        raise InputError(
            f"{counter.name} counts {np.median([one.watts for one in rows]):.3g} W while {what} runs and "
            f"{found.idle.typical:.3g} W of the idle machine, so that its work cannot be told from idling; stop other "
            "programs, or give a longer --seconds."
        )
    return found


def quartiles(values: list[float]) -> Range:
    """Lower quartile, median and upper quartile, by linear interpolation."""
    return Range(*(float(value) for value in np.percentile(values, (25, 50, 75))))


def _idle(counter: Counter, plan: Plan, clock: Clock) -> float:
    """W of one window without work."""
    before, start = counter.read(), clock.now()
    clock.sleep(plan.idle_seconds)
    return (counter.read() - before) / (clock.now() - start)


def _until(end: float, work: Work, clock: Clock) -> int:
    """Inferences of at least one call of `work`, and of as many as begin before `end`."""
    inferences = work()
    while clock.now() < end:
        inferences += work()
    return inferences
