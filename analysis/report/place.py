"""Where a report or a measurement may be written: over an earlier one, never over a file that is something else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.folder import check_folder
from snnhw.gates.regular import is_file, open_regular

COUNTS, COUNTS_SIGN = "counts.parquet", "counts of spikes, sha256 "  # stands near the end of the table
PAGE_SIGN = '<meta name="generator" content="snnhw">'
SIGNS = {  # file -> what stands near its beginning
    "report.html": PAGE_SIGN,
    "report.json": '"stamp": {',
    "layers.csv": "name,kind,shape,",
    "energy.csv": "profile,deployment,layer,part,",
    "steps.csv": "step,name,",
    COUNTS: COUNTS_SIGN,
    "compare.html": PAGE_SIGN,
    "measured.csv": "system,counter,scope,",
    "work.toml": 'model = "measured"',
    "whole.toml": 'model = "measured"',
    "compare.json": '"models": {',
    "compare.csv": "label,",
    "crossbar.json": '"crossbar": {',
    "crossbar.csv": "label,way,",
    "diff.html": PAGE_SIGN,
    "diff.json": '"a": {',
    "diff.csv": "layer_a,layer_b,matched,",
    "sweep.html": PAGE_SIGN,
    "sweep.json": '"sweep": ',
    "sweep.csv": "trial,state,on_front,",
    "devices.html": PAGE_SIGN,
    "devices.json": '"lossless_adc_bits": ',
    "devices.csv": "axis,value,seed,",
    "fractions.json": '"data_study": ',
    "fractions.csv": "recipe,network,fraction,seed,",
    "tables.tex": "% Tables by snnhw.",
    "sources.bib": "% References by snnhw",
    "model_card.md": "- energy-estimate\nmodel-index:",
    "energy.spdx.json": '"spdxId": "urn:snnhw:',
    "badge.svg": 'aria-label="energy per inference, estimated: ',
}
CREATOR = "snnhw"  # in the metadata of figures
FIGURE_SIGNS = {
    ".svg": f"<dc:title>{CREATOR}</dc:title>",
    ".pdf": f"/Creator ({CREATOR})",
    ".png": f"Creator\0{CREATOR}",
}
ENDS = 2000  # bytes that are looked at, at the beginning and at the end of a file
LARGEST = 64 * 2**20  # bytes of a report.json; that of a ResNet-34 has 5 MiB
REPORT = ("report.json", "layers.csv", "energy.csv", COUNTS, "report.html")
MEASUREMENT = ("measured.csv", "work.toml", "whole.toml")
DIFFERENCE = ("diff.json", "diff.csv", "diff.html")
SWEEP = ("sweep.json", "sweep.csv", "sweep.html")
DEVICES = ("devices.json", "devices.csv", "devices.html")
CROSSBARS = ("crossbar.json", "crossbar.csv")
DATA_STUDY = ("fractions.json", "fractions.csv")
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
            what = "measurement" if name in MEASUREMENT else "study" if name in DATA_STUDY else "report"
            raise InputError(f"{path} exists and is of no {what}; choose another folder or give --force.")


def check_replaceable(path: Path | str, sign: str, what: str, *, force: bool = False) -> None:
    """Nothing, where the one file `path` may be written: it is new, empty, no regular file or has the `sign`.

    Raises:
        InputError: it is something else than `what`, such as "trace", and `force` is not given.
    """
    if not force and not _signed(Path(path), sign):
        raise InputError(f"{path} exists and is no {what}; choose another name or give --force.")


def is_ours(path: Path) -> bool:
    """Whether `path` is the part of a report that its name says; so is an empty file, and no file at all."""
    return _signed(path, SIGNS[path.name] if path.name in SIGNS else FIGURE_SIGNS[path.suffix])


def _signed(path: Path, sign: str) -> bool:
    if not is_file(path):
        return True  # a device is written to
    with open_regular(path, "part of a report", "choose another folder") as file:
        ends = file.read(ENDS)
        file.seek(max(file.seek(0, os.SEEK_END) - ENDS, 0))  # a PDF says at its end who made it
        ends += file.read(ENDS)
    return not ends or sign.encode() in ends
