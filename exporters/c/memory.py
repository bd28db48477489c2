"""What of a step lies in memory, and where: buffers that are needed together lie beside each other, others share.

Takes the plan of the engine; gives the last use of every value, and places in two arenas: sums of 32 bits and the
values that travel between layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from snnhw.graph.ir import Delay, Flatten
from snnhw.simulation.plan import Step


def aliases(plan: tuple[Step, ...]) -> dict[str, str]:
    """Flattenings that only pass one value on -> that value: in memory, both are the same."""
    found: dict[str, str] = {}
    for step in plan:
        if isinstance(step.nodes[0], Flatten) and len(step.sources) == 1 and step.sources[0][1] == 1:
            source = step.sources[0][0]
            found[step.name] = found.get(source, source)
    return found


def last_uses(plan: tuple[Step, ...], same: dict[str, str]) -> dict[str, int]:
    """Value -> number of the last step of `plan` that reads it; what a delay takes is read after all of them."""
    found: dict[str, int] = {}
    for number, step in enumerate(plan):
        until = len(plan) if isinstance(step.nodes[0], Delay) else number
        for source, _ in step.sources:
            root = same.get(source, source)
            found[root] = max(found.get(root, 0), until)
    return found


@dataclass
class Arena:
    """One array that buffers share; each lies at the lowest place that is free for as long as it is needed."""

    name: str
    size: int = 0
    taken: list[tuple[int, int, int]] = field(default_factory=list)  # first element, end, last step that needs it

    def place(self, size: int, now: int, until: int) -> str:
        """A buffer of `size` elements from step `now` to step `until`, as a C expression."""
        self.taken = sorted(part for part in self.taken if part[2] >= now)
        at = 0
        for first, end, _ in self.taken:
            if first - at >= size:
                break
            at = max(at, end)
        self.taken.append((at, at + size, until))
        self.size = max(self.size, at + size)
        return f"{self.name} + {at}"
