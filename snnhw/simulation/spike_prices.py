"""What every spike of a network costs, in one unit: the dual of a record, which says how many there were.

A quantity that is linear in the counts (synaptic operations, messages, picojoules) is a constant for each sample plus,
for every position and level, the spikes there times a price. `analysis.counting.pricing` finds the prices; training
multiplies them with the spikes of a batch, so that a quantity of the counters becomes a term of the loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.simulation.record import SpikeRecord


@dataclass(frozen=True, eq=False)
class SourcePrices:
    """Prices of the spikes of one unit, or of an input that sends events."""

    levels: Array  # float64 [K, *shape]: of a unit spike of each level
    graded: Array  # float64 [*shape]: of a step in which some level fires, whatever the value that is sent


@dataclass(frozen=True, eq=False)
class SpikePrices:
    """Prices of one network of `timesteps` steps."""

    timesteps: int
    constant: float  # of a sample, whatever its spikes
    full: float  # of a sample in which every level fires at every position in every step
    sources: Mapping[str, SourcePrices]

    def of(self, record: SpikeRecord) -> float:
        """The quantity of a whole record, summed over its samples.

        Raises:
            InputError: the record lacks a unit that has prices, or is of another shape.
        """
        return self.constant * record.samples + sum(float(parts.sum()) for parts in self.by_level(record).values())

    def by_level(self, record: SpikeRecord) -> Mapping[str, Array]:
        """The same by source: float64 [K+1], of its graded spikes and of the spikes of each level; errors as `of`."""
        found = {}
        for name, prices in self.sources.items():
            unit = record.units.get(name)
            if unit is None or unit.levels.shape != prices.levels.shape:
                raise InputError(f"The record has no spikes of {name!r} that these prices fit; record the same graph.")
            levels = (unit.levels * prices.levels).reshape(len(prices.levels), -1).sum(axis=1)
            found[name] = np.array([(unit.graded_spikes * prices.graded).sum(), *levels])
        return found

    @property
    def by_value(self) -> Mapping[str, SourcePrices]:
        """The same with one row of levels, where a spike of value v costs v times that of value 1.

        Raises:
            InputError: levels of one unit have prices of their own.
        """
        for name, prices in self.sources.items():
            if not np.allclose(prices.levels, prices.levels[:1], rtol=1e-9, atol=0.0):
                raise InputError(
                    f"The levels of {name!r} have different prices; give the multi-level graph, in which they have one."
                )
        return {name: SourcePrices(prices.levels[0], prices.graded) for name, prices in self.sources.items()}
