"""Conformance table: do the frameworks that import NIR fire the spikes that we say? Rewrites docs/conformance.md.

Every importer runs in an environment of its own (torch, nir and nirtorch are shared; pins below), on files in its
dialect, with weights and inputs on a grid so that membranes meet thresholds exactly.
`python benchmarks/conformance/run.py`
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from environments import interpreter
from networks import STEPS, chain, residual

from snnhw.files import write_text
from snnhw.graph.ir import Graph
from snnhw.nir.io import DIALECTS, write_nir
from snnhw.simulation.engine import simulate

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "conformance.md"
RUNS = 6  # of an importer that is not exact
UNSTEADY = "branches run in an order that changes from run to run, each on what is there by then"


@dataclass(frozen=True)
class Importer:
    """How an importer is installed and which dialect suits it."""

    name: str
    dialect: str
    packages: tuple[str, ...]  # beside torch, nir and nirtorch; none: the environment that runs this script
    what: str


IMPORTERS = (
    Importer("snntorch", "snntorch", (), "snnTorch 1.0.0, `import_from_nir`"),
    Importer(
        "spikingjelly", "spikingjelly", ("spikingjelly==2.0.0", "loguru"), "SpikingJelly 2.0.0, `import_from_nir`"
    ),
    Importer("norse_cells", "norse", ("norse==1.1.0",), "norse 1.1.0, `examples/norse_cells.py`"),
    Importer("norse", "norse", ("norse==1.1.0",), "norse 1.1.0, `from_nir`"),
    Importer("sinabs", "sinabs", ("sinabs==3.1.3", "pbr"), "sinabs 3.1.3, `from_nir`, reset and spike functions set"),
    Importer("rockpool", "snntorch", ("rockpool==3.1.0",), "rockpool 3.1.0, `from_nir`"),
)


@dataclass(frozen=True)
class Result:
    """What an importer made of one network."""

    importer: Importer
    network: str
    loads: bool
    differing: int
    spikes: int
    why: str

    @property
    def exact(self) -> bool:
        """True when all spikes are ours."""
        return self.loads and not self.differing

    def row(self) -> str:
        """Markdown row."""
        equal = "yes" if self.exact else f"no, {self.differing:,} of {self.spikes:,}" if self.loads else "-"
        return f"| {self.importer.what} | {self.network} | {'yes' if self.loads else 'no'} | {equal} | {self.why} |"


@dataclass(frozen=True)
class Unsteady(Result):
    """An importer that does something else with the same file in each run."""

    def row(self) -> str:
        """Markdown row."""
        return f"| {self.importer.what} | {self.network} | not always | no | {self.why} |"


def settled(importer: Importer, graph: Graph, folder: Path, work: Path) -> Result:
    """What `importer` makes of `graph` in every run, or that it changes from run to run."""
    first = conformance(importer, graph, folder, work)
    for _ in range(0 if first.exact else RUNS - 1):
        again = conformance(importer, graph, folder, work)
        if again != first:
            return Unsteady(importer, graph.name, False, 0, 0, UNSTEADY)
    return first


def conformance(importer: Importer, graph: Graph, folder: Path, work: Path) -> Result:
    """Run `importer` on `graph` and compare every spike with the reference engine."""
    path, inputs, out = work / "net.nir", work / "inputs.npy", work / "spikes.npz"
    out.unlink(missing_ok=True)
    write_nir(graph, path, dialect=importer.dialect)
    x = (np.random.default_rng(1).integers(0, 65, (2, *graph.input.shape)) / 64).astype(np.float32)
    np.save(inputs, x)
    python = interpreter(importer.packages, folder, "--no-deps")
    command = [str(python), "-W", "ignore", str(HERE / "worker.py")]
    command += [importer.name, str(path), str(inputs), str(STEPS), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode or not out.exists():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        return Result(importer, graph.name, False, 0, 0, f"`{lines[-1][:160]}`" if lines else "it gives no output")
    theirs = np.load(out)
    ours = simulate(graph, x, raster=True).raster
    channels = {
        f"{u}_l{k}" if r.shape[2] > 1 else u: r[:, :, k - 1] for u, r in ours.items() for k in range(1, r.shape[2] + 1)
    }
    differing = sum(
        int((theirs[n] != r).sum()) if n in theirs and theirs[n].shape == r.shape else r.size
        for n, r in channels.items()
    )
    why = "" if not differing else DIALECTS[importer.dialect].limits
    return Result(importer, graph.name, True, differing, sum(r.size for r in channels.values()), why)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    folder = parser.parse_args().environments
    with tempfile.TemporaryDirectory() as work:
        results = [settled(i, g, folder, Path(work)) for i in IMPORTERS for g in (residual(), chain())]
    rows = [result.row() for result in results]
    head = ["| importer | network | loads | spikes equal | why not |", "|---|---|---|---|---|"]
    write_text(TABLE, "\n".join([INTRODUCTION, *head, *rows, ""]))
    print("\n".join([*head, *rows]))
    exact, loads = sum(r.exact for r in results), sum(r.loads for r in results)
    print(f"exact: {exact} of {len(results)}; loads: {loads} of {len(results)}")


INTRODUCTION = """# Which importers run our NIR files

Written by `python benchmarks/conformance/run.py`. Each importer gets the file in its dialect (`export --dialect`).
The networks: *residual*, six units of three levels with an identity and a strided shortcut (18 LIF populations), and
*chain*, two convolutions with one LIF each. Weights, inputs and thresholds lie on a grid, so that membranes meet
thresholds exactly: an importer that fires at `>=` instead of `>` would be found out. T = 8, two images.
An importer that is not exact runs up to 6 times, to see whether it always does the same.
"""

if __name__ == "__main__":
    main()
