"""What two runs differ in: reports, stored counts, tables of counts or models, in any pairing.

A model among them runs on the samples of the other side, at its number of samples and on its profiles, so that what is
left is a difference of the networks; two models run on the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.reading import read_side, reads, side_of
from snnhw.analysis.difference.side import Side
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nir.reading import AS_WRITTEN, Reading
from snnhw.progress import Progress

if TYPE_CHECKING:  # two reports are read without torch
    from snnhw.analysis.report.overview import Overview
    from snnhw.analysis.report.report import Report
    from snnhw.workflows.load import LoadedModel

    Given = str | Path | Report | Overview | LoadedModel

PROFILE = "--profile"
FIRST = 20  # samples that two models run on where nothing says how many


@dataclass(frozen=True)
class Running:
    """What models among the two run on; all of it None or empty where a report says it."""

    source: Samples | str | Path | None = None  # samples, a data set or a file
    data: Path | None = None  # folder with data sets
    kind: str | None = None  # analogue or events
    samples: int | None = None  # the first so many
    profiles: Sequence[str] = ()
    reading: Reading = AS_WRITTEN

    @property
    def said(self) -> tuple[str, ...]:
        """Options that are given; two files leave no room for any of them."""
        given = {
            "--input": self.source,
            "--data": self.data,
            "--input-kind": self.kind,
            "--samples": self.samples,
            PROFILE: self.profiles,
            "--timesteps": self.reading.timesteps,
            "--input-shape": self.reading.input_shape,
        }
        options = [option for option, value in given.items() if value]
        return (*options, *self.reading.for_files_alone())


AS_SAID = Running()


def diff(a: Given, b: Given, running: Running = AS_SAID, progress: Progress | None = None) -> Difference:
    """What `b` has more or less than `a`.

    Args:
        a: a report, its folder or its report.json, a counts.parquet, which is priced as the other side is, a
            layers.csv, or a model as `load_model` takes it.
        b: the same.
        running: what models among them run on.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: one of them cannot be read or run, nothing says what a model shall run on, or options are given and
            nothing runs.
    """
    given = (a, b)
    known = [_known(side) for side in given]
    known = [_stored(side, known, running) if read is None else read for side, read in zip(given, known, strict=True)]
    models = [side for side, read in zip(given, known, strict=True) if read is None]
    if not models:
        idle = [option for option in running.said if option != PROFILE or not any(map(is_stored, given))]
        if idle:
            raise InputError(f"Both sides are read and nothing runs, so leave {', '.join(idle)} out.")
        return Difference(*(side for side in known if side is not None))
    from snnhw.workflows.load import LoadedModel
    from snnhw.workflows.summary import overview_of

    loaded = _loaded(models, running.reading)
    inputs, profiles = _samples(loaded, known, running), _profiles(known, running)
    run: list[Side] = []
    for side, read in zip(given, known, strict=True):
        if read is None:
            model = loaded.pop(0)
            made = overview_of(model, inputs(model), profiles, progress)
            label = model.name if isinstance(side, LoadedModel) else str(side)
            read = replace(side_of(made.report.to_dict(), label), ran_here=True)
        run.append(read)
    return Difference(*run)


def is_model(given: object) -> bool:
    """Whether it has to run, or is no side at all."""
    return not is_stored(given) and not (isinstance(given, str | Path) and reads(given))


def is_stored(given: object) -> bool:
    """Whether it names a file of stored counts."""
    return isinstance(given, str | Path) and Path(given).suffix == ".parquet"


def _stored(given: object, known: Sequence[Side | None], running: Running) -> Side | None:
    """The side of a file of stored counts, priced on the profiles of the other; None of anything else."""
    if not is_stored(given):
        return None
    from snnhw.analysis.stored.table import read_counts
    from snnhw.workflows.stored import report_stored

    report = report_stored(read_counts(Path(str(given))), _profiles(known, running))
    return side_of(report.to_dict(), str(given))


def _known(given: object) -> Side | None:
    """The side that a file or an object is as it stands."""
    if isinstance(given, str | Path):
        return read_side(given) if reads(given) else None
    from snnhw.analysis.report.overview import Overview
    from snnhw.analysis.report.report import Report

    report = given.report if isinstance(given, Overview) else given
    return side_of(report.to_dict(), report.model.name) if isinstance(report, Report) else None


def _loaded(models: Sequence[object], reading: Reading) -> list[LoadedModel]:
    from snnhw.workflows.load import LoadedModel, load_models

    names = [str(model) for model in models if isinstance(model, str | Path)]
    read = iter(load_models(names, reading).values())
    found = [next(read) if isinstance(model, str | Path) else model for model in models]
    for model in found:
        if not isinstance(model, LoadedModel):
            raise InputError(f"Got a {type(model).__name__}; give a report, its folder, a loaded model or its name.")
    return found  # type: ignore[return-value]


def _samples(
    models: Sequence[LoadedModel], known: Sequence[Side | None], running: Running
) -> Callable[[LoadedModel], Samples]:
    """The samples of a model: those that are named, else those of the other side, else those of its own test split."""
    from snnhw.data.inputs import load_inputs
    from snnhw.workflows.evaluate import evaluation_data

    report = next((side for side in known if side is not None and side.samples is not None), None)
    source, number = running.source, running.samples
    if isinstance(source, Samples):
        given = source.first(number)
        return lambda _model: given
    if source is None and report is not None:
        source, number = report.data, number or report.samples
    elif source is None:
        source = evaluation_data(models[0])
    number = number or (FIRST if report is None else report.samples)
    chosen = source

    def inputs(model: LoadedModel) -> Samples:
        try:
            return load_inputs(chosen, running.data, model.timesteps, running.kind).first(number)
        except InputError as error:
            if running.source is not None or report is None:
                raise
            message = f"{report.label} ran on {report.data}, which is not here; name it with --input."
            raise InputError(message) from error

    return inputs


def _profiles(known: Sequence[Side | None], running: Running) -> Sequence[str]:
    """The profiles that are named, else those of the other side that this program has, else the usual ones."""
    from snnhw.analysis.hardware.profiles import available_profiles
    from snnhw.workflows.report import DEFAULT_PROFILES

    theirs = [name for side in known if side is not None for name in side.prices if name in available_profiles()]
    return tuple(running.profiles) or theirs or DEFAULT_PROFILES
