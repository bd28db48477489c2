"""Rule about room: populations fill the cores of a mesh one after the other, each from a fresh core."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph, Neuron, Readout
from snnhw.passes.relays import with_relays

NEURONS_PER_CORE = 1024  # of SANA-FE's Loihi
CORES = 128


def first_cores(graph: Graph, neurons_per_core: int = NEURONS_PER_CORE) -> tuple[dict[str, int], int]:
    """Sender of events or population -> its first core, in graph order, and the number of cores that all take."""
    placed: dict[str, int] = {}
    core = 0
    senders = [node for node in (graph.input,) if node.levels is not None]
    for node in (*senders, *(n for n in graph.nodes.values() if isinstance(n, Neuron | Readout))):
        placed[node.name] = core
        core += -(-node.size // neurons_per_core)
    return placed, core


def fits_the_mesh(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where a compiled graph, with the relays of its branches, needs more cores than there are."""
    _, needed = first_cores(with_relays(graph)[0])
    if needed > CORES:
        message = f"it needs {needed} cores, the chip has {CORES}"
        yield Finding("too-many-cores", "error", "", message, "map it on several chips")
