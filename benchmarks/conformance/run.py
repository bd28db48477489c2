"""Conformance tables: do the frameworks that import NIR fire the spikes that we say? Rewrites docs/conformance.md.

Every importer runs in an environment of its own (torch, nir and nirtorch are shared; pins in importers.py): on two
networks in its dialect, and on the public set in set/, as it lies there and in its dialect. Lava takes the set through
the exporter of snnhw. `python benchmarks/conformance/run.py`
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import set_table as table
from importers import IMPORTERS, Answer, Importer, Job, settled
from networks import STEPS, chain, residual

from snnhw.files import write_text
from snnhw.graph.ir import Graph
from snnhw.nir.io import DIALECTS, write_nir
from snnhw.simulation.engine import simulate

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def job(graph: Graph, importer: Importer, work: Path) -> Job:
    """One of the two networks in the dialect of an importer, shown two images that stand still."""
    path = write_nir(graph, work / f"{importer.name}-{graph.name}.nir", dialect=importer.dialect or "snntorch")
    x = (np.random.default_rng(1).integers(0, 65, (2, *graph.input.shape)) / 64).astype(np.float32)
    ours = simulate(graph, x, raster=True).raster
    channels = {
        f"{u}_l{k}" if r.shape[2] > 1 else u: r[:, :, k - 1] for u, r in ours.items() for k in range(1, r.shape[2] + 1)
    }
    return Job(graph.name, path, np.repeat(x[:, None], STEPS, axis=1), channels)


def row(importer: Importer, asked: Job, answer: Answer) -> str:
    """Of the first table."""
    loads = ("yes" if answer.loads else "no") if answer.steady else "not always"
    equal, why = "yes", ""
    if not answer.steady:
        equal, why = "no", answer.why
    elif not answer.loads:
        equal, why = "-", f"`{answer.why}`"
    elif answer.differing:
        limits = DIALECTS[importer.dialect].limits if importer.dialect else ""
        equal, why = f"no, {answer.differing:,} of {asked.size:,}", limits
    return f"| {importer.what} | {asked.name} | {loads} | {equal} | {why} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    folder = parser.parse_args().environments
    lines, exact, columns = [], 0, {}
    with tempfile.TemporaryDirectory() as place:
        for importer in IMPORTERS:
            jobs = [job(graph, importer, Path(place)) for graph in (residual(), chain())]
            found = settled(importer, jobs, folder)
            lines += [row(importer, each, found[each.name]) for each in jobs]
            exact += sum(answer.exact for answer in found.values())
            print("\n".join(lines[-len(jobs) :]), flush=True)
            columns[importer.label] = table.of_importer(importer, folder, Path(place))
        columns |= table.elsewhere()
    page = [INTRODUCTION, HEAD, *lines, "", *table.page(columns), ""]
    write_text(PAGE, "\n".join(page))
    print("\n".join(table.page(columns)))
    print(f"exact: {exact} of {len(lines)} in dialects; of the set as it lies there: {table.summary(columns)}")


HEAD = "| importer | network | loads | spikes equal | why not |\n|---|---|---|---|---|"
INTRODUCTION = """# Which importers run our NIR files

Written by `python benchmarks/conformance/run.py`. Each importer gets the file in its dialect (`export --dialect`).
The networks: *residual*, six units of three levels with an identity and a strided shortcut (18 LIF populations), and
*chain*, two convolutions with one LIF each. Weights, inputs and thresholds lie on a grid, so that membranes meet
thresholds exactly: an importer that fires at `>=` instead of `>` would be found out. T = 8, two images.
An importer that is not exact runs up to 6 times, to see whether it always does the same.
"""

if __name__ == "__main__":
    main()
