"""Early exit: a sample leaves after the first step at which the network is sure, and costs what it ran until then.

    sure after t steps:  max softmax(mean of the logits of steps 1..t) >= confidence;  after T steps every sample leaves

What a sample spends until step t is what the same network of t steps spends, so the counts are those of `count` on the
samples that leave there, and nothing is estimated from rates. A controller that reads the logits is not priced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.engine import simulate


@dataclass(frozen=True)
class EarlyExit:
    """Samples that ran until the network was sure of each."""

    confidence: float
    left: tuple[int, ...]  # samples that left after step 1, 2, ... T
    classes: tuple[int, ...]  # what each sample was taken for
    counts: tuple[NetworkCounts | None, ...]  # of those that left after step 1 .. T; None where none did

    @property
    def samples(self) -> int:
        """How many there were."""
        return sum(self.left)

    @property
    def mean_steps(self) -> float:
        """Steps of a sample, between 1 and T."""
        return sum(step * n for step, n in enumerate(self.left, start=1)) / self.samples

    def accuracy(self, targets: Sequence[int] | Array) -> float:
        """Share of samples that were taken for their target."""
        return float(np.mean(np.asarray(self.classes) == np.asarray(targets)))

    def energy(self, profile: Profile, deployment: str | None = None) -> Range:
        """J per inference, a mean over all samples; errors as `estimate`."""
        return Range.total(
            estimate(counts, profile, deployment=deployment).per_inference.scaled(counts.samples / self.samples)
            for counts in self.counts
            if counts is not None
        )


def early_exit(graph: Graph, values: Array, confidence: float) -> EarlyExit:
    """Run every sample until the network is sure of its class; arguments and errors as `early_exits`."""
    return early_exits(graph, values, [confidence])[0]


def early_exits(graph: Graph, values: Array, confidences: Sequence[float]) -> tuple[EarlyExit, ...]:
    """Run every sample until the network is sure of its class, for several confidences at once.

    For each number of steps a sample runs at most twice: for its logits, and for its counts together with all those
    that leave there at the same confidences.

    Args:
        graph: folded, in floats, with one read-out of the mean over time.
        values: [N, *shape], static, or [N, T, *shape].
        confidences: shares of the softmax at which a sample leaves, above 0; above 1 none leaves early.

    Raises:
        InputError: the network is in integers, whose logits are sums, or there are no samples or no confidence.
    """
    if graph.is_integer:
        raise InputError(f"{graph.name!r} is in integers, whose logits have a scale; give the network in floats.")
    if not confidences or not all(confidence > 0 for confidence in confidences) or not len(values):
        raise InputError("An early exit needs samples and a confidence above 0, such as 0.9.")
    asked, steps_of_all = np.array(confidences), graph.timesteps
    here = np.ones((len(asked), len(values)), bool)  # which samples still run, by confidence
    classes = np.zeros(here.shape, np.int64)
    left = np.zeros((len(asked), steps_of_all), np.int64)
    counted: list[list[NetworkCounts | None]] = [[None] * steps_of_all for _ in asked]
    for steps in range(1, steps_of_all + 1):
        running = np.flatnonzero(here.any(axis=0))
        if not len(running):
            break
        shorter = graph.replace(timesteps=steps)
        logits = simulate(shorter, first_steps(shorter, values[running], steps_of_all)).logits
        sure = _confidences(logits)[None] >= asked[:, None]
        leaving = here[:, running] & (sure | (steps == steps_of_all))  # [confidences, running]
        for alike in np.unique(leaving, axis=1).T:
            if not alike.any():
                continue
            part = (leaving == alike[:, None]).all(axis=0)
            record = simulate(shorter, first_steps(shorter, values[running[part]], steps_of_all))
            counts = count(shorter, record)
            for at in np.flatnonzero(alike):
                before = counted[at][steps - 1]
                counted[at][steps - 1] = counts if before is None else before.merge(counts)
                classes[at, running[part]] = logits[part].argmax(axis=1)
                left[at, steps - 1] += len(logits[part])
        here[:, running] &= ~leaving
    return tuple(
        EarlyExit(confidence, tuple(map(int, left[at])), tuple(map(int, classes[at])), tuple(counted[at]))
        for at, confidence in enumerate(confidences)
    )


def first_steps(graph: Graph, values: Array, lasting: int) -> Array:
    """The steps of `graph` of samples that last `lasting`; static ones as they are."""
    has_steps = values.ndim == len(graph.input.shape) + 2
    return values[:, : graph.timesteps] if has_steps and values.shape[1] == lasting else values


def _confidences(logits: Array) -> Array:
    """The largest share of the softmax of each row."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    highest: Array = shares.max(axis=1) / shares.sum(axis=1)
    return highest
