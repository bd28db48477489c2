"""Which channels go: those with the most energy for the least loss, until the energy is small enough.

Channels are ranked by energy over loss, each on its own. The energy of the first so many together is asked of the
counters, so that how many have to go is exact as long as the others fire as they did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.energy.channel_energy import PricedBy, energy_without
from snnhw.graph.ir import Array, Graph
from snnhw.passes.cut_channels import Channels
from snnhw.simulation.record import SpikeRecord


@dataclass(frozen=True)
class Channel:
    """One channel of a unit, and what speaks for and against it."""

    unit: str
    number: int
    energy_pj: float  # per inference, gone without it
    loss: float  # nats per sample, to be expected without it

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Choice:
    """Channels that go, in the order in which they were taken, and the energy without all of them."""

    channels: tuple[Channel, ...]
    energy_pj: float  # per inference, if all others fire as they did

    @property
    def numbers(self) -> Channels:
        """Unit -> numbers."""
        found: dict[str, list[int]] = {}
        for channel in self.channels:
            found.setdefault(channel.unit, []).append(channel.number)
        return found


def ranked(
    channels: Channels, energies: Mapping[str, Array], losses: Mapping[str, Array], sizes: Mapping[str, int]
) -> tuple[Channel, ...]:
    """`channels` by energy over loss, the best to remove first; of those without loss, the dearest first.

    Args:
        channels: that may go, by unit.
        energies: pJ per inference of each, in their order.
        losses: of every channel of a unit, [C].
        sizes: channels of each unit that still fire or may; the last of them is no candidate.
    """
    found = [
        Channel(unit, int(number), float(energies[unit][at]), float(losses[unit][number]))
        for unit, numbers in channels.items()
        for at, number in enumerate(numbers)
        if energies[unit][at] > 0.0
    ]
    order = sorted(found, key=lambda c: (-_ratio(c), -c.energy_pj, c.unit, c.number))
    left, taken = dict(sizes), []
    for channel in order:
        if left[channel.unit] > 1:
            left[channel.unit] -= 1
            taken.append(channel)
    return tuple(taken)


def _ratio(channel: Channel) -> float:
    return np.inf if channel.loss <= 0.0 else channel.energy_pj / channel.loss


def chosen(
    graph: Graph,
    record: SpikeRecord,
    order: tuple[Channel, ...],
    goal_pj: float,
    gone: Channels,
    priced_by: PricedBy,
) -> Choice:
    """The shortest beginning of `order`, of at least one channel, without which the energy is at most `goal_pj`.

    All of it, where even that is not enough. Channels that are `gone` stay so. Other arguments and errors as for
    `energy_without`.
    """

    def without(first: int) -> float:
        return energy_without(graph, record, joined(gone, Choice(order[:first], 0.0).numbers), priced_by)

    low, high = 1, len(order)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if without(middle) <= goal_pj else (middle + 1, high)
    return Choice(order[:high], without(high))


def joined(one: Channels, other: Channels) -> Channels:
    """The channels of both."""
    return {unit: sorted({*one.get(unit, ()), *other.get(unit, ())}) for unit in dict.fromkeys((*one, *other))}
