"""Writes what a study found into a folder: fractions.json, fractions.csv with a row for each training, the picture."""

from __future__ import annotations

import json
from pathlib import Path

from snnhw.analysis.report.place import DATA_STUDY, check_place
from snnhw.analysis.report.writing import csv_text, plain
from snnhw.files import write_text
from snnhw.studies.picture import plot_fractions
from snnhw.studies.result import DataStudy, study_frame


def write_study(study: DataStudy, out: Path, picture: Path | None = None, *, force: bool = False) -> Path:
    """Write the study; gives the path of its JSON.

    Args:
        study: all trainings.
        out: the folder.
        picture: its path; None draws none.
        force: replace files of these names that are of no study.

    Raises:
        InputError: the folder cannot be written, or holds a file of such a name that is of no study.
    """
    check_place(out, DATA_STUDY, force=force)
    written = write_text(out / DATA_STUDY[0], json.dumps(plain(study.to_dict()), indent=1, allow_nan=False) + "\n")
    write_text(out / DATA_STUDY[1], csv_text(study_frame(study)))
    if picture is not None:
        plot_fractions(study, picture)
    return written
