"""Which level earns its cost: accuracy and energy if one level is dropped, or its threshold is moved.

Takes a multi-level graph with its test data, runs every variant, gives one row per variant. All units change together;
a unit with fewer levels than asked for stays as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, MLF, Array, Graph
from snnhw.simulation.engine import simulate


@dataclass(frozen=True)
class Variant:
    """One choice of levels and what it gives."""

    name: str
    level: int | None  # 1..K, None for the network as it is
    change: str  # "none", "dropped", "threshold x FACTOR"
    accuracy: float
    unit_synops: int
    neuron_updates: int
    energy: Range  # J per inference

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "energy": self.energy.to_dict()}


def level_advice(
    graph: Graph,
    inputs: Array,
    target: Array,
    profile: Profile,
    factors: Sequence[float] = (0.8, 1.25),
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Variant, ...]:
    """The network as it is, then each level dropped, then each level's threshold times each factor.

    Args:
        graph: multi-level (MLF or ILIF nodes), folded.
        inputs: [N, *shape] or [N, T, *shape].
        target: int [N].
        profile: prices the variants.
        factors: of the thresholds; variants whose thresholds would no longer ascend are left out.
        progress: called with a title, variants finished, variants in all.

    Raises:
        InputError: the graph has no multi-level unit.
    """
    deepest = max((unit.levels for unit in graph.of_type(MLF, ILIF)), default=0)
    if deepest < 1:
        raise InputError(f"Graph {graph.name!r} has no multi-level unit; recompose its channels first.")
    wanted: list[tuple[str, int | None, str, Graph]] = [("as it is", None, "none", graph)]
    for level in range(1, deepest + 1) if deepest > 1 else ():
        wanted.append((f"without level {level}", level, "dropped", drop_level(graph, level)))
    for level in range(1, deepest + 1):
        for factor in factors:
            moved = move_threshold(graph, level, factor)
            units: list[MLF | ILIF] = [*moved.of_type(MLF), *moved.of_type(ILIF)]
            if all(list(unit.thresholds) == sorted(set(unit.thresholds)) for unit in units):
                change = f"threshold x {factor:g}"
                wanted.append((f"level {level} {change}", level, change, moved))
    found = []
    for name, at, change, variant in wanted:
        record = simulate(variant, inputs)
        counts = count(variant, record)
        found.append(
            Variant(
                name=name,
                level=at,
                change=change,
                accuracy=record.accuracy(target),
                unit_synops=counts.total("unit_synops"),
                neuron_updates=counts.total("neuron_updates"),
                energy=estimate(counts, profile).per_inference,
            )
        )
        if progress is not None:
            progress("variants of the levels", len(found), len(wanted))
    return tuple(found)


def drop_level(graph: Graph, level: int) -> Graph:
    """Graph whose units lack level `level` (1..K); a unit that has no other level keeps it.

    Raises:
        InputError: no unit has that level beside another.
    """
    deepest = max((unit.levels for unit in graph.of_type(MLF, ILIF)), default=1)
    if not 1 <= level <= deepest or deepest < 2:
        known = f"has levels 1 to {deepest}" if deepest > 1 else "has no unit of several levels"
        raise InputError(f"Level {level} cannot be dropped: {graph.name!r} {known}; name one of several levels.")
    return _with_thresholds(graph, level, lambda thetas: thetas[: level - 1] + thetas[level:] if thetas[1:] else thetas)


def move_threshold(graph: Graph, level: int, factor: float) -> Graph:
    """Graph whose threshold of level `level` (1..K) is multiplied by `factor`."""
    return _with_thresholds(
        graph, level, lambda thetas: (*thetas[: level - 1], thetas[level - 1] * factor, *thetas[level:])
    )


Thresholds = tuple[float, ...]


def _with_thresholds(graph: Graph, level: int, change: Callable[[Thresholds], Thresholds]) -> Graph:
    nodes = [
        dataclasses.replace(node, thresholds=change(node.thresholds))
        if isinstance(node, MLF | ILIF) and node.levels >= level
        else node
        for node in graph.nodes.values()
    ]
    return graph.replace(nodes=nodes)
