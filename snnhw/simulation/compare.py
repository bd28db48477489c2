"""Spike-exact comparison of two ways to run the same network.

Takes two backends and inputs, gives an `Agreement`: how many spike slots were compared, how many differ, which of them
are near-ties (both membranes finite and one within `near_tie` of the threshold), where the first divergence is, and
whether the logits agree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Array, Graph, MaxPool
from snnhw.simulation.record import SpikeRecord

NEAR_TIE = 1e-5
TIES_LISTED = 20


@dataclass(frozen=True)
class Backend:
    """A named way to run the network with rasters: run(inputs, membranes) -> SpikeRecord."""

    name: str
    run: Callable[[Array, bool], SpikeRecord]
    has_membranes: bool = True


@dataclass(frozen=True)
class Divergence:
    """A spike that differs; the first one in causal order: by sample, time step, position in the graph."""

    sample: int
    timestep: int
    unit: str
    level: int  # 1..K
    neuron: tuple[int, ...]  # (c, y, x)
    membranes: tuple[float, float] | None  # of reference and candidate, before the reset

    def shifted(self, samples: int) -> Divergence:
        """The same with so many samples before it."""
        return dataclasses.replace(self, sample=self.sample + samples)

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
    logits_agree: bool  # equal in integers, to rounding in floats; not asked for where spikes differ
    first: Divergence | None
    ties: tuple[Divergence, ...] = ()  # the first near-ties, `TIES_LISTED` at most

    @property
    def agrees(self) -> bool:
        """True when every differing spike is a near-tie, and the logits agree."""
        return self.differing == self.near_ties and self.logits_agree

    def merge(self, other: Agreement) -> Agreement:
        """Both sets of samples, `self` first."""
        later = None if other.first is None else other.first.shifted(self.samples)
        ties = (*self.ties, *(tie.shifted(self.samples) for tie in other.ties))
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
            self.logits_agree and other.logits_agree,
            self.first or later,
            ties[:TIES_LISTED],
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            **dataclasses.asdict(self),
            "agrees": self.agrees,
        }


@dataclass(frozen=True)
class CompareOptions:
    """How two backends are compared."""

    batch_size: int = 64  # samples compared together
    near_tie: float = NEAR_TIE  # largest distance of membrane and threshold at which a differing spike is a near-tie;
    # logits may be apart by the same share of the largest of them, or of 1 if that is more
    left_out: frozenset[str] = frozenset()  # units that one side alone records


COMPARISON = CompareOptions()


def compare(
    graph: Graph,
    reference: Backend,
    candidate: Backend,
    inputs: Array,
    comparison: CompareOptions = COMPARISON,
    progress: Callable[[int], None] | None = None,
) -> Agreement:
    """Run both backends batch by batch and compare every spike of every unit.

    Args:
        graph: for thresholds and the causal order of the units.
        reference: the backend that is taken as right.
        candidate: the backend that is compared with it.
        inputs: [N, *shape] or [N, T, *shape].
        comparison: batch size and what counts as a near-tie.
        progress: called with the number of samples finished.

    Raises:
        InputError: the backends report different units or neurons, or there are no samples.
    """
    total: Agreement | None = None
    for start in range(0, len(inputs), comparison.batch_size):
        batch = inputs[start : start + comparison.batch_size]
        part = _agreement(graph, reference, candidate, batch, comparison)
        total = part if total is None else total.merge(part)
        if progress:
            progress(len(batch))
    if total is None:
        raise InputError("There are no samples to compare; give inputs with at least one.")
    return total


def pools_apart(a: Graph, b: Graph) -> frozenset[str]:
    """Units that two graphs of a network do not share: max pools, and the neurons that compute them in one alone.

    What the pools send is compared where it arrives.
    """
    pools = {node.name for graph in (a, b) for node in graph.of_type(MaxPool)}
    computed = [{n.unit_name for n in graph.of_type(LIF) if n.pool} for graph in (a, b)]
    return frozenset(pools | (computed[0] ^ computed[1]))


def _agreement(
    graph: Graph, reference: Backend, candidate: Backend, batch: Array, comparison: CompareOptions
) -> Agreement:
    near_tie = comparison.near_tie
    # a torch module does not record the spikes that max pools pass on
    left_out = comparison.left_out | {node.name for node in graph.of_type(MaxPool)}

    def run(backend: Backend, membranes: bool) -> SpikeRecord:
        record = backend.run(batch, membranes)
        kept = {name: raster for name, raster in record.raster.items() if name not in left_out}
        return dataclasses.replace(record, raster=kept)

    a, b = (run(backend, False) for backend in (reference, candidate))
    if set(a.raster) != set(b.raster):
        odd = ", ".join(sorted(set(a.raster) ^ set(b.raster)))
        raise InputError(
            f"{reference.name} and {candidate.name} have different units ({odd}); compare the same network."
        )
    resized = [unit for unit, spikes in a.raster.items() if spikes.shape != b.raster[unit].shape]
    logits = [_logits(record) for record in (a, b)]
    if resized or logits[0].shape != logits[1].shape:
        where = f"unit {resized[0]!r}" if resized else "the read-out"
        raise InputError(
            f"{reference.name} and {candidate.name} differ in the size of {where}; compare like with like."
        )
    places = {unit: np.argwhere(a.raster[unit] != b.raster[unit]) for unit in graph.units() if unit not in left_out}
    units = {unit: len(found) for unit, found in places.items()}
    differing = sum(units.values())
    ties: dict[str, Array] = {}
    if differing and reference.has_membranes and candidate.has_membranes:
        a, b = (run(backend, True) for backend in (reference, candidate))
        ties = {unit: found[_close(graph, unit, found, a, b, near_tie)] for unit, found in places.items()}
    first = _divergences({unit: found[:1] for unit, found in places.items()}, a, b)
    logits_difference = float(np.abs(logits[0] - logits[1]).max())
    tolerance = near_tie * max(1.0, float(np.abs(logits[0]).max()))
    return Agreement(
        reference.name,
        candidate.name,
        a.samples,
        int(sum(r.sum(dtype=np.int64) for r in a.raster.values())),
        sum(r.size for r in a.raster.values()),
        differing,
        sum(len(found) for found in ties.values()),
        units,
        logits_difference,
        differing > 0 or logits_difference <= tolerance,
        first[0] if first else None,
        _divergences(ties, a, b),
    )


def _logits(record: SpikeRecord) -> Array:
    """The logits of every read-out beside each other, float64 [N, all classes]."""
    several = [logits.reshape(record.samples, -1) for logits in record.outputs.values()]
    every: Array = np.concatenate(several or [record.logits], axis=1).astype(np.float64)
    return every


def thresholds(graph: Graph, unit: str) -> Array:
    """Thresholds [K, *shape] of a unit."""
    nodes = graph.units()[unit]
    per_level = [theta for node in nodes for theta in node.thetas]
    return np.stack([np.broadcast_to(np.asarray(theta, dtype=np.float64), nodes[0].shape) for theta in per_level])


def _close(graph: Graph, unit: str, places: Array, a: SpikeRecord, b: SpikeRecord, near_tie: float) -> Array:
    """Which of the `places` [n, axes] in a raster have one of the two membranes within `near_tie` of the threshold."""
    at = tuple(places.T)
    theta = thresholds(graph, unit)[at[2:]]
    close: Array = np.minimum(np.abs(a.membranes[unit][at] - theta), np.abs(b.membranes[unit][at] - theta)) < near_tie
    return close


def _divergences(places: Mapping[str, Array], a: SpikeRecord, b: SpikeRecord) -> tuple[Divergence, ...]:
    """The first `TIES_LISTED` of the places [n, axes] per unit, in causal order; units come in graph order."""
    found: list[tuple[tuple[int, ...], str]] = []
    for unit, rows in places.items():
        found += [(tuple(int(n) for n in row), unit) for row in rows[:TIES_LISTED]]
    first = sorted(found, key=lambda entry: entry[0][:2])[:TIES_LISTED]  # stable: the graph's order within a step
    return tuple(
        Divergence(
            place[0],
            place[1],
            unit,
            place[2] + 1,
            place[3:],
            (float(a.membranes[unit][place]), float(b.membranes[unit][place])) if a.membranes and b.membranes else None,
        )
        for place, unit in first
    )
