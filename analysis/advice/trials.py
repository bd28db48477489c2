"""Changes of a network that are tried on a few samples: a level dropped, fewer time steps, what never fires removed.

What a dropped level or step does to the spikes of all layers behind cannot be read off the counts, so the changed
network is run. The samples are run in groups, and what the groups differ by says how far the mean of all samples may be
from the mean of those (jackknife of a ratio; Efron, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from snnhw.analysis.advice.saving import Saving, saving
from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import EnergyEstimate, estimate
from snnhw.analysis.energy.level_advice import drop_level
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, MLF, Array, Graph
from snnhw.passes.remove_dead import remove_dead
from snnhw.simulation.engine import simulate

TRIED = 16  # samples
GROUPS = 8
# Student's t of a two-sided interval of 99 %, by degrees of freedom
STUDENT = {3: 5.841, 4: 4.604, 5: 4.032, 6: 3.707, 7: 3.499}
LEVEL, STEPS, DEAD = "level", "steps", "dead"


@dataclass(frozen=True)
class Change:
    """A network that does the same task with less work."""

    kind: str  # LEVEL, STEPS or DEAD
    amount: int  # the level that is dropped, the T that is left, the levels, channels and units that are removed
    graph: Graph


@dataclass(frozen=True)
class Trial:
    """What a change did on some samples."""

    kind: str
    amount: int
    groups: tuple[tuple[NetworkCounts, NetworkCounts], ...]  # of each group of samples, before and after
    same_class: int  # samples that both networks put into the same class
    accuracy: tuple[float, float] | None = None  # before and after; None: not measured

    @property
    def samples(self) -> int:
        """Samples that were tried."""
        return sum(before.samples for before, _ in self.groups)

    def saves(self, whole: EnergyEstimate) -> Saving:
        """The saving on the profile of `whole`, of which it is a part; the ends are those of all samples.

        Raises:
            InputError: the network spends nothing there.
        """
        profile, deployment = whole.profile, whole.deployment

        def of(groups: Sequence[tuple[NetworkCounts, NetworkCounts]]) -> Saving:
            sums = [reduce(NetworkCounts.merge, side) for side in zip(*groups, strict=True)]
            return saving(*(estimate(counts, profile, deployment=deployment) for counts in sums))

        found = of(self.groups)
        left_out = [of([*self.groups[:i], *self.groups[i + 1 :]]) for i in range(len(self.groups))]
        spans = whole.per_inference
        up = spans.high / spans.typical if spans.typical else 1.0
        shares, joules = ([getattr(one, key).typical for one in left_out] for key in ("share", "joules"))
        return found.widened(_error(shares), _error(joules) * up)


def _error(left_out: Sequence[float]) -> float:
    """Half the 99 % interval of a mean, from its values with one group left out at a time."""
    n, mean = len(left_out), sum(left_out) / len(left_out)
    return STUDENT[n - 1] * math.sqrt((n - 1) / n * sum((one - mean) ** 2 for one in left_out))


def changes(graph: Graph, *, static: bool) -> Iterator[Change]:
    """Every level dropped, half the time steps where the samples have none of their own, and what never fires gone."""
    deepest = max((unit.levels for unit in graph.of_type(MLF, ILIF)), default=1)
    for level in range(1, deepest + 1) if deepest > 1 else ():
        yield Change(LEVEL, level, drop_level(graph, level))
    if static and graph.timesteps > 1:
        fewer = (graph.timesteps + 1) // 2
        yield Change(STEPS, fewer, graph.replace(timesteps=fewer))
    try:
        pruned = remove_dead(graph)
    except InputError:  # no proof for such a network
        return
    if pruned.removed:
        yield Change(DEAD, len(pruned.removed), pruned.graph)


def run_trials(
    graph: Graph,
    inputs: Array,
    target: Array | None = None,
    *,
    samples: int = TRIED,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Trial, ...]:
    """Every change of `changes` on `samples` of the inputs, evenly spread over them.

    Args:
        graph: folded; the one that is counted.
        inputs: [N, *shape] or [N, T, *shape]. Fewer than 4 samples are too few for a mean: nothing is tried.
        target: int [N]; accuracies are measured where all samples are tried.
        samples: how many are tried at most.
        progress: called with a title, changes finished, changes in all.
    """
    chosen = np.unique(np.linspace(0, len(inputs) - 1, min(samples, len(inputs))).astype(int))
    if len(chosen) <= min(STUDENT):
        return ()
    static = inputs.ndim == 1 + len(graph.input.shape)
    cuts = [chosen[start :: min(GROUPS, len(chosen))] for start in range(min(GROUPS, len(chosen)))]
    wanted, found = list(changes(graph, static=static)), []
    if not wanted:
        return ()
    labels = target if target is not None and len(chosen) == len(inputs) else None
    before = [_counted(graph, inputs[cut]) for cut in cuts]
    for change in wanted:
        after = [_counted(change.graph, inputs[cut]) for cut in cuts]
        same = sum(int((a == b).sum()) for (_, a), (_, b) in zip(before, after, strict=True))
        pairs = tuple((old, replace(new, name=old.name)) for (old, _), (new, _) in zip(before, after, strict=True))
        accuracy = None
        if labels is not None:
            right = [
                sum(int((c == labels[cut]).sum()) for (_, c), cut in zip(s, cuts, strict=True)) for s in (before, after)
            ]
            accuracy = right[0] / len(chosen), right[1] / len(chosen)
        found.append(Trial(change.kind, change.amount, pairs, same, accuracy))
        if progress is not None:
            progress("changes tried", len(found), len(wanted))
    return tuple(found)


def _counted(graph: Graph, inputs: Array) -> tuple[NetworkCounts, Array]:
    """(counts, class of each sample) of one group."""
    record = simulate(graph, inputs)
    return count(graph, record), record.logits.argmax(axis=1)
