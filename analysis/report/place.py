"""Where a report or a measurement may be written: over an earlier one, never over a file that is something else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.folder import check_folder
from snnhw.gates.regular import is_file, open_regular

PAGE_SIGN = '<meta name="generator" content="snnhw">'
SIGNS = {  # file -> what stands near its beginning
    "report.html": PAGE_SIGN,
    "report.json": '"stamp": {',
    "layers.csv": "name,kind,shape,",
    "energy.csv": "profile,deployment,layer,part,",
    "steps.csv": "step,name,",
    "compare.html": PAGE_SIGN,
    "measured.csv": "system,counter,scope,",
    "work.toml": 'model = "measured"',
    "whole.toml": 'model = "measured"',
    "compare.json": '"models": {',
    "compare.csv": "label,",
}
BEGINNING = 2000  # bytes that are looked at
REPORT = ("report.json", "layers.csv", "energy.csv", "report.html")
MEASUREMENT = ("measured.csv", "work.toml", "whole.toml")
COMPARISON = ("compare.json", "compare.csv", "compare.html")


def check_place(folder: Path | str, names: Iterable[str], *, force: bool = False) -> None:
    """Nothing, where files of these names may be written into `folder`, which need not be there yet.

    Raises:
        InputError: it is no folder or cannot be written, or there is a file of such a name that is no part of a report
            or of a measurement and `force` is not given.
    """
    check_folder(folder)
    for name in names:
        path = Path(folder) / name
        if path.is_dir():
            raise InputError(f"Cannot write {path}: Is a directory; choose another folder.")
        if not force and not is_ours(path):
            what = "measurement" if name in MEASUREMENT else "report"
            raise InputError(f"{path} exists and is of no {what}; choose another folder or give --force.")


def is_ours(path: Path) -> bool:
    """Whether `path` is the part of a report that its name says; so is an empty file, and no file at all."""
    if not is_file(path):
        return True  # a device is written to
    with open_regular(path, "part of a report", "choose another folder") as file:
        beginning = file.read(BEGINNING)
    return not beginning or SIGNS[path.name].encode() in beginning
