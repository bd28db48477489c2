"""How often the ANN twin computes each layer for one inference: once, or at every time step.

Takes the graph and whether its data have an axis of time steps; gives a number of passes for every node. Nothing looks
at values: data of the same frame at every step, saved with an axis of steps, are frames like any others.

1. A network with loops has a recurrent twin: what stands in and behind the loops is computed at every step.
2. Frames of analogue values are computed one by one; so are frames of events where a delay tells their steps apart.
3. Other events are summed into one frame and a static frame is the same at every step: one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from snnhw.graph.ir import Delay, Graph

TwinKind = Literal["static", "summed", "frames", "recurrent", "recurrent-static"]
STATIC: TwinKind = "static"  # one frame, shown at every step
SUMMED: TwinKind = "summed"  # events, accumulated into one frame
FRAMES: TwinKind = "frames"  # every frame on its own
RECURRENT: TwinKind = "recurrent"  # loops; every step brings a frame of its own
RECURRENT_STATIC: TwinKind = "recurrent-static"  # loops; every step brings the same frame


@dataclass(frozen=True)
class TwinPasses:
    """What the twin is, and how often it computes what."""

    kind: TwinKind
    steps: int  # T, in steps of the data
    every_step: frozenset[str]  # nodes that it computes at each of them; all others once

    def of(self, name: str) -> int:
        """Passes of node `name` in one inference."""
        return self.steps if name in self.every_step else 1


def twin_passes(graph: Graph, steps: int, *, stepped: bool) -> TwinPasses:
    """Passes of the twin of `graph`.

    Args:
        graph: any; a loop goes through a late Delay.
        steps: T that the data last.
        stepped: the data have an axis of time steps, [N, T, *shape].
    """
    changing = set(_loops(graph)) if steps > 1 else set()
    kind = RECURRENT_STATIC if changing else STATIC
    if stepped:
        delays = any(delay.late for delay in graph.of_type(Delay))
        if changing:
            kind = RECURRENT
        elif graph.input.levels is not None and not delays:
            kind = SUMMED
        elif steps > 1:
            kind = FRAMES
    if kind in (FRAMES, RECURRENT):
        changing.add(graph.input.name)
    return TwinPasses(kind, steps, graph.reached(changing))


def _loops(graph: Graph) -> tuple[str, ...]:
    """The delays through which what they send comes back to them."""
    return tuple(
        delay.name
        for delay in graph.of_type(Delay)
        if delay.name in graph.reached(edge.target for edge in graph.out_of(delay.name))
    )
