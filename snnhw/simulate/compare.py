"""Spike-exact comparison of two ways to run the same network.

Takes two backends and inputs, gives an `Agreement`: how many spike slots were compared, how many differ, which of them
are near-ties (both membranes finite and one within `near_tie` of the threshold), and where the first divergence is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulate.record import SpikeRecord

NEAR_TIE = 1e-5


@dataclass(frozen=True)
class Backend:
    """A named way to run the network with rasters: run(inputs, membranes) -> SpikeRecord."""

    name: str
    run: Callable[[Array, bool], SpikeRecord]
    has_membranes: bool = True


@dataclass(frozen=True)
class Divergence:
    """The first spike that differs, in causal order: by sample, then time step, then position in the graph."""

    sample: int
    timestep: int
    unit: str
    level: int  # 1..K
    neuron: tuple[int, ...]  # (c, y, x)
    membranes: tuple[float, float] | None  # of reference and candidate, before the reset

    def __str__(self) -> str:
        where = ", ".join(str(n) for n in self.neuron)
        text = f"sample {self.sample}, t = {self.timestep}, {self.unit} level {self.level} neuron ({where})"
        return text + (f", u = {self.membranes[0]:.9g} against {self.membranes[1]:.9g}" if self.membranes else "")


@dataclass(frozen=True)
class Agreement:
    """Result of one comparison; sums over samples."""

    reference: str
    candidate: str
    samples: int
    spikes: int  # sent by the reference
    compared: int  # neuron-levels x time steps x samples
    differing: int
    near_ties: int  # of the differing ones
    units: Mapping[str, int]  # differing spikes per unit
    logits_difference: float  # largest absolute difference
    first: Divergence | None

    @property
    def agrees(self) -> bool:
        """True when every differing spike is a near-tie."""
        return self.differing == self.near_ties

    def merge(self, other: Agreement) -> Agreement:
        """Both sets of samples, `self` first."""
        first = self.first
        if first is None and other.first is not None:
            first = dataclasses.replace(other.first, sample=other.first.sample + self.samples)
        return Agreement(
            self.reference,
            self.candidate,
            self.samples + other.samples,
            self.spikes + other.spikes,
            self.compared + other.compared,
            self.differing + other.differing,
            self.near_ties + other.near_ties,
            {unit: n + other.units[unit] for unit, n in self.units.items()},
            max(self.logits_difference, other.logits_difference),
            first,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **dataclasses.asdict(self),
            "agrees": self.agrees,
            "first": None if self.first is None else dataclasses.asdict(self.first),
        }


def compare(
    graph: Graph,
    reference: Backend,
    candidate: Backend,
    inputs: Array,
    *,
    batch_size: int = 64,
    near_tie: float = NEAR_TIE,
    progress: Callable[[int], None] | None = None,
) -> Agreement:
    """Run both backends batch by batch and compare every spike of every unit.

    Args:
        graph: for thresholds and the causal order of the units.
        reference: the backend that is taken as right.
        candidate: the backend that is compared with it.
        inputs: [N, *shape] or [N, T, *shape].
        batch_size: samples compared together.
        near_tie: a differing spike whose membrane is this close to its threshold counts as a near-tie.
        progress: called with the number of samples finished.

    Raises:
        InputError: the backends report different units, or there are no samples.
    """
    total: Agreement | None = None
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        part = _agreement(graph, reference, candidate, batch, near_tie)
        total = part if total is None else total.merge(part)
        if progress:
            progress(len(batch))
    if total is None:
        raise InputError("There are no samples to compare; give inputs with at least one.")
    return total


def _agreement(graph: Graph, reference: Backend, candidate: Backend, batch: Array, near_tie: float) -> Agreement:
    a, b = reference.run(batch, False), candidate.run(batch, False)
    if set(a.raster) != set(b.raster):
        odd = ", ".join(sorted(set(a.raster) ^ set(b.raster)))
        raise InputError(
            f"{reference.name} and {candidate.name} have different units ({odd}); compare the same network."
        )
    units = {unit: int((a.raster[unit] != b.raster[unit]).sum()) for unit in graph.units()}
    differing, ties, first = sum(units.values()), 0, None
    if differing:
        if reference.has_membranes and candidate.has_membranes:
            a, b = reference.run(batch, True), candidate.run(batch, True)
            ties = sum(_near_ties(graph, unit, a, b, near_tie) for unit, n in units.items() if n)
        first = _first(graph, a, b)
    return Agreement(
        reference.name,
        candidate.name,
        a.samples,
        int(sum(r.sum(dtype=np.int64) for r in a.raster.values())),
        sum(r.size for r in a.raster.values()),
        differing,
        ties,
        units,
        float(np.abs(a.logits.astype(np.float64) - b.logits.astype(np.float64)).max()),
        first,
    )


def thresholds(graph: Graph, unit: str) -> Array:
    """Thresholds [K, 1, 1, ...] or [K, *shape] of a unit."""
    nodes = graph.units()[unit]
    first = nodes[0]
    per_level = list(getattr(first, "thresholds", ())) or [getattr(n, "threshold") for n in nodes]  # noqa: B009
    stacked = np.stack([np.broadcast_to(np.asarray(theta, dtype=np.float64), first.shape) for theta in per_level])
    return stacked


def _near_ties(graph: Graph, unit: str, a: SpikeRecord, b: SpikeRecord, near_tie: float) -> int:
    theta = thresholds(graph, unit)
    differs = a.raster[unit] != b.raster[unit]
    close = np.minimum(np.abs(a.membranes[unit] - theta), np.abs(b.membranes[unit] - theta)) < near_tie
    return int((differs & close).sum())


def _first(graph: Graph, a: SpikeRecord, b: SpikeRecord) -> Divergence | None:
    position = {unit: i for i, unit in enumerate(graph.units())}
    found: list[tuple[int, int, int, tuple[int, ...], str]] = []
    for unit in a.raster:
        places = np.argwhere(a.raster[unit] != b.raster[unit])
        if len(places):
            place = tuple(int(n) for n in places[0])
            found.append((place[0], place[1], position[unit], place, unit))
    if not found:
        return None
    _, _, _, place, unit = min(found)
    both = (float(a.membranes[unit][place]), float(b.membranes[unit][place])) if a.membranes and b.membranes else None
    return Divergence(place[0], place[1], unit, place[2] + 1, place[3:], both)
