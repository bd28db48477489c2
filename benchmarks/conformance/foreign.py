"""Foreign files: does the reader fire the spikes of the frameworks that wrote or run them? Rewrites docs/foreign.md.

Every framework exports and runs a small network in an environment of its own; its file and its own spikes become
tests/golden/foreign_*.npz, which the tests compare without that framework.
`python benchmarks/conformance/foreign.py`
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from run import Importer, environment

from snnhw.files import write_text
from snnhw.nir.frameworks import RESETS, Convention
from snnhw.nir.io import CONVENTIONS, Reading, read_nir
from snnhw.simulation.engine import simulate

HERE = Path(__file__).parent
GOLDEN = HERE.parents[1] / "tests" / "golden"
PAGE = HERE.parents[1] / "docs" / "foreign.md"
OLD_NIR = ("nir==1.0.4", "nirtorch==2.0.2")  # what pip takes beside rockpool and sinabs


@dataclass(frozen=True)
class Case:
    """A function of foreign_worker.py and the packages it needs beside torch, nir and nirtorch."""

    name: str
    packages: tuple[str, ...]
    what: str


CASES = (
    Case("norse", ("norse==1.1.0",), "norse 1.1.0: `LIFCell` through its `to_nir`"),
    Case("norse_recurrent", ("norse==1.1.0",), "norse 1.1.0 runs a recurrent CubaLIF that snnTorch 1.0.0 exported"),
    Case("rockpool", ("rockpool==3.1.0", *OLD_NIR), "rockpool 3.1.0: `LIFTorch` through its `to_nir`"),
    Case("rockpool_recurrent", ("rockpool==3.1.0", *OLD_NIR), "rockpool 3.1.0 runs a nested recurrent CubaLIF"),
    Case("sinabs", ("sinabs==3.1.3", "pbr", *OLD_NIR), "sinabs 3.1.3: `LIF` through its `to_nir`"),
)


def made(case: Case, folder: Path) -> Path:
    """The golden file of a case, written by its framework."""
    python = environment(Importer(case.name, "", case.packages, case.what), folder / "foreign")
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "case.npz"
        command = [str(python), "-W", "ignore", str(HERE / "foreign_worker.py"), case.name, str(out)]
        subprocess.run(command, check=True, timeout=300)
        golden = GOLDEN / f"foreign_{case.name}.npz"
        golden.write_bytes(out.read_bytes())
    return golden


def differing(golden: Path, **options: Any) -> tuple[int, int]:
    """(spikes that differ from the framework's, all of them) when its file is read with `options`."""
    with np.load(golden) as case, tempfile.TemporaryDirectory() as work:
        path = Path(work) / "net.nir"
        path.write_bytes(case["nir"].tobytes())
        graph = read_nir(path, Reading(timesteps=len(case["input"]), **options))
        inputs = case["input"].reshape(1, -1, *graph.input.shape)
        (raster,) = simulate(graph, inputs, raster=True).raster.values()
        return int((raster[0, :, 0] != case["spikes"]).sum()), case["spikes"].size


def row(case: Case, golden: Path) -> tuple[str, bool]:
    """(Markdown row, whether all spikes are equal)."""
    with np.load(golden) as content:
        options = ast.literal_eval(str(content["options"]))
        versions = ast.literal_eval(str(content["versions"]))
    different, spikes = differing(golden, **options)
    told = " ".join(f"--{key.replace('_', '-')} {value}" for key, value in options.items())
    equal = f"all {spikes}" if not different else f"{spikes - different} of {spikes}"
    return f"| {case.what} | {versions['nir']} | `{told}` | {equal} |", not different


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(tempfile.gettempdir()) / "snnhw-conformance"
    parser.add_argument("--environments", type=Path, default=default, help="folder of the environments")
    folder = parser.parse_args().environments
    rows = [row(case, made(case, folder)) for case in CASES]
    head = ["| framework | nir | read with | spikes equal to its own run |", "|---|---|---|---|"]
    table = [*head, *(text for text, _ in rows)]
    write_text(PAGE, "\n".join([INTRODUCTION, *conventions(), RESULTS, *table, ""]))
    print("\n".join(table))
    print(f"exact: {sum(equal for _, equal in rows)} of {len(rows)}")


def conventions() -> list[str]:
    """Table of the conventions."""
    lines = ["| `--written-by` | step | input to the current of a CubaLIF | reset | fires at | dt | beware |"]
    lines.append("|---|---|---|---|---|---|---|")
    current = {"written": "w_in dt / tau_syn", "whole": "1", "decayed": "exp(-dt / tau_syn)"}
    for c in CONVENTIONS.values():
        step = "1 - dt / tau" if c.form == "euler" else "exp(-dt / tau), R ignored"
        fires = ">=" if c.fires_at_threshold else ">"
        reset = c.reset or "as in the file"
        lines.append(f"| {c.name} | {step} | {current[c.current]} | {reset} | {fires} | {time_step(c)} | {c.limits} |")
    return [*lines, "", *(f"- `--reset {name}`: {what}." for name, what in RESETS.items())]


def time_step(convention: Convention) -> str:
    """Where dt comes from, as a cell of the table."""
    if convention.r_holds_dt:
        return "from r, else `--dt`"
    if convention.dt is None:
        return "`--dt`"
    below = convention.dt_below
    return f"{convention.dt:g}" + (f" where all tau < {below:g}, else `--dt`" if below < float("inf") else "")


INTRODUCTION = """# Reading NIR files of other frameworks

Written by `python benchmarks/conformance/foreign.py`.

NIR defines neurons by differential equations and leaves out the time step, how a step is taken, and where frameworks
deviate: a subtractive reset, a late one, exponential decay, currents that are not scaled by dt. The same file therefore
fires other spikes in another framework. Without further options a file is read literally, by the forward Euler step of
NIR's equations, dt = 1e-4 and the reset in the file, and every assumption becomes a finding (`snnhw check FILE.nir`).
`--written-by` takes the steps of the framework that wrote the file; `--dt` and `--reset` override it (finding
`dt-overridden` where the framework has a step of its own), in every verb that reads a file, such as
`snnhw report net.nir --written-by rockpool --dt 0.001 --timesteps 40 --input spikes.npy --out report`.
"""

RESULTS = """
Recurrence arrives one step later, as in all frameworks. The exporters of norse and rockpool write the batch
dimension into the input shape, [1, N]: inputs are then [samples, T, 1, N]. snnTorch is compared in the tests,
where it runs beside us: `Leaky`, `RLeaky` and `Synaptic`, and `RSynaptic` with its default reset. With
`reset_delay=False` and subtraction (`--reset subtract`) it steps differently once a membrane passes two thresholds.
SpikingJelly is held to its documented equations, membranes that meet the threshold included.

Where the exporter left a trace, such as r = 1/dt in float64, names of nodes or a missing v_reset, the finding
`writer-recognised` says whose file it seems to be and what that framework does otherwise; else `writer-unknown` names
the readings that differ. Either is said only, never applied: `--written-by` applies it, and `--written-by nir` settles
that the equations are meant.

Integrators (`IF`, `I`) gain r dt in a step, as the equation says. Only where r is 1 in all integrators of a file is it
taken as the gain of one step, which is what most exporters mean (finding `gain-per-step`).
"""

if __name__ == "__main__":
    main()
