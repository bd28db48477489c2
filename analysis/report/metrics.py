"""A report as one flat dict of numbers, as TensorBoard, Weights & Biases and MLflow log them."""

from __future__ import annotations

from collections.abc import Mapping

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.report.sections import StaticCase

COUNTED = ("spikes", "events", "unit_synops", "replicated_synops", "macs", "neuron_updates")


def metrics(
    counts: NetworkCounts,
    neurons: int,
    energy: Mapping[str, EnergyEstimate],
    ann: Mapping[str, Mapping[str, AnnEstimate]],
    static: Mapping[str, Mapping[str, StaticCase]],
    accuracy: Mapping[str, float],
) -> dict[str, float]:
    """Name -> number: accuracies, counts per inference, rate, and joules per inference by profile and end.

    Names hold letters, digits and `_./-` alone, which all three take: "energy/loihi1-davies2018/typical_j". The
    arguments are the fields of a `Report`; `neurons` are those that fire.
    """
    found = {f"accuracy/{_name(stage)}": float(share) for stage, share in accuracy.items()}
    found |= {f"counts/{key}": counts.total(key) / counts.samples for key in COUNTED}
    steps = neurons * counts.samples * counts.timesteps
    found["counts/rate"] = counts.total("spikes") / steps if steps else 0.0
    found |= {f"rate/{_name(layer.name)}": layer.rate(counts.samples, counts.timesteps) for layer in counts.layers}
    for profile, estimate in energy.items():
        for end, joule in estimate.per_inference.to_dict().items():
            found[f"energy/{_name(profile)}/{end}_j"] = joule
        for key, twin in ann.get(profile, {}).items():
            for end, joule in twin.per_inference.to_dict().items():
                found[f"energy/{_name(profile)}/twin_{_name(key)}/{end}_j"] = joule
    for profile, cases in static.items():
        for pace, case in cases.items():
            for end, joule in case.energy.per_inference.to_dict().items():
                found[f"energy/{_name(profile)}/with_static_{_name(pace)}/{end}_j"] = joule
    return found


def _name(text: str) -> str:
    """As all three tools take it."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_.-") else "_" for sign in text)
