"""What a report can be written as besides its own four files: one entry for each option of `snnhw report`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

from snnhw.analysis.report.figures import NAMES, figures
from snnhw.analysis.report.place import check_place
from snnhw.analysis.report.report import Report
from snnhw.analysis.sharing.badge import badge
from snnhw.analysis.sharing.bibliography import bibtex
from snnhw.analysis.sharing.card import card
from snnhw.analysis.sharing.latex import latex
from snnhw.analysis.sharing.spdx import spdx
from snnhw.files import write_atomically

FORMATS: Mapping[str, Callable[[Report], Mapping[str, bytes]]] = {  # option -> name of the file, and its bytes
    "latex": lambda report: {"tables.tex": latex(report).encode()},
    "bibtex": lambda report: {"sources.bib": bibtex(report).encode()},
    "figures": figures,
    "card": lambda report: {"model_card.md": card(report).encode()},
    "spdx": lambda report: {"energy.spdx.json": spdx(report).encode()},
    "badge": lambda report: {"badge.svg": badge(report).encode()},
}
FILES: Mapping[str, Sequence[str]] = {  # option -> names of the files that it can write
    "latex": ("tables.tex",),
    "bibtex": ("sources.bib",),
    "figures": NAMES,
    "card": ("model_card.md",),
    "spdx": ("energy.spdx.json",),
    "badge": ("badge.svg",),
}


def check_formats(names: Iterable[str], out: str | Path, *, force: bool = False) -> None:
    """Nothing, where the files of `names` may be written into the folder `out`: for a look before the work starts.

    Raises:
        InputError: it cannot be written, or holds a file of such a name that is of no report and `force` is not given.
    """
    check_place(out, [file for name in names for file in FILES[name]], force=force)


def write_formats(report: Report, names: Sequence[str], out: str | Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write what `names` of `FORMATS` give into the folder of the report; gives the paths.

    Raises:
        InputError: as `check_formats`, or matplotlib is missing for figures; nothing is written then.
    """
    check_formats(names, out, force=force)
    files = {file: data for name in names for file, data in FORMATS[name](report).items()}
    return tuple(write_atomically(Path(out) / name, partial(_put, data)) for name, data in files.items())


def _put(data: bytes, file: IO[bytes]) -> None:
    file.write(data)
