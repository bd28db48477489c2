"""A report as one flat dict of numbers, as TensorBoard, Weights & Biases and MLflow log them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnhw.analysis.report.report import Report

COUNTED = ("spikes", "events", "unit_synops", "replicated_synops", "macs", "neuron_updates")


def metrics(report: Report) -> dict[str, float]:
    """Name -> number: accuracies, counts per inference, rate, and joules per inference by profile and end.

    Names hold letters, digits and `_./-` alone, which all three take: "energy/loihi1-davies2018/typical_j".
    """
    counts = report.counts
    found = {f"accuracy/{_name(stage)}": float(share) for stage, share in report.accuracy.items()}
    found |= {f"counts/{key}": counts.total(key) / counts.samples for key in COUNTED}
    steps = report.model.neurons * counts.samples * counts.timesteps
    found["counts/rate"] = counts.total("spikes") / steps if steps else 0.0
    found |= {f"rate/{_name(layer.name)}": layer.rate(counts.samples, counts.timesteps) for layer in counts.layers}
    for profile, estimate in report.energy.items():
        for end, joule in estimate.per_inference.to_dict().items():
            found[f"energy/{_name(profile)}/{end}_j"] = joule
        for key, twin in report.ann.get(profile, {}).items():
            for end, joule in twin.per_inference.to_dict().items():
                found[f"energy/{_name(profile)}/twin_{_name(key)}/{end}_j"] = joule
    for profile, cases in report.static.items():
        for pace, case in cases.items():
            for end, joule in case.energy.per_inference.to_dict().items():
                found[f"energy/{_name(profile)}/with_static_{_name(pace)}/{end}_j"] = joule
    return found


def _name(text: str) -> str:
    """As all three tools take it."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_.-") else "_" for sign in text)
