"""From what a user names to a side of a difference: a report's folder, its report.json, or a layers.csv.

What is no such file, or one whose numbers do not fit each other, is refused in one sentence; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnhw.analysis.difference.side import FIXED, RUN, Price, PricedTerm, Row, Side
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.parameters import Parameters
from snnhw.analysis.report.place import LARGEST
from snnhw.errors import InputError
from snnhw.gates.plain_text import read_json, shown
from snnhw.gates.regular import is_file, read_bytes

REPORT = "report.json"
ANEW = "make the report anew"
WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, InputError)


def reads(source: str | Path) -> bool:
    """Whether `source` names a file that is read here: it ends in .json or .csv, or is a folder with a report.json."""
    path = Path(source)
    return path.suffix in (".json", ".csv") or (os.path.isdir(path) and is_file(path / REPORT))


def read_side(source: str | Path) -> Side:
    """The side that a file or a folder holds.

    Raises:
        InputError: there is no such file, or it is no report.json and no layers.csv.
    """
    path = Path(source)
    if os.path.isdir(path):
        path = path / REPORT
    if path.suffix == ".csv":
        return _from_table(path, str(source))
    return side_of(read_json(path, "report", "give a report's folder or its report.json", LARGEST), str(source))


def side_of(report: object, label: str) -> Side:
    """The side that the content of a report.json is.

    Raises:
        InputError: it is none, or its totals are not the sums of its layers.
    """
    try:
        side = _side(report, label)
        totals = report["totals"]  # type: ignore[index]
        said = {key: sum(totals[key]) if key == "spikes" else totals[key] for key in side.counts}
    except WRONG as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) and error.args else str(error)
        raise InputError(f"{label} is no report.json of snnhw ({reason.rstrip('.')}); {ANEW}.") from error
    for key, total in said.items():
        if total != side.total(key):
            raise InputError(f"{label} says {shown(total)} {key} and its layers add up to {side.total(key):,}; {ANEW}.")
    return side


def _side(report: Any, label: str) -> Side:
    stamp, known = report["stamp"], report.get("parameters", {})
    arriving: dict[str, int] = {}
    for edge in report["edges"]:
        arriving[edge["target"]] = arriving.get(edge["target"], 0) + _whole(edge["spikes"])
    rows = [_row(entry, arriving, known) for entry in report["layers"]]
    prices = {name: _price(name, found, stamp) for name, found in report["energy"].items()}
    names = [row.name for row in rows]
    if len(set(names)) < len(names) or not names:
        raise ValueError("its layers have no names of their own")
    whole = dict.fromkeys(name for price in prices.values() for name in price.layers if name not in names)
    accuracy = report["accuracy"]
    return Side(
        label,
        str(report["model"]["name"]),
        (*rows, *(Row(str(name), "", ()) for name in whole)),
        _whole(report["samples"], least=1),
        _whole(report["timesteps"], least=1),
        str(stamp["data"]),
        str(stamp["data_checksum"]),
        str(stamp["weights_checksum"]),
        str(stamp["date"]),
        None if accuracy is None else float(accuracy),
        prices,
        {str(found["message"]): str(found.get("remedy", "")) for found in report.get("assumed", ())},
        counted=str(stamp.get("counted", stamp["date"])),
    )


def _row(entry: Mapping[str, Any], arriving: Mapping[str, int], known: Mapping[str, Any]) -> Row:
    counts = {key: _whole(entry[key]) for key in (*RUN, *FIXED) if key in entry and key != "spikes"}
    counts["spikes"] = sum(_whole(level) for level in entry["spikes"])
    found = known.get(entry["name"])
    own = found and Parameters(
        _whole(found["weights"]),
        _whole(found["nonzero"]),
        str(found["sha256"]),
        tuple(map(str, found["wiring"])),
        tuple(map(str, found["neuron"])),
    )
    shape = tuple(_whole(size) for size in entry["shape"])
    levels, name = _whole(entry["levels"], least=1), str(entry["name"])
    return Row(name, str(entry["kind"]), shape, levels, counts, arriving.get(name, 0), own)


def _price(name: str, found: Mapping[str, Any], stamp: Mapping[str, Any]) -> Price:
    return Price(
        name,
        str(found["title"]),
        str(stamp["profiles"].get(name, "")),
        str(found["scope"]),
        str(found["deployment"]),
        _range(found["per_inference"]),
        {str(layer): _range(energy) for layer, energy in found["layers"].items()},
        tuple(
            PricedTerm(
                str(term["layer"]),
                str(term["part"]),
                str(term["constant"]),
                _range(term["count"]),
                _range(term["energy"]),
            )
            for term in found["terms"]
        ),
        {
            str(key): Range(float(c["si_low"]), float(c["si_typical"]), float(c["si_high"]))
            for key, c in found["constants"].items()
        },
    )


def _range(found: Mapping[str, Any]) -> Range:
    return Range(float(found["low"]), float(found["typical"]), float(found["high"]))


def _whole(value: object, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{shown(value)} where a whole number is needed")
    return value


def _from_table(path: Path, label: str) -> Side:
    remedy = "give the layers.csv of a report, or better its folder"
    text = read_bytes(path, "table of counts", remedy).decode("utf-8", errors="replace")
    try:
        rows = [_table_row(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]
        if not rows or len({row.name for row in rows}) < len(rows):
            raise ValueError("its layers have no names of their own")
    except (*WRONG, csv.Error) as error:
        reason = f"it has no column {error.args[0]!r}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise InputError(f"{path} is no layers.csv of snnhw ({reason}); {remedy}.") from error
    return Side(label, "", tuple(rows))


def _table_row(row: Mapping[str, str]) -> Row:
    counts = {key: _digits(row[key]) for key in (*RUN, *FIXED) if key in row and key != "spikes"}
    counts["spikes"] = sum(_digits(value) for key, value in row.items() if key and key.startswith("spikes_l"))
    if "unit_synops" not in counts:
        raise KeyError("unit_synops")
    shape = tuple(_digits(size) for size in row["shape"].split("x"))
    name = row["name"][1:] if row["name"].startswith("'") else row["name"]  # as `csv_cell` has put it
    return Row(name, row["kind"], shape, _digits(row["levels"]), counts)


def _digits(text: str | None) -> int:
    if text is None or not text.isdecimal():
        raise ValueError(f"{shown(text)} where a whole number is needed")
    return int(text)
