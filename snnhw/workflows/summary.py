"""One call, one table: what a network costs on some samples, layer by layer.

Takes what a user has at hand: a torch module, a loaded model or its name, and arrays, samples or their name. Simulates,
counts and prices as a report does, with the same functions, and gives the `Overview` of it; writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.overview import Overview
from snnhw.analysis.report.report import assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.data.inputs import load_inputs
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.nir.reading import AS_WRITTEN, Reading
from snnhw.progress import Progress
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel, called_model, load_model, model_given
from snnhw.workflows.measuring import measure
from snnhw.workflows.readings import with_readings
from snnhw.workflows.report import DEFAULT_PROFILES

if TYPE_CHECKING:
    from torch import Tensor, nn

GIVEN = "the samples given"  # what arrays are called that nobody named


def summary(
    model: nn.Module | LoadedModel | str | Path,
    inputs: Samples | Array | Tensor | str | Path,
    profiles: Sequence[str] = DEFAULT_PROFILES,
    reading: Reading = AS_WRITTEN,
    *,
    timesteps: int | None = None,
    progress: Progress | None = None,
) -> Overview:
    """The table of layers, totals, energies, twins and assumptions of `model` on `inputs`.

    Args:
        model: a torch module as for `model_of`, a loaded model, or what `load_model` takes.
        inputs: samples, what `load_inputs` takes, or an array or a tensor [N, *shape] or [N, T, *shape]; the first
            axis always counts samples.
        profiles: names or TOML files; the energies of the first stand in the rows.
        reading: what a NIR file does not say; `input_shape` of a module whose samples can be read in two ways.
        timesteps: T of a network that does not say it; the same as that of `reading`.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: the model or the samples cannot be used, do not fit each other, or a profile is unknown.
    """
    reading = reading if timesteps is None else replace(reading, timesteps=timesteps)
    named = isinstance(inputs, str | Path)
    known = None if named else _samples(inputs)
    loaded = _model(model, known, reading)
    samples = load_inputs(inputs, timesteps=loaded.timesteps) if named else known  # type: ignore[arg-type]
    assert samples is not None
    return overview_of(loaded, samples, profiles, progress)


def overview_of(
    model: LoadedModel,
    inputs: Samples,
    profiles: Sequence[str] = DEFAULT_PROFILES,
    progress: Progress | None = None,
) -> Overview:
    """The same of a loaded model and samples.

    Raises:
        InputError: they do not fit each other, or a profile is unknown.
    """
    chosen = [load_profile(name) for name in profiles]
    model = with_readings(for_data(model_given(model), inputs), inputs)
    measured = measure(model, inputs, progress)
    stamp = make_stamp(Origin(model.name, model.checksum), Origin(inputs.name, inputs.checksum), profiles=chosen)
    sections = Sections(accuracy=measured.accuracy, findings=model.findings, record=measured.record)
    return Overview(assemble(model.graph, count(model.graph, measured.record), chosen, stamp, sections))


def _samples(given: object) -> Samples:
    """Samples of an array or a tensor."""
    if isinstance(given, Samples):
        return given
    detach = getattr(given, "detach", None)
    values = detach().cpu().numpy() if detach is not None else given
    if isinstance(values, np.ndarray) and values.ndim > 1 and not len(values):
        raise InputError(f"The samples of shape {list(values.shape)} are none; give at least one.")
    if not isinstance(values, np.ndarray) or values.ndim < 2:
        kind = type(given).__name__
        raise InputError(f"Got a {kind} where samples are needed; give an array [N, *shape] or [N, T, *shape].")
    return inputs_of(GIVEN, values, None)


def _model(given: object, samples: Samples | None, reading: Reading) -> LoadedModel:
    """A loaded model of what was given."""
    if isinstance(given, LoadedModel):
        return given
    if isinstance(given, str | Path):
        return load_model(given, reading)
    modules = getattr(given, "modules", None)
    if not callable(modules):
        return model_given(given)
    if samples is None and reading.input_shape is None:
        raise InputError("Samples that are named do not say the size of a frame of a module; give reading.input_shape.")
    shape, steps = _frame(samples, reading)
    return called_model(given, shape, None, (reading.timesteps, steps), type(given).__name__)  # type: ignore[arg-type]


def _frame(samples: Samples | None, reading: Reading) -> tuple[tuple[int, ...], int | None]:
    """Size of a frame, and T where it is known."""
    axes = () if samples is None else samples.values.shape[1:]
    shape = reading.input_shape
    if shape is None:
        if len(axes) in (2, 5):
            raise InputError(
                f"Samples {list(samples.values.shape)} may be images of one channel or have time steps; "  # type: ignore[union-attr]
                "give reading=Reading(input_shape=...)."
            )
        shape = axes if len(axes) in (1, 3) else axes[1:]
    lasting = len(axes) == len(shape) + 1
    return tuple(shape), axes[0] if lasting and reading.timesteps is None else reading.timesteps
