"""Where a network lies on every chip in every deployment, with the work of each core, as it is stored with its counts.

Takes a graph and the record of a run; gives a `Layout` that holds whole numbers, sums over the samples of the run, so
that parts of a run add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnhw.analysis.counting.span import Span
from snnhw.analysis.energy.rate_times_flops import Flops
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.mapping import ChipMapping, LayerMapping
from snnhw.analysis.hardware.tile_work import TileWork, tile_sums
from snnhw.analysis.report.layout import GraphLayout, Layout
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.passes import DEPLOYMENTS
from snnhw.simulation.record import SpikeRecord

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class CoreSums:
    """What every core does, summed over the samples; each tuple is one number for each core."""

    cores: tuple[tuple[str, int], ...]  # layer, and how many cores it has, in their order
    synops: Mapping[str, Numbers]
    received: Numbers
    sent: Numbers
    compartments: Numbers
    spikes: Numbers

    @classmethod
    def of(cls, work: TileWork) -> CoreSums:
        """Of the sums of `tile_sums`."""
        cores = tuple((name, work.layers.count(name)) for name in dict.fromkeys(work.layers))
        arrays = {key: _whole(getattr(work, key)) for key in ("received", "sent", "compartments", "spikes")}
        return cls(cores, {kind: _whole(found) for kind, found in work.synops.items()}, **arrays)

    def over(self, samples: int) -> TileWork:
        """Work for one sample, mean over so many."""
        names = tuple(name for name, many in self.cores for _ in range(many))
        arrays = {key: np.array(getattr(self, key), float) for key in ("received", "sent", "compartments", "spikes")}
        synops = {kind: np.array(found, float) for kind, found in self.synops.items()}
        return TileWork(names, synops, **arrays).over(samples)

    def __add__(self, other: CoreSums) -> CoreSums:
        """Of both sets of samples; the cores are the same."""
        return replace(
            self,
            synops={kind: _plus(found, other.synops[kind]) for kind, found in self.synops.items()},
            received=_plus(self.received, other.received),
            sent=_plus(self.sent, other.sent),
            spikes=_plus(self.spikes, other.spikes),
        )


@dataclass(frozen=True)
class Place:
    """A network on a chip in one deployment."""

    layers: tuple[LayerMapping, ...]
    refused: str  # why it has no place there; empty where it has
    work: CoreSums | None  # None where it has no place, or the spikes of some neurons of the chip were not counted


@dataclass(frozen=True)
class OnChip:
    """A network on one chip."""

    chip: Chip
    by_deployment: Mapping[str, Place]


@dataclass(frozen=True)
class StoredLayout(Layout):
    """What a report needs of the network beside its counts."""

    samples: int  # over which the work of cores is summed
    input_shape: tuple[int, ...]
    span: Span
    flops: Flops
    lacking: tuple[str, ...]  # neurons of the chip whose spikes were not counted
    chips: tuple[OnChip, ...]

    def placed(self, chip: Chip, deployment: str) -> ChipMapping:
        """As it was when the counts were stored.

        Raises:
            InputError: it had no place there, or the chip is none of those that were looked at.
        """
        place = self._place(chip, deployment)
        if place.refused:
            raise InputError(place.refused)
        return ChipMapping(chip, deployment, place.layers)

    def uncounted(self, record: SpikeRecord | None) -> tuple[str, ...]:
        """Of the run that was stored."""
        return self.lacking

    def work(self, mapping: ChipMapping, record: SpikeRecord | None) -> TileWork | None:
        """Of the run that was stored."""
        found = self._place(mapping.chip, mapping.deployment).work
        return None if found is None else found.over(self.samples)

    def _place(self, chip: Chip, deployment: str) -> Place:
        for on in self.chips:
            if on.chip == chip and deployment in on.by_deployment:
                return on.by_deployment[deployment]
        names = ", ".join(on.chip.name for on in self.chips)
        raise InputError(
            f"The counts hold no place of the network on {chip.name!r} as {deployment}, but on {names}; report the "
            "network itself."
        )

    def __add__(self, other: StoredLayout) -> StoredLayout:
        """Of both sets of samples of one network."""
        chips = []
        for mine, theirs in zip(self.chips, other.chips, strict=True):
            places = {}
            for name, place in mine.by_deployment.items():
                work = theirs.by_deployment[name].work
                both = None if place.work is None or work is None else place.work + work
                places[name] = replace(place, work=both)
            chips.append(replace(mine, by_deployment=places))
        return replace(self, samples=self.samples + other.samples, chips=tuple(chips))

    def without_work(self) -> StoredLayout:
        """What is the same for all parts of a run."""
        chips = [
            replace(on, by_deployment={name: replace(place, work=None) for name, place in on.by_deployment.items()})
            for on in self.chips
        ]
        return replace(self, samples=0, chips=tuple(chips))


def stored_layout(graph: Graph, record: SpikeRecord, chips: Sequence[Chip]) -> StoredLayout:
    """Layout of a folded graph on all `chips`, in every deployment that fits cores, with the work of a run."""
    layout = GraphLayout(graph)
    lacking = layout.uncounted(record)
    ways = [name for name, kind in DEPLOYMENTS.items() if kind.fits_cores]
    places = tuple(OnChip(chip, {way: _place(layout, record, chip, way) for way in ways}) for chip in chips)
    return StoredLayout(record.samples, layout.input_shape, layout.span, layout.flops, lacking, places)


def _place(layout: GraphLayout, record: SpikeRecord, chip: Chip, deployment: str) -> Place:
    try:
        mapping = layout.placed(chip, deployment)
    except InputError as error:
        return Place((), str(error), None)
    counted = not layout.uncounted(record)
    work = CoreSums.of(tile_sums(layout.folded, mapping, record)) if counted else None
    return Place(mapping.layers, "", work)


def _whole(values: np.typing.NDArray[np.float64]) -> Numbers:
    return tuple(int(value) for value in values)


def _plus(one: Numbers, two: Numbers) -> Numbers:
    return tuple(a + b for a, b in zip(one, two, strict=True))
