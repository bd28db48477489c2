"""Points of several losses: which of them none beats, and how much room the front takes (its hypervolume).

All losses are to be small. The hypervolume is that of Zitzler and Thiele (1998), computed exactly by slicing along the
last loss (While et al., 2006, HSO).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Losses = tuple[float, ...]


def dominates(a: Losses, b: Losses) -> bool:
    """Whether `a` is nowhere worse than `b` and somewhere better."""
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def front(points: Mapping[int, Losses]) -> tuple[int, ...]:
    """Keys of the points that none dominates, in the order of the points; equal points are all on it."""
    return tuple(key for key, point in points.items() if not any(dominates(other, point) for other in points.values()))


def hypervolume(points: Sequence[Losses], reference: Losses) -> float:
    """Volume of all that some point dominates and that dominates `reference`; points beyond it count nothing."""
    inside = [point for point in set(points) if all(x < r for x, r in zip(point, reference, strict=True))]
    return _volume(inside, reference)


def _volume(points: Sequence[Losses], reference: Losses) -> float:
    if not points:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(point[0] for point in points)
    order = sorted(points, key=lambda point: point[-1])
    total, at = 0.0, 0
    while at < len(order):
        low = order[at][-1]
        while at < len(order) and order[at][-1] == low:
            at += 1
        high = order[at][-1] if at < len(order) else reference[-1]
        total += (high - low) * _volume([point[:-1] for point in order[:at]], reference[:-1])
    return total
