"""Residual sums: branches kept apart, or merged in a relay population that sends the sum as one graded spike.

Unit synops do not change. Graded events shrink where spikes of two branches coincide. How often they do is exact when
the record keeps a raster; otherwise per-neuron counts bound it: max over branches <= merged <= sum over branches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.count import branch_fanout, unit_spikes
from snnhw.analysis.counting.exact import total, weighted
from snnhw.analysis.counting.layers import Branch, layers
from snnhw.analysis.counting.sources import source_shape
from snnhw.graph.ir import Graph
from snnhw.simulation.record import SpikeRecord


@dataclass(frozen=True)
class Relay:
    """What merging the residual sum in front of one synapse node would change, summed over the samples."""

    synapse: str
    sources: tuple[str, ...]
    branch_events: int  # graded events into the synapse with the branches kept apart
    merged_low: int  # graded events with the relay, at least
    merged_high: int  # and at most
    relay_synops: int  # identity synops into the relay: one per graded spike and branch
    relay_updates: int  # one per position and step
    payload_levels: int  # largest integer that the relay sends

    @property
    def saves(self) -> bool:
        """Whether even the upper bound of the merged events, with the cost of the relay, is below the branches."""
        return self.merged_high + self.relay_synops + self.relay_updates < self.branch_events

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "sources": list(self.sources), "saves": self.saves}


def relays(graph: Graph, record: SpikeRecord) -> tuple[Relay, ...]:
    """One per synapse node into which several branches of spikes of one shape run."""
    found = []
    for row in layers(graph):
        for name in row.owns:
            branches = [b for b in row.branches if b.synapse == name and not b.summed]
            alike = {(b.via, source_shape(graph, b.source)) for b in branches}
            if len(branches) > 1 and len(alike) == 1:
                found.append(_relay(graph, record, name, branches))
    return tuple(found)


def _relay(graph: Graph, record: SpikeRecord, name: str, branches: list[Branch]) -> Relay:
    reach = branch_fanout(graph, branches[0])
    events = [unit_spikes(graph, record, b.source).graded_spikes for b in branches]
    low, high = np.maximum.reduce(events), np.minimum(sum(events), record.samples * record.timesteps)
    if all(b.source in record.raster for b in branches):
        fired = np.logical_or.reduce([record.raster[b.source].any(axis=2) for b in branches])
        low = high = fired.sum(axis=(0, 1), dtype=np.int64)
    return Relay(
        synapse=name,
        sources=tuple(b.source for b in branches),
        branch_events=sum(weighted(e, reach) for e in events),
        merged_low=weighted(low, reach),
        merged_high=weighted(high, reach),
        relay_synops=sum(total(e) for e in events),
        relay_updates=record.samples * record.timesteps * int(reach.size),
        payload_levels=sum(sum(b.gains) for b in branches),
    )
