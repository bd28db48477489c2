"""Tidy frames for `layers.csv` and `energy.csv`: one row per layer, one row per (profile, layer, part)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from snnhw.analysis.counting.counts import BY_STEP, NetworkCounts
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.ranges import Range


def layers_frame(counts: NetworkCounts) -> pd.DataFrame:
    """One row per layer; exact integer sums over the samples, `spikes_l1` .. `spikes_lK` per level."""
    rows = []
    for layer in counts.layers:
        row = layer.to_dict(counts.samples, counts.timesteps)
        del row["spikes"], row["spikes_t"]
        row["shape"] = "x".join(str(size) for size in layer.shape)
        row["synapse_nodes"] = " ".join(layer.synapse_nodes)
        for k in range(counts.max_levels):
            row[f"spikes_l{k + 1}"] = layer.spikes[k] if k < len(layer.spikes) else 0
        rows.append(row)
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame


def steps_frame(steps: Sequence[NetworkCounts]) -> pd.DataFrame:
    """One row per time step and layer, steps from 1; exact integer sums over the samples of what differs by step."""
    rows = []
    for number, counts in enumerate(steps, start=1):
        layers = layers_frame(counts)
        layers.insert(0, "step", number)
        rows.append(layers)
    columns = ["step", "name", *(c for c in rows[0].columns if c.startswith("spikes_l")), *BY_STEP]
    frame: pd.DataFrame = pd.concat(rows, ignore_index=True)[columns]
    return frame


def energy_frame(estimates: Mapping[str, EnergyEstimate]) -> pd.DataFrame:
    """One row per profile, layer and part: J per inference, low, typical and high."""
    rows = []
    for name, estimate in estimates.items():
        groups: dict[tuple[str, str], list[Range]] = {}
        for term in estimate.terms:
            groups.setdefault((term.layer, term.part), []).append(term.energy)
        for (layer, part), energies in groups.items():
            total = Range.total(energies)
            rows.append(
                {
                    "profile": name,
                    "deployment": estimate.deployment,
                    "layer": layer,
                    "part": part,
                    "low_j": total.low,
                    "typical_j": total.typical,
                    "high_j": total.high,
                }
            )
    columns = ["profile", "deployment", "layer", "part", "low_j", "typical_j", "high_j"]
    frame: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return frame
