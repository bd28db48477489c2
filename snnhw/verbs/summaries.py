"""Verbs that answer at once: summary, a table in one screen, and energy, one line; neither writes a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Dt,
    Json,
    Kind,
    Model,
    Profiles,
    Quiet,
    Reset,
    Shape,
    TestInput,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
)
from snnhw.verbs.terminal import progress_bars, show, show_lines

if TYPE_CHECKING:
    from snnhw.analysis.report.overview import Overview

FIRST = 20  # samples that are enough for an answer at once
First = Annotated[int, typer.Option("--samples", min=1, help="use only the first N samples")]


def summary(
    model: Model,
    source: TestInput = None,
    profile: Profiles = None,
    kind: Kind = None,
    data: Data = None,
    samples: First = FIRST,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One table: spikes, rate, synops and joules of every layer, totals, the ANN twin, and what was assumed."""
    reading = Reading(dt, written_by, reset, timesteps, frame(shape))
    made = _Question(model, reading, source, data, kind, samples, profile).answer(quiet or as_json)
    from snnhw.verbs.tables.summaries import overview_lines

    show(made.to_dict(), as_json, *overview_lines(made))


def energy(
    model: Model,
    source: TestInput = None,
    profile: Profiles = None,
    kind: Kind = None,
    data: Data = None,
    samples: First = FIRST,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One line for each profile: joules of an inference, what they cover, whose constants, what was assumed."""
    reading = Reading(dt, written_by, reset, timesteps, frame(shape))
    made = _Question(model, reading, source, data, kind, samples, profile).answer(quiet or as_json)
    shown = made.to_dict()
    kept = ("data", "per", "samples", "timesteps", "energy", "headline", "answers", "findings", "assumed")
    if as_json:
        show({key: shown[key] for key in kept}, as_json)
    else:
        show_lines((*made.answers, f"mean over {made.run}"))


@dataclass(frozen=True)
class _Question:
    """What is asked about which model, as it was typed."""

    model: str
    reading: Reading
    source: str | None
    data: Path | None
    kind: str | None
    samples: int
    profiles: list[str] | None

    def answer(self, quiet: bool) -> Overview:
        """Loads, runs, counts and prices; names that cannot exist are refused first."""
        if self.source is not None:
            check_data(self.data, self.source)
        check_names([self.model], [self.source], self.profiles or (), quiet=quiet)
        from snnhw.data.inputs import load_inputs
        from snnhw.workflows.evaluate import evaluation_data
        from snnhw.workflows.load import load_model
        from snnhw.workflows.report import DEFAULT_PROFILES
        from snnhw.workflows.summary import overview_of

        loaded = load_model(self.model, self.reading)
        source = self.source or evaluation_data(loaded)
        inputs = load_inputs(source, self.data, loaded.timesteps, self.kind).first(self.samples)
        with progress_bars(quiet) as tick:
            return overview_of(loaded, inputs, self.profiles or DEFAULT_PROFILES, tick)
