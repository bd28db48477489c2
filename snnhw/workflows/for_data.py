"""The model for the data it meets: T where it is not said, and whether the input is analogue or events.

Axes go by one rule, whatever their lengths: the first one counts samples. Data [N, *shape] are N samples without time
steps, each held for all T of them; data [N, T, *shape] have T steps.
"""

from __future__ import annotations

from dataclasses import replace

from snnhw.data.labels import row_of_classes
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import TIMESTEPS
from snnhw.graph.finding import Finding
from snnhw.simulation.frames import as_images
from snnhw.workflows.input_kind import foreign_labels, with_input_kind
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel


def for_data(model: LoadedModel, *data: Samples) -> LoadedModel:
    """`model` with the T and the kind of input of all `data` that enter it, the calibration included.

    What its integers may clip in that T is among its findings.

    Raises:
        InputError: as `with_timesteps` and `with_input_kind`.
    """
    return with_integer_findings(with_input_kind(with_timesteps(model, *data), *data))


def judging(model: LoadedModel, data: Samples) -> Samples:
    """`data`, without its labels where some are no class of `model`, of which a finding of `for_data` speaks.

    Raises:
        InputError: there are labels and the model ends in no row of classes.
    """
    if foreign_labels(model, data):
        return replace(data, targets=None)
    check_labels(model, data)
    return data


def check_labels(model: LoadedModel, data: Samples) -> None:
    """Nothing, where `data` have no labels, or `model` can be judged by them.

    Raises:
        InputError: it ends in no row of classes, or a label is no class of it. Where accuracy is all that is asked for;
            `judging` is for the others.
    """
    if data.targets is not None and model.graph.readouts:
        data.labels(row_of_classes(model.graph.readouts[0].shape))


def with_timesteps(model: LoadedModel, *data: Samples) -> LoadedModel:
    """`model` with the T of `data` where it would be assumed; `model` itself where that changes nothing.

    The events of a named data set have as many steps as they are binned into, so that their T stays an assumption.

    Raises:
        InputError: the steps of two data differ from each other, or those of one from `--timesteps`, or data without a
            T that is said have other axes than the input.
    """
    shape = model.graph.input.shape
    lasting = [s for s in data if as_images(shape, s.values).shape[2:] == shape]
    steps = {samples.values.shape[1]: samples for samples in reversed(lasting)}
    if len(steps) > 1:
        (few, one), (many, other), *_ = sorted(steps.items())
        raise InputError(f"{one.name} has {few} time steps and {other.name} has {many}; give data of one T.")
    said = model.reading.timesteps
    for found, samples in steps.items():
        if said is not None and found != said:
            raise InputError(
                f"{samples.name} has {found} time steps and --timesteps says {said}; leave --timesteps out, or give "
                f"data of {said} steps."
            )
    if model.timesteps is not None or not data:
        return model
    for given in data:
        axes = as_images(shape, given.values).shape
        if shape not in (axes[1:], axes[2:]):
            frame = ", ".join(map(str, shape))
            raise InputError(
                f"{given.name} of shape {list(given.values.shape)} does not fit {model.name!r}; give [N, {frame}], "
                f"or [N, T, {frame}] of T time steps."
            )
    if steps:
        ((found, samples),) = steps.items()
        told = (_binned(samples, found),) if all(s.binned for s in lasting) else ()
        return _lasting(model, found, told)
    return _lasting(model, model.graph.timesteps, (_held(model, data[0]),))


def _lasting(model: LoadedModel, timesteps: int, told: tuple[Finding, ...]) -> LoadedModel:
    """`model` of `timesteps` steps, of which `told` is what remains to be said."""
    if told and set(told) <= set(model.findings):
        return model
    kept = tuple(finding for finding in model.findings if finding.code != TIMESTEPS)
    findings = (*kept, *told)
    return replace(model, graph=model.graph.replace(timesteps=timesteps, findings=findings), findings=findings)


def _binned(samples: Samples, steps: int) -> Finding:
    message = f"neither the file nor {samples.name} says how many time steps a sample lasts; its events are put into "
    return Finding(TIMESTEPS, "warning", "", f"{message}{steps}, as is usual for this data set", "give --timesteps")


def _held(model: LoadedModel, samples: Samples) -> Finding:
    shape, steps = ", ".join(map(str, model.graph.input.shape)), model.graph.timesteps
    return Finding(
        TIMESTEPS,
        "warning",
        "",
        f"the file does not say how many time steps a sample lasts; {samples.name} {list(samples.values.shape)} is "
        f"taken for {len(samples)} samples without time steps, and each is held for {steps} steps",
        f"give --timesteps, or samples with steps as [N, T, {shape}]",
    )
