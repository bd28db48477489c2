"""What a report needs of a network beside its counts: how long it is busy, and where it lies on chips.

Of a graph all of it is worked out when it is asked for; stored counts hold it worked out, so that they are priced
without the network. Whoever takes a graph here takes a `Layout` in its place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

from snnhw.analysis.counting.span import Span, span_of
from snnhw.analysis.energy.rate_times_flops import Flops, flops_of
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.mapping import ChipMapping, map_network
from snnhw.analysis.hardware.tile_work import TileWork, tile_work
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.passes import on_cores
from snnhw.simulation.record import SpikeRecord


class Layout(ABC):
    """Facts of one network; those that depend on spikes are of a run of it."""

    input_shape: tuple[int, ...]
    flops: Flops
    span: Span  # on the cores of a chip

    @abstractmethod
    def placed(self, chip: Chip, deployment: str) -> ChipMapping:
        """Where the network lies on a chip.

        Raises:
            InputError: it does not fit, or cannot be deployed so.
        """

    @abstractmethod
    def uncounted(self, record: SpikeRecord | None) -> tuple[str, ...]:
        """Neurons of the chip, such as those of max pools, of which a run has no spikes."""

    @abstractmethod
    def work(self, mapping: ChipMapping, record: SpikeRecord | None) -> TileWork | None:
        """What every core does for one sample; None where no run has counted that."""

    def on(self, chips: Sequence[Chip]) -> tuple[dict[str, ChipMapping], tuple[Finding, ...]]:
        """Cores and chips by chip, K binary channels; a finding for each chip that cannot hold the network."""
        found: dict[str, ChipMapping] = {}
        findings = []
        for chip in chips:
            try:
                found[chip.name] = self.placed(chip, "channels")
            except InputError as error:
                message = f"{chip.title}: {str(error).rstrip('.')}"
                findings.append(Finding("does-not-map", "warning", "", message, "leave the chip out"))
        return found, tuple(findings)


class GraphLayout(Layout):
    """Of a folded graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.input_shape = graph.input.shape

    @cached_property
    def folded(self) -> Graph:
        """The layers that cores run."""
        return on_cores(self._graph)

    @cached_property
    def span(self) -> Span:  # type: ignore[override]  # worked out once, when it is asked for
        """Of the layers that cores run."""
        return span_of(self.folded)

    @cached_property
    def flops(self) -> Flops:  # type: ignore[override]
        """Of the graph as it is."""
        return flops_of(self._graph)

    def placed(self, chip: Chip, deployment: str) -> ChipMapping:
        """Mapped anew at every call."""
        return map_network(self.folded, chip, deployment)

    def uncounted(self, record: SpikeRecord | None) -> tuple[str, ...]:
        """None without a record."""
        return () if record is None else tuple(name for name in self.folded.units() if name not in record.units)

    def work(self, mapping: ChipMapping, record: SpikeRecord | None) -> TileWork | None:
        """Of the record."""
        if record is None or self.uncounted(record):
            return None
        return tile_work(self.folded, mapping, record)


def layout_of(given: Graph | Layout) -> Layout:
    """That of a graph; a layout is its own."""
    return given if isinstance(given, Layout) else GraphLayout(given)
