"""What a product of two values costs: the matrix products and the gates of attention, each a row of its own.

Of A[n, d] @ B[d, m] the accumulations that run are, where both factors are spikes, those of pairs of which neither is
0; where one is spikes, the synops of its spikes (m of each in A, n of each in B), whatever the other one is; where
neither is, all n d m multiply-accumulates, at every step. Which it is follows from the graph.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from snnhw.errors import InputError
from snnhw.graph.ir import Graph, Pool
from snnhw.graph.product import LEFT, RIGHT
from snnhw.simulation.record import Meetings, SpikeRecord

if TYPE_CHECKING:
    from snnhw.analysis.counting.layers import Branch


def factor(graph: Graph, name: str, branch: Branch) -> Branch:
    """A branch into the product `name`, as what of it: spikes that meet, spikes with synops, or values before it.

    Spikes that a pool adds up are synops of the pool; those that are added to analogue values are none.
    """
    pools = [i for i, passed in enumerate(branch.via) if isinstance(graph.nodes[passed], Pool)]
    if pools:
        return dataclasses.replace(branch, via=branch.via[: pools[-1] + 1])
    levels = graph.factor_levels(name)
    last = branch.via[-1] if branch.via else branch.source
    sides = [i for i, edges in enumerate(graph.factors(name)) if any(edge.source == last for edge in edges)]
    if any(levels[side] is None for side in sides or (LEFT, RIGHT)):
        return dataclasses.replace(branch, summed=True)
    return dataclasses.replace(branch, synapse=name, meets=None not in levels)


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
