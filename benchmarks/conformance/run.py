"""Conformance tables: do the frameworks that import NIR fire the spikes that we say? Rewrites docs/conformance.md.

Every importer runs in an environment of its own (torch, nir and nirtorch are shared; pins in importers.py): on two
networks in its dialect, and on the public set in set/, as it lies there and in its dialect. Lava takes the set through
our exporter. Answers are kept in recorded.json, so that one framework can be asked again alone.
`python benchmarks/conformance/run.py [--only NAME ...]`; without NAME the page is written from what is recorded
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import set_table
from importers import IMPORTERS, Answer, Importer, Job, settled
from networks import STEPS, chain, residual

from snnhw.files import write_text
from snnhw.graph.ir import Graph
from snnhw.nir.io import DIALECTS, write_nir
from snnhw.simulation.engine import simulate

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
RECORDED = Path(__file__).parent / "recorded.json"
Recorded = dict[str, dict[str, dict[str, Any]]]  # label -> which files -> network -> answer
NETWORKS, AS_IT_IS, IN_DIALECT = "networks", "set", "set in its dialect"
ORDER = (*(importer.label for importer in IMPORTERS), *set_table.ELSEWHERE)


def job(graph: Graph, importer: Importer, work: Path) -> Job:
    """One of the two networks in the dialect of an importer, shown two images that stand still."""
    path = write_nir(graph, work / f"{importer.name}-{graph.name}.nir", dialect=importer.dialect or "snntorch")
    x = (np.random.default_rng(1).integers(0, 65, (2, *graph.input.shape)) / 64).astype(np.float32)
    ours = simulate(graph, x, raster=True).raster
    channels = {
        f"{u}_l{k}" if r.shape[2] > 1 else u: r[:, :, k - 1] for u, r in ours.items() for k in range(1, r.shape[2] + 1)
    }
    return Job(graph.name, path, np.repeat(x[:, None], STEPS, axis=1), channels)


def asked(label: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The answers of one framework, to be recorded."""
    found: dict[str, Mapping[str, Answer]] = {}
    if label in set_table.ELSEWHERE:
        found[AS_IT_IS] = set_table.elsewhere(label).as_it_is
    else:
        (importer,) = (importer for importer in IMPORTERS if importer.label == label)
        with tempfile.TemporaryDirectory() as place:
            jobs = [job(graph, importer, Path(place)) for graph in (residual(), chain())]
            found[NETWORKS] = settled(importer, jobs, folder)
            column = set_table.of_importer(importer, folder, Path(place))
        found |= {AS_IT_IS: column.as_it_is, IN_DIALECT: column.in_dialect}
    return {files: {name: asdict(a) for name, a in answers.items()} for files, answers in found.items()}


def row(importer: Importer, network: str, answer: Answer) -> str:
    """Of the first table."""
    loads = ("yes" if answer.loads else "no") if answer.steady else "not always"
    equal, why = "yes", ""
    if not answer.steady:
        equal, why = "no", answer.why
    elif not answer.loads:
        equal, why = "-", f"`{answer.why}`"
    elif answer.differing:
        limits = DIALECTS[importer.dialect].limits if importer.dialect else ""
        equal, why = f"no, {answer.differing:,} of {answer.every:,}", limits
    return f"| {importer.what} | {network} | {loads} | {equal} | {why} |"


def page(recorded: Recorded) -> str:
    """The whole page, of what is recorded."""
    answers = {
        label: {files: {n: Answer(**a) for n, a in kept.items()} for files, kept in recorded[label].items()}
        for label in ORDER
        if label in recorded
    }
    lines = [
        row(importer, network, answer)
        for importer in IMPORTERS
        for network, answer in answers.get(importer.label, {}).get(NETWORKS, {}).items()
    ]
    columns = {label: set_table.Column(a[AS_IT_IS], a.get(IN_DIALECT, {})) for label, a in answers.items()}
    return "\n".join([INTRODUCTION, HEAD, *lines, "", *set_table.page(columns), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    parser.add_argument("--only", nargs="*", choices=ORDER, default=ORDER, help="frameworks to be asked again")
    given = parser.parse_args()
    recorded: Recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for label in given.only:
        recorded[label] = asked(label, given.environments)
        write_text(RECORDED, json.dumps(recorded, indent=1) + "\n")
        print(f"{label}: {equal(recorded[label])}", flush=True)
    write_text(PAGE, page(recorded))
    print("equal: " + "; ".join(f"{label} {equal(recorded[label])}" for label in ORDER if label in recorded))


def equal(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """How many networks are equal, of each kind of files."""
    counts = ((files, [Answer(**a).exact for a in answers.values()]) for files, answers in kept.items())
    return ", ".join(f"{sum(exact)} of {len(exact)} ({files})" for files, exact in counts if exact)


HEAD = "| importer | network | loads | spikes equal | why not |\n|---|---|---|---|---|"
INTRODUCTION = """# Which importers run our NIR files

Written by `python benchmarks/conformance/run.py`. Each importer gets the file in its dialect (`export --dialect`).
The networks: *residual*, six units of three levels with an identity and a strided shortcut (18 LIF populations), and
*chain*, two convolutions with one LIF each. Weights, inputs and thresholds lie on a grid, so that membranes meet
thresholds exactly: an importer that fires at `>=` instead of `>` would be found out. T = 8, two images.
An importer runs again where it is not exact; the `from_nir` of norse and that of sinabs run six times on every file,
since they are known to change. *Not always* and *changes*: another answer in another run.
"""

if __name__ == "__main__":
    main()
