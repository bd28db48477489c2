"""What a product of two values costs: the matrix products and the gates of attention, each a row of its own.

Of A[n, d] @ B[d, m] the accumulations that run are, where both factors are spikes, those of pairs of which neither is
0; where one is spikes, the synops of its spikes (m of each in A, n of each in B), whatever the other one is; where
neither is, all n d m multiply-accumulates, at every step. Which it is follows from the graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.errors import InputError
from snnhw.graph.ir import Graph, Pool
from snnhw.graph.product import LEFT, RIGHT
from snnhw.simulation.record import Meetings, SpikeRecord


@dataclass(frozen=True)
class Role:
    """What spikes are in a product that they lead to: spikes that meet, spikes with synops, or values before it."""

    via: tuple[str, ...]  # nodes that they pass as spikes
    synapse: str | None = None  # the product, where they are spikes of a factor
    summed: bool = False  # added to analogue values: no synops
    meets: bool = False  # the other factor is spikes too


def role(graph: Graph, name: str, source: str, via: tuple[str, ...]) -> Role:
    """The role in the product `name` of spikes of `source` that pass `via`; spikes into a pool are its synops."""
    pools = [i for i, passed in enumerate(via) if isinstance(graph.nodes[passed], Pool)]
    if pools:
        return Role(via[: pools[-1] + 1])
    levels = graph.factor_levels(name)
    last = via[-1] if via else source
    sides = [i for i, edges in enumerate(graph.factors(name)) if any(edge.source == last for edge in edges)]
    if any(levels[side] is None for side in sides or (LEFT, RIGHT)):
        return Role(via, summed=True)
    return Role(via, name, meets=None not in levels)


def is_dense(graph: Graph, name: str) -> bool:
    """Whether neither factor of the product `name` is spikes."""
    return graph.factor_levels(name) == (None, None)


def met_in(graph: Graph, record: SpikeRecord, name: str) -> Meetings | None:
    """The pairs of spikes that met in the product `name`, None where its factors are not both spikes.

    Raises:
        InputError: the record lacks them.
    """
    if None in graph.factor_levels(name):
        return None
    if name not in record.products:
        raise InputError(
            f"The spike record of {graph.name!r} lacks the pairs of spikes that meet in {name!r}; record it with the "
            "same graph on torch."
        )
    return record.products[name]
