"""Accuracy and energy of a model by the number of time steps it is run for: what `any_timesteps` trains for.

A run of t steps takes the first t of the model's own: a static sample is shown t times, a recording is cut off. Its
spikes and logits are those of a longer run until then, since no step knows of a later one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.early_exit import first_steps
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import TIMESTEPS, findings_dict
from snnhw.graph.finding import Finding
from snnhw.progress import Progress, counter
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import has_steps
from snnhw.workflows.evaluate import execution_of
from snnhw.workflows.for_data import check_labels, for_data
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Lasting:
    """What a number of time steps gives."""

    timesteps: int
    accuracy: float
    energy: Mapping[str, Range]  # J per inference, by profile

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        energy = {name: spent.to_dict() for name, spent in self.energy.items()}
        return {"timesteps": self.timesteps, "accuracy": self.accuracy, "energy": energy}


@dataclass(frozen=True)
class ByTimesteps:
    """All numbers of steps, on the same samples."""

    model: str
    input: str
    samples: int
    lasting: tuple[Lasting, ...]
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        told = {"model": self.model, "input": self.input, "samples": self.samples}
        return {**told, "by_timesteps": [one.to_dict() for one in self.lasting], **findings_dict(self.findings)}


def evaluate_timesteps(
    model: LoadedModel,
    inputs: Samples,
    timesteps: Sequence[int],
    profiles: Sequence[str] = (),
    progress: Progress | None = None,
) -> ByTimesteps:
    """Run `model` for each number of `timesteps` on all `inputs`, and price it.

    Args:
        model: in floats.
        inputs: with labels; recordings last as many steps as the model.
        timesteps: each once, in the order they are to be listed.
        profiles: names or TOML files; each prices in the deployment that it names.
        progress: told of every sample once for each number of steps.

    Raises:
        InputError: the samples have no labels, do not fit or do not last as long, the model is in integers, or a
            profile cannot be used.
    """
    if inputs.targets is None:
        raise InputError(f"{inputs.name} has no labels; add an array 'target' to measure accuracy.")
    priced = [load_profile(name) for name in profiles]
    model = for_data(model, inputs)
    check_labels(model, inputs)
    check_run(model.graph)
    whole = model.graph
    if whole.is_integer:
        raise InputError(f"{whole.name!r} is in integers that were fitted to its own T; give the network in floats.")
    recorded = has_steps(whole, inputs.values)
    if recorded and max(timesteps) > inputs.values.shape[1]:
        raise InputError(
            f"{inputs.name} lasts {inputs.values.shape[1]} time steps and {max(timesteps)} are asked for; give fewer."
        )
    asked = tuple(dict.fromkeys(timesteps))
    finished = counter(progress, "evaluation", len(asked) * len(inputs.values))
    found = []
    for steps in asked:
        graph = whole.replace(timesteps=steps)
        values = first_steps(graph, inputs.values, whole.timesteps)
        record = simulate(graph, values, execution=execution_of(model), progress=finished)
        counts = count(graph, record) if priced else None
        energy = {p.name: estimate(counts, p).per_inference for p in priced} if counts is not None else {}
        found.append(Lasting(steps, record.accuracy(inputs.targets), energy))
    told = [one for one in model.findings if recorded or one.code != TIMESTEPS]  # of a static sample T is said here
    if recorded and min(asked) < whole.timesteps:
        told.append(_beginning(inputs, whole.timesteps))
    return ByTimesteps(model.name, inputs.name, len(inputs.values), tuple(found), tuple(told))


def _beginning(inputs: Samples, timesteps: int) -> Finding:
    """That fewer steps of a recording are its beginning; one T alone cuts the events of a data set anew."""
    message = f"a run of t steps sees the first t of the {timesteps} frames of {inputs.name}, so its beginning"
    whole = "give one --timesteps alone to cut all of it into t frames" if inputs.binned else "none needed"
    return Finding("first-frames", "info", "", message, whole)
