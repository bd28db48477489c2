"""The tables of docs/little_data.md, from the numbers of the study that lie beside this file.

    python benchmarks/little_data/table.py              # the recorded numbers, in a second

The study itself, into the folder fractions, in which the same command goes on if it was stopped:

    snnhw diagnose --data-fractions 0.01,0.05,0.1,0.3,1 --out fractions
    python benchmarks/little_data/table.py --record fractions     # then takes its numbers, picture and tables over

Prints accuracies, all differences that are claimed, and the energy of an inference at an accuracy. The last line counts
the verdicts of every pair of networks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from snnhw.analysis.digits import DASH, range_text
from snnhw.analysis.ranges import Range
from snnhw.files import write_text

RECORDED = Path(__file__).parent / "fractions.json"
NAMES = {"digits_little": "digits", "fashion_little": "Fashion-MNIST", "nmnist_little": "N-MNIST"}
DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "little_data.md"
BEGIN, END = "<!-- tables of the study -->", "<!-- end of the tables -->"
TWIN = "int8, with memory"
Study = Mapping[str, Any]


def accuracies(study: Study, recipe: str) -> Iterator[str]:
    """A row for each network, a column for each share."""
    shares = study["fractions"]
    yield f"| {NAMES[recipe]} | " + " | ".join(f"{100 * share:g} %" for share in shares) + " |"
    yield "|---|" + "---:|" * len(shares)
    found = {(cell["network"], cell["fraction"]): cell for cell in study["cells"] if cell["recipe"] == recipe}
    for name, title in study["networks"].items():
        yield f"| {title} | " + " | ".join(points(found[name, share]["accuracy"]) for share in shares) + " |"
    samples = [f"{found['mlf1', share]['samples']:,} ({often(found['mlf1', share]['shown'])})" for share in shares]
    yield "| samples (times each is shown) | " + " | ".join(samples) + " |"


def claims(study: Study) -> Iterator[str]:
    """A row for each difference that is claimed."""
    yield "| data | share | claimed | points, by seed |"
    yield "|---|---:|---|---:|"
    titles = study["networks"]
    for one in study["differences"]:
        if one["verdict"] != "open":
            words = f"{titles[one['a']]} {one['verdict']} than {titles[one['b']]}"
            yield f"| {NAMES[one['recipe']]} | {100 * one['fraction']:g} % | {words} | {points(one['difference'])} |"


def beyond(study: Study) -> Iterator[str]:
    """A row for each pair whose difference at a share leaves that on all data, by the interval over seeds."""
    yield "| data | share | networks | more than on all data, points |"
    yield "|---|---:|---|---:|"
    titles = study["networks"]
    for one in study["differences"]:
        found = one["beyond_whole"]
        if found is not None and not found["low"] <= 0 <= found["high"]:
            words = f"{titles[one['a']]} over {titles[one['b']]}"
            yield f"| {NAMES[one['recipe']]} | {100 * one['fraction']:g} % | {words} | {points(found)} |"


def energies(study: Study) -> Iterator[str]:
    """A row for each network and accuracy that it surely reaches."""
    yield f"| data | accuracy | network | from | SNN, `{study['profile']}` | ANN, INT8 with memory |"
    yield "|---|---:|---|---:|---:|---:|"
    for one in study["reached"]:
        if one["fraction"] is not None:
            spiking = range_text(Range(**one["energy_j"]), "J") if one["energy_j"] else DASH
            twin = range_text(Range(**study["ann_j"][one["recipe"]][TWIN]), "J")
            where = f"| {NAMES[one['recipe']]} | {100 * one['target']:g} % | {study['networks'][one['network']]} "
            yield f"{where}| {100 * one['fraction']:g} % | {spiking} | {twin} |"


def verdicts(study: Study) -> Iterator[str]:
    """What was claimed of each pair, in numbers."""
    titles, pairs = study["networks"], dict.fromkeys((one["a"], one["b"]) for one in study["differences"])
    for a, b in pairs:
        found = Counter(one["verdict"] for one in study["differences"] if (one["a"], one["b"]) == (a, b))
        words = ", ".join(f"{found[verdict]} {verdict}" for verdict in ("higher", "lower", "open"))
        yield f"{titles[a]} against {titles[b]}: {words}"


def often(shown: float) -> str:
    """How many times a sample is shown, in two digits or as a whole number."""
    return f"{shown:.2g}" if shown < 10 else f"{shown:,.0f}"


def points(found: Mapping[str, float]) -> str:
    """Mean and half of the interval in per cent."""
    return f"{100 * found['mean']:.1f} ± {50 * (found['high'] - found['low']):.1f}"


def tables(study: Study) -> list[str]:
    """All tables, line by line, with empty lines between."""
    parts = [*(list(accuracies(study, recipe)) for recipe in study["data_study"])]
    parts += [list(claims(study)), list(beyond(study)), list(energies(study))]
    return [line for part in parts for line in (*part, "")]


def record(folder: Path) -> None:
    """Take a study over: its numbers, its picture, and its tables onto the page."""
    for name in ("fractions.json", "fractions.csv"):
        shutil.copyfile(folder / name, RECORDED.parent / name)
    shutil.copyfile(folder / "fractions.png", DOCS / "images" / "little_data.png")
    study = json.loads(RECORDED.read_text(encoding="utf-8"))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    behind = rest.partition(END)[2]
    found = "\n".join([*tables(study), *(f"- {sentence}" for sentence in verdicts(study))])
    write_text(PAGE, f"{before}{BEGIN}\n\n{found}\n\n{END}{behind}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the recorded study."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="take over the study in this folder first")
    given = parser.parse_args(arguments)
    if given.record is not None:
        record(given.record)
    study = json.loads(RECORDED.read_text(encoding="utf-8"))
    print("\n".join(tables(study)))
    print("; ".join(verdicts(study)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
