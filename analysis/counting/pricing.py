"""The price of every spike of a graph for a quantity that is linear in the counts, found by asking for the quantity.

The quantity is asked for the counts of a silent sample and for the same counts with one field of one row raised; the
difference is the price of that count. A spike raises the counts of every branch it takes as `count` says: its messages
by the gain of the branch, its synaptic operations by the gain times the fan-out of its position. So there is no second
list of prices and no second rule of counting: `estimate` and `deployments.work` are asked as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from snnhw.analysis.counting.count import branch_fanout, count, inhibits, met
from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.counting.layers import Branch, layers
from snnhw.analysis.counting.sources import source_levels, source_shape
from snnhw.errors import InputError
from snnhw.graph.given import graph_given
from snnhw.graph.ir import Array, Graph, MaxPool, Product
from snnhw.simulation.record import SpikeRecord, UnitRecord
from snnhw.simulation.spike_prices import SourcePrices, SpikePrices

Quantity = Callable[[NetworkCounts], float]  # of all samples that were counted
RAISED = 2**20  # by how much a count is raised: large, so that the difference keeps its digits
TOLERANCE = 1e-9  # relative, of the quantity of a sample in which everything fires


def spike_prices(graph: Graph, quantity: Quantity) -> SpikePrices:
    """Prices of the spikes of `graph`, and what a sample costs without any.

    Args:
        graph: folded, multi-level or decomposed, for the data it is to run on (`Input.levels` says whether these are
            events, which then have prices too).
        quantity: of counts, such as the picojoules of a profile; it must be linear in what spikes do.

    Raises:
        InputError: spikes meet in products or come out of max pools, so that no count is linear in them, or the
            quantity is not linear.
    """
    graph = graph_given(graph)
    for node in graph.of_type(Product, MaxPool):
        raise InputError(
            f"What {node.name!r} ({type(node).__name__}) sends is not linear in the spikes before it, so that these "
            "have no price; price networks of convolutions, matrices and average pools."
        )
    rows = layers(graph)
    names = _sources(graph)
    silent = count(graph, _record(graph, names, 0))
    ask = _Raised(quantity, silent)
    levels = {name: np.zeros((source_levels(graph, name), *source_shape(graph, name))) for name in names}
    graded = {name: np.zeros(source_shape(graph, name)) for name in names}
    for at, (row, counts) in enumerate(zip(rows, silent.layers, strict=True)):
        for kind in ("runs", "shared"):
            field = {"runs": "edges", "shared": "shared"}[kind]
            for nth, branch in enumerate(getattr(row, kind)):
                _add_branch(graph, branch, ask.edge(at, field, nth), levels[branch.source], graded[branch.source])
        if counts.name in levels:
            by_level, whole = ask.sent(at, inhibits(graph, graph.units()[counts.name]))
            levels[counts.name] += by_level.reshape(-1, *[1] * len(row.shape))
            graded[counts.name] += whole
    prices = {name: SourcePrices(levels[name], graded[name]) for name in names}
    firing = _record(graph, names, graph.timesteps)
    full = quantity(count(graph, firing))
    found = SpikePrices(graph.timesteps, ask.base, full, prices)
    if abs(found.of(firing) - full) > TOLERANCE * abs(full):
        raise InputError("The quantity is not linear in the counts of spikes; give one that is.")
    return found


def _sources(graph: Graph) -> tuple[str, ...]:
    """Units, and the input if it sends events."""
    return (*graph.units(), *((graph.input.name,) if graph.input.levels is not None else ()))


def _record(graph: Graph, names: tuple[str, ...], steps: int) -> SpikeRecord:
    """One sample in which every level of every source fires in the first `steps` steps."""
    units = {}
    for name in names:
        levels, shape = source_levels(graph, name), source_shape(graph, name)
        by_step = np.zeros((levels, graph.timesteps), np.int64)
        by_step[:, :steps] = int(np.prod(shape, dtype=np.int64))
        units[name] = UnitRecord(np.full((levels, *shape), steps, np.int64), np.full(shape, steps, np.int64), by_step)
    logits = {end.name: np.zeros((1, *end.shape)) for end in graph.readouts}
    return SpikeRecord(1, graph.timesteps, units, next(iter(logits.values())))


class _Raised:
    """The quantity of the counts of a silent sample with one count raised."""

    def __init__(self, quantity: Quantity, silent: NetworkCounts) -> None:
        self.quantity, self.silent = quantity, silent
        self.base = quantity(silent)

    def edge(self, at: int, field: str, nth: int) -> tuple[float, float, float, float]:
        """Prices of a message, a graded message, a unit synop and an event on edge `nth` of row `at`."""
        edges: tuple[EdgeCounts, ...] = getattr(self.silent.layers[at], field)
        edge = edges[nth]

        def price(**raised: object) -> float:
            changed = (*edges[:nth], replace(edge, **raised), *edges[nth + 1 :])  # type: ignore[arg-type]
            return self._price(at, **{field: changed})

        first = (RAISED, *edge.level_synops[1:])  # all levels of an edge are summed
        return price(spikes=RAISED), price(graded_spikes=RAISED), price(level_synops=first), price(events=RAISED)

    def sent(self, at: int, inhibits: bool) -> tuple[Array, float]:
        """Prices [K] of a spike that each level of the unit sends, and of a graded one."""
        spikes = self.silent.layers[at].spikes
        lateral = self._price(at, lateral_spikes=RAISED) if inhibits else 0.0
        by_level = [
            self._price(at, spikes=tuple(RAISED if k == level else 0 for k in range(len(spikes)))) + lateral
            for level in range(len(spikes))
        ]
        return np.array(by_level), self._price(at, graded_spikes=RAISED)

    def _price(self, at: int, **raised: object) -> float:
        rows: list[LayerCounts] = list(self.silent.layers)
        rows[at] = replace(rows[at], **raised)  # type: ignore[arg-type]
        return (self.quantity(replace(self.silent, layers=tuple(rows))) - self.base) / RAISED


def _add_branch(
    graph: Graph, branch: Branch, prices: tuple[float, float, float, float], levels: Array, graded: Array
) -> None:
    """Add what a spike causes on one branch to the prices [K, *shape] and [*shape] of its source."""
    message, graded_message, synop, event = prices
    reach = met(branch, branch_fanout(graph, branch))
    for k, gain in enumerate(branch.gains):
        levels[k] += gain * (message + synop * reach)
    whole = graded_message + event * reach
    if all(branch.gains):
        graded += whole
    else:  # levels are nested: `count` takes the graded spikes of the connected levels for those of the lowest
        levels[min(k for k, gain in enumerate(branch.gains) if gain)] += whole
