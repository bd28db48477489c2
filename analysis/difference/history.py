"""The runs of a folder, by date: one row for each report.json below it and each profile that priced it.

Takes a folder; gives rows that are read, never counted anew. What is called report.json and is none becomes a finding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from snnhw.analysis.difference.reading import REPORT, read_side
from snnhw.analysis.difference.side import Price, Side
from snnhw.analysis.digits import percent, range_text, short_count
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.report.plain_table import Column, lines_of, wrapped
from snnhw.analysis.report.sample_set import several
from snnhw.analysis.report.stamp import NOT_KEPT
from snnhw.errors import InputError
from snnhw.graph.finding import Finding

COLUMNS = (
    Column("date", right=False),
    Column("folder", right=False, folds=True),
    Column("model", right=False, folds=True),
    Column("accuracy"),
    Column("synops"),
    Column("energy"),
    Column("profile", right=False, folds=True),
)
MINUTES = 16  # characters of a date in ISO 8601 up to the minute
PRICED = "*"  # behind the date of a report that was made of stored counts


@dataclass(frozen=True)
class Run:
    """A report, as priced by one of its profiles."""

    folder: str  # below the folder that was asked for
    side: Side
    price: Price

    @property
    def synops(self) -> float:
        """Synops u per inference."""
        return self.side.total("unit_synops") / (self.side.samples or 1)

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it, in the order of `COLUMNS`."""
        side, energy = self.side, range_text(self.price.per_inference, "J")
        accuracy = "" if side.accuracy is None else percent(side.accuracy)
        day = side.date[:MINUTES].replace("T", " ") + PRICED * (side.counted == NOT_KEPT)
        return day, self.folder, side.model, accuracy, short_count(self.synops), energy, self.price.profile

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON and CSV; energies in J per inference."""
        side, price = self.side, self.price
        low, typical, high = price.per_inference.ends
        return {
            "date": side.date,
            "folder": self.folder,
            "model": side.model,
            "counted": side.counted,
            "data": side.data,
            "samples": side.samples,
            "timesteps": side.timesteps,
            "accuracy": side.accuracy,
            "unit_synops_per_inference": self.synops,
            "profile": price.profile,
            "scope": price.scope,
            "deployment": price.deployment,
            "low_j": low,
            "typical_j": typical,
            "high_j": high,
            "weights_checksum": side.weights_checksum,
            "data_checksum": side.data_checksum,
        }


@dataclass(frozen=True)
class History:
    """All runs of a folder, the oldest first; one of stored counts stands where it was priced, and `notes` says so."""

    runs: tuple[Run, ...]
    findings: tuple[Finding, ...]

    def shown(self, profiles: Sequence[str] = ()) -> tuple[Run, ...]:
        """The runs on these profiles; without a name, on the first profile of each report.

        Raises:
            InputError: no report is priced on one of them.
        """
        known = dict.fromkeys(run.price.profile for run in self.runs)
        for name in profiles:
            if name not in known:
                raise InputError(f"No report here is priced on {name!r}; there are {', '.join(known)}.")
        if profiles:
            return tuple(run for run in self.runs if run.price.profile in profiles)
        return tuple(run for run in self.runs if run.price.profile == next(iter(run.side.prices)))

    def notes(self, runs: Sequence[Run]) -> tuple[str, ...]:
        """What keeps these rows from being compared with each other, a sentence each, and the findings."""
        said = []
        scopes = dict.fromkeys(run.price.scope for run in runs)
        if len(scopes) > 1:
            words = "; ".join(f"{_profiles(runs, scope)}: {scope_words(scope)}" for scope in scopes)
            said.append(f"Energies of several scopes, not to be compared with each other: {words}.")
        sets = several(run.side.sample_set for run in runs)
        if sets > 1:
            said.append(f"The runs are on {sets} different sets of samples; --json names them.")
        if any(run.side.counted == NOT_KEPT for run in runs):
            said.append(
                f"{PRICED} Priced then from stored counts; when they were counted is {NOT_KEPT}, so it may be older."
            )
        return (*said, *(f"{f.message[0].upper()}{f.message[1:]}; {f.remedy}." for f in self.findings))

    def text(self, runs: Sequence[Run]) -> str:
        """These rows in lines of at most 80 columns."""
        lines = [*lines_of(COLUMNS, [run.cells for run in runs]), "Synops u and joules per inference."]
        for note in self.notes(runs):
            lines += wrapped(note)
        return "\n".join(lines)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per report and profile."""
        found: pd.DataFrame = pd.DataFrame([run.to_dict() for run in self.runs])
        return found

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "runs": [run.to_dict() for run in self.runs],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def history(folder: str | Path) -> History:
    """The runs below `folder`, itself included; folders whose name begins with a dot are left out.

    Raises:
        InputError: it is no folder, or no report.json of this program is in it.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder} is no folder; give the one that holds the folders of reports.")
    runs: list[Run] = []
    findings = []
    for path in _reports(Path(folder)):
        try:
            side = read_side(path)
        except InputError as error:
            remedy = "move it elsewhere, or make the report anew"
            findings.append(Finding("no-report", "warning", "", f"not read: {str(error).rstrip('.')}", remedy))
            continue
        place = os.path.relpath(path.parent, folder)
        runs += [Run(place, side, price) for price in side.prices.values()]
    if not runs:
        more = f" ({findings[0].message})" if findings else ""
        raise InputError(f"There is no report.json of snnhw below {folder}{more}; snnhw report writes one.")
    return History(tuple(sorted(runs, key=lambda run: (run.side.date, run.folder))), tuple(findings))


def _reports(folder: Path) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if REPORT in files:
            yield Path(place) / REPORT


def _profiles(runs: Sequence[Run], scope: str) -> str:
    return ", ".join(dict.fromkeys(run.price.profile for run in runs if run.price.scope == scope))
