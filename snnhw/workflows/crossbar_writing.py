"""Writes what was found of models on crossbars into the folder of a comparison: crossbar.json and crossbar.csv."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from snnhw.analysis.report.place import CROSSBARS, check_place, is_ours
from snnhw.analysis.report.writing import csv_text, plain
from snnhw.files import write_text
from snnhw.gates.regular import is_file
from snnhw.workflows.crossbar import Compared


def write_verdicts(verdicts: Mapping[str, Compared], out: Path, *, force: bool = False) -> Path:
    """Write rows, claims, conditions and assumptions of each label as JSON, and the rows as CSV; gives the JSON's path.

    Raises:
        InputError: the folder cannot be written, or holds a file of such a name that is of no comparison and `force`
            is not given.
    """
    check_place(out, CROSSBARS, force=force)
    content = {"crossbar": {label: verdict.to_dict() for label, verdict in verdicts.items()}}
    written = write_text(out / CROSSBARS[0], json.dumps(plain(content), indent=1, allow_nan=False) + "\n")
    write_text(out / CROSSBARS[1], csv_text(verdicts_frame(verdicts)))
    return written


def drop_verdicts(out: Path) -> tuple[Path, ...]:
    """Remove those of an earlier comparison in the folder, which would be taken for the new one's; gives their paths.

    A file of such a name that is of no comparison stays.
    """
    found = tuple(path for name in CROSSBARS if is_file(path := out / name) and path.stat().st_size and is_ours(path))
    for path in found:
        path.unlink()
    return found


def verdicts_frame(verdicts: Mapping[str, Compared]) -> pd.DataFrame:
    """One row for each way to compute each model: J per inference, low, typical and high."""
    rows = [
        {
            "label": label,
            "way": row.name,
            "low_j": row.energy.low,
            "typical_j": row.energy.typical,
            "high_j": row.energy.high,
            "scope": row.scope,
            "bits": row.bits,
            "technology_nm": row.technology,
            "profile": row.profile,
            "samples": found.samples,
        }
        for label, found in verdicts.items()
        for row in found.verdict.rows
    ]
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame
