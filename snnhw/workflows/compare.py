"""One model against its ANN twins, or several side by side: accuracy against energy, with the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.report.comparison import Comparison, compare_reports
from snnhw.analysis.report.place import COMPARISON, REPORT, check_place
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.writing import write_comparison
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.text import file_name
from snnhw.progress import Progress
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.report import ReportOptions, build_report, make_report

OF_ONE_MODEL = (
    "model",
    "samples",
    "accuracy_by_stage",
    "ann",
    "breakeven",
    "findings",
    "assumed",
)  # of its report.json


@dataclass(frozen=True)
class Compared:
    """The reports of all models by label; the comparison of several."""

    reports: Mapping[str, Report]
    comparison: Comparison | None  # None of one model
    page: Path | None  # of the comparison, or of the one report, where something was written

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        if self.comparison is not None:
            return self.comparison.to_dict()
        (report,) = self.reports.values()
        return {key: value for key, value in report.to_dict().items() if key in OF_ONE_MODEL}


def compare(
    models: Mapping[str, tuple[LoadedModel, Samples]],
    folder: str | Path | None = None,
    options: ReportOptions | None = None,
    progress: Progress | None = None,
) -> Compared:
    """Report every model on its samples and set them side by side.

    Args:
        models: by label, each with the samples that it runs on; T may differ.
        folder: gets a report per label and, of several models, the comparison; None writes nothing.
        options: of all reports; `ann` only where there is one model.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: a twin is named for several models, or as `build_report`.
    """
    options, folder = options or ReportOptions(), None if folder is None else Path(folder)
    if options.ann is not None and len(models) > 1:
        raise InputError(f"--ann is the twin of one model and {len(models)} are named; compare them one by one.")
    if folder is not None:
        for label in models:
            check_place(folder / file_name(label), REPORT, force=options.force)
        check_place(folder, COMPARISON if len(models) > 1 else (), force=options.force)
    reports: dict[str, Report] = {}
    page = None
    for label, (model, inputs) in models.items():
        if folder is None:
            reports[label] = build_report(model, inputs, options, progress)
        else:
            reports[label], page = make_report(model, inputs, folder / file_name(label), options, progress)
    if len(reports) == 1:
        return Compared(reports, None, page)
    found = compare_reports(reports)
    return Compared(reports, found, None if folder is None else write_comparison(found, folder, force=options.force))
