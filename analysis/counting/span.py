"""How long a sample keeps a network busy, in steps: all that estimates of time need of the graph."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.graph.ir import Graph
from snnhw.passes.balance_delays import depth


@dataclass(frozen=True)
class Span:
    """T, and how many layers of neurons a spike passes one step after the other."""

    timesteps: int
    depth: int

    @property
    def steps(self) -> int:
        """From the first input to the last output of one sample."""
        return self.timesteps + self.depth - 1


def span_of(given: Graph | Span) -> Span:
    """That of a graph, which is the one of `on_cores` where it is for a chip; a span is its own."""
    return given if isinstance(given, Span) else Span(given.timesteps, depth(given))
