"""What every spike of a network costs on a profile, in pJ, at the high end of its range.

The high end is what a promise of saving must hold at. `estimate` is asked for the prices, so that they are its terms.
"""

from __future__ import annotations

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.pricing import spike_prices
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import Profile
from snnhw.graph.ir import Graph
from snnhw.simulation.spike_prices import SpikePrices

PJ = 1e12  # in a joule


def energy_pj(counts: NetworkCounts, profile: Profile, deployment: str | None = None) -> float:
    """pJ of all samples that were counted, at the high end of the range; errors as `estimate`."""
    per_inference = estimate(counts, profile, deployment=deployment).per_inference
    return per_inference.high * counts.samples * PJ


def energy_prices(graph: Graph, profile: Profile, deployment: str | None = None) -> SpikePrices:
    """pJ of every spike of `graph`, of a sample without any, and of one in which everything fires.

    Args:
        graph: as for `spike_prices`.
        profile: its constants and its accounting model.
        deployment: one of `passes.DEPLOYMENTS`; None takes the profile's.

    Raises:
        InputError: as `estimate` and `spike_prices`.
    """
    return spike_prices(graph, lambda counts: energy_pj(counts, profile, deployment))
