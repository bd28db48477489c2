"""The energy of every sample on many profiles at once: a matrix of whole numbers times a matrix of prices.

An estimate without static power is linear in the demand, so that the price of a column is what `estimate` would say of
a network in which that number alone is 1. No formula of a model stands here: prices are read off `MODEL_TERMS`. Columns
of one price on all profiles are added first, as whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.demand import Column, Demand
from snnhw.analysis.energy.estimate import priced
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.workload import check_workload
from snnhw.analysis.stored.table import StoredCounts

ENDS = ("low", "typical", "high")
AT_ONCE = 2**15  # samples whose numbers stay in the caches
Energies = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """J of each number of a sample: one row for low, typical and high of each profile."""

    columns: Energies  # [3 * profiles, columns of the demand]
    fixed: Energies  # [3 * profiles]: what every sample costs alike


def prices(demand: Demand, profiles: Sequence[Profile], deployments: Sequence[str | None]) -> Prices:
    """Prices on each profile in the deployment beside it; None takes the profile's own.

    Raises:
        InputError: a profile is a measurement of another network, or there is no such deployment.
    """
    pairs = [(p, d or p.deployment) for p, d in zip(profiles, deployments, strict=True)]
    nothing = demand.counts([0] * len(demand.columns), 0)
    silent = demand.counts([0] * len(demand.columns), 1)
    for profile, _ in pairs:
        check_workload(profile.measured_on, silent, profile.name)
    known: dict[Column, Energies] = {}
    found = np.zeros((3 * len(pairs), len(demand.columns)))
    for i, column in enumerate(demand.columns):
        alike = replace(column, step=None)  # a spike costs the same at every step
        if alike not in known:
            one = [0] * len(demand.columns)
            one[i] = 1
            known[alike] = _price(demand.counts(one, 0), nothing, pairs)
        found[:, i] = known[alike]
    return Prices(found, _price(silent, None, pairs))


def sample_energies(
    stored: StoredCounts, profiles: Sequence[Profile], deployments: Sequence[str | None] | None = None
) -> dict[str, Energies]:
    """J of each sample by profile, [3, N]: low, typical and high, without static power.

    The mean over the samples is the estimate of the report, up to the order in which floats are added.

    Args:
        stored: counts of at least one sample.
        profiles: of different names.
        deployments: one for each profile; None takes the profiles' own.

    Raises:
        InputError: as `prices`.
    """
    found = prices(stored.header.demand, profiles, deployments or [None] * len(profiles))
    energies = energies_of(stored.values[: len(stored.header.demand.columns)], found)
    return {profile.name: energies[3 * i : 3 * i + 3] for i, profile in enumerate(profiles)}


def energies_of(values: npt.NDArray[np.int64], found: Prices) -> Energies:
    """[3 * profiles, N] of int64 [columns, N]."""
    alike, group = np.unique(found.columns, axis=1, return_inverse=True)  # [3 * profiles, groups]
    members = [np.flatnonzero(group.ravel() == g) for g in range(alike.shape[1])]
    priced_groups = [g for g in range(alike.shape[1]) if alike[:, g].any()]
    weights = alike[:, priced_groups]
    energies = np.empty((len(weights), values.shape[1]))
    for start in range(0, values.shape[1], AT_ONCE):
        part = values[:, start : start + AT_ONCE]
        sums = np.empty((len(priced_groups), part.shape[1]))
        for row, g in enumerate(priced_groups):
            sums[row] = _added(part, members[g])
        np.matmul(weights, sums, out=energies[:, start : start + AT_ONCE])
    energies += found.fixed[:, None]
    return energies


def _added(part: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sum of some rows, exact."""
    if len(rows) == 1:
        first: npt.NDArray[np.int64] = part[rows[0]]
        return first
    whole: npt.NDArray[np.int64] = part[rows[0]] + part[rows[1]]
    for row in rows[2:]:
        whole += part[row]
    return whole


def _price(counts: NetworkCounts, nothing: NetworkCounts | None, pairs: Sequence[tuple[Profile, str]]) -> Energies:
    """J that `counts` cost over all their samples; rows that are as in `nothing` cost nothing."""
    rows = [layer for i, layer in enumerate(counts.layers) if nothing is None or layer != nothing.layers[i]]
    ends = np.zeros((len(pairs), 3))
    for at, (profile, deployment) in enumerate(pairs):
        for layer in rows:
            for term in priced(layer, counts, profile, deployment):
                ends[at] += term.energy.ends
    return ends.ravel()


def summary_of(energies: Mapping[str, Energies]) -> dict[str, dict[str, float]]:
    """Mean, least and most of the typical energies, and their 5th and 95th percentile, J, by profile."""
    found = {}
    for name, of in energies.items():
        typical = of[1]
        p5, p95 = (float(value) for value in np.percentile(typical, (5, 95)))
        found[name] = {
            "mean": float(typical.mean()),
            "min": float(typical.min()),
            "p5": p5,
            "p95": p95,
            "max": float(typical.max()),
        }
    return found
