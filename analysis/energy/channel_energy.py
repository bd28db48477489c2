"""What each channel of a network costs on a profile: the energy that is gone once the channel is, the rest being equal.

A channel that goes takes with it its own spikes, messages and their synaptic operations onward, the synaptic operations
that arrive at it, and, where it can be cut out of the graph, its membrane updates and biases. None of this is listed
here: the graph without the channel (`snnhw/passes/cut_channels.py`) is counted and priced as every graph is, with the
spikes of the record that are left. So the energies are exact while the other units fire as they did; what a unit behind
the channel does differently without it is not in them. Two channels that feed one another share synaptic operations:
the energy of several together is less than the sum, and `energy_without` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.spike_energy import energy_pj
from snnhw.analysis.hardware.profiles import Profile
from snnhw.graph.ir import Array, Graph
from snnhw.passes.cut_channels import Channels, Cut, cut_channels
from snnhw.progress import Progress, counter
from snnhw.simulation.record import SpikeRecord, UnitRecord


@dataclass(frozen=True)
class PricedBy:
    """What prices counts."""

    profile: Profile  # its constants and its accounting model
    deployment: str | None = None  # one of `passes.DEPLOYMENTS`; None takes the profile's


def energy_without(graph: Graph, record: SpikeRecord, channels: Channels, priced_by: PricedBy) -> float:
    """pJ per inference of `graph` without `channels`, at the high end of the range, if all others fire as recorded.

    Args:
        graph: folded and multi-level, declared for its data.
        record: of it.
        channels: unit -> numbers; none gives the energy as it is.
        priced_by: profile and deployment.

    Raises:
        InputError: as `estimate` and `cut_channels`.
    """
    cut = cut_channels(graph, channels)
    counts = count(cut.graph, spikes_left(record, cut))
    return energy_pj(counts, priced_by.profile, priced_by.deployment) / record.samples


def channel_energies(
    graph: Graph,
    record: SpikeRecord,
    channels: Channels,
    gone: Channels,
    priced_by: PricedBy,
    progress: Progress | None = None,
) -> Mapping[str, Array]:
    """pJ per inference that each of `channels` costs beside those that are `gone`, by unit in the order of its numbers.

    Other arguments and errors as for `energy_without`.
    """
    whole = energy_without(graph, record, gone, priced_by)
    judged = counter(progress, "channels priced", sum(len(numbers) for numbers in channels.values()))
    found = {}
    for unit, numbers in channels.items():
        energies = np.zeros(len(numbers))
        for at, number in enumerate(numbers):
            without = {**gone, unit: [*gone.get(unit, ()), number]}
            energies[at] = whole - energy_without(graph, record, without, priced_by)
            if judged:
                judged(1)
        found[unit] = energies
    return found


def spikes_left(record: SpikeRecord, cut: Cut) -> SpikeRecord:
    """`record` without the spikes of the channels that are cut.

    When they came is not in a record of sums, so the time steps of a unit that lost channels are left at 0; nothing
    that is priced asks for them.
    """
    units = dict(record.units)
    for unit, stay in cut.kept.items():
        old = record.units[unit]
        units[unit] = UnitRecord(old.levels[:, stay], old.graded_spikes[stay], np.zeros_like(old.levels_t))
    for unit, gone in cut.silent.items():
        old = record.units[unit]
        levels, graded = old.levels.copy(), old.graded_spikes.copy()
        levels[:, gone], graded[gone] = 0, 0
        units[unit] = UnitRecord(levels, graded, np.zeros_like(old.levels_t))
    return SpikeRecord(record.samples, record.timesteps, units, record.logits, stepped=record.stepped)
