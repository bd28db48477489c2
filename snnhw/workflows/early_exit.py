"""Accuracy, mean steps and energy of a model whose samples leave when the network is sure of them, by confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnhw.analysis.energy.early_exit import early_exits
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.rules.ways import check_run
from snnhw.workflows.for_data import check_labels, for_data
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Exit:
    """What a confidence gives."""

    confidence: float
    accuracy: float
    mean_steps: float
    left: tuple[int, ...]  # samples that left after step 1 .. T
    energy: Mapping[str, Range]  # J per inference, by profile

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        energy = {name: spent.to_dict() for name, spent in self.energy.items()}
        told = {"confidence": self.confidence, "accuracy": self.accuracy, "mean_steps": self.mean_steps}
        return {**told, "left": list(self.left), "energy": energy}


@dataclass(frozen=True)
class Exits:
    """All confidences, on the same samples."""

    model: str
    input: str
    samples: int
    timesteps: int
    exits: tuple[Exit, ...]
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        told = {"model": self.model, "input": self.input, "samples": self.samples, "timesteps": self.timesteps}
        return {**told, "exits": [one.to_dict() for one in self.exits], **findings_dict(self.findings)}


def evaluate_exits(
    model: LoadedModel, inputs: Samples, confidences: Sequence[float], profiles: Sequence[str] = ()
) -> Exits:
    """Let each sample of `inputs` leave `model` early, and price what it ran until then.

    Args:
        model: in floats.
        inputs: with labels.
        confidences: see `early_exits`; one that is given twice is listed once.
        profiles: names or TOML files; each prices in the deployment that it names.

    Raises:
        InputError: the samples have no labels or do not fit, or a profile or confidence cannot be used.
    """
    if inputs.targets is None:
        raise InputError(f"{inputs.name} has no labels; add an array 'target' to measure accuracy.")
    priced = [load_profile(name) for name in profiles]
    model = for_data(model, inputs)
    check_labels(model, inputs)
    check_run(model.graph)
    exits = tuple(
        Exit(
            found.confidence,
            found.accuracy(inputs.targets),
            found.mean_steps,
            found.left,
            {profile.name: found.energy(profile) for profile in priced},
        )
        for found in early_exits(model.graph, inputs.values, tuple(dict.fromkeys(confidences)))
    )
    return Exits(model.name, inputs.name, len(inputs.values), model.graph.timesteps, exits, model.findings)
