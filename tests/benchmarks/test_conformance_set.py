"""The public set: its files are the generator's, our engine sends its spikes, its runner needs NumPy and nir alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pytest

from snnhw.nir.io import Reading, read_nir
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, SINGLE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "conformance"
SET = FOLDER / "set"
NAMES = sorted(path.name.partition(".")[0] for path in SET.glob("*.data.nir"))
OURS = ("conformance", "cases", "reference", "generate", "environments", "importers", "networks", "set_table", "run")
RUNNER, REFERENCE = ("numpy", "nir"), ("numpy", "nir", "h5py")


@pytest.fixture(scope="module")
def modules():
    """Scripts of the set and of the table by name; what they are called here is forgotten afterwards."""
    kept, known = list(sys.path), {name: sys.modules.pop(name) for name in OURS if name in sys.modules}
    sys.path[:0] = [str(SET), str(FOLDER)]
    yield lambda name: __import__(name)
    sys.path[:] = kept
    for name in OURS:
        sys.modules.pop(name, None)
    sys.modules.update(known)


def content(path: Path) -> dict[str, object]:
    """Every array and attribute of an HDF5 file."""
    found: dict[str, object] = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        value = np.asarray(item[()]) if isinstance(item, h5py.Dataset) else None
        found[name] = (None if value is None else (value.dtype.str, value.tolist()), dict(item.attrs))

    with h5py.File(path) as file:
        keep("", file)
        file.visititems(keep)
    return found


def test_there_are_twenty_and_one():
    assert len(NAMES) == 21 and {f"{name}.nir" for name in NAMES} <= {path.name for path in SET.iterdir()}
    assert sum(path.stat().st_size for path in SET.glob("*.nir")) < 700_000


def test_files_are_those_of_the_generator(modules, tmp_path, capsys):
    modules("generate").main(tmp_path)
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == sorted(path.name for path in SET.glob("*.nir"))
    assert [path.name for path in written if content(path) != content(SET / path.name)] == []
    ties = [int(line.split(" ties")[0].split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(ties) == len(NAMES) and min(ties) > 0  # membranes meet a threshold in every network


@pytest.mark.parametrize("execution", [SINGLE, DOUBLE], ids=["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_our_engine_sends_every_spike(modules, name, execution):
    conformance = modules("conformance")
    frames = conformance.frames(name)
    reading = Reading(dt=1e-4, written_by="nir", timesteps=frames.shape[1])
    graph = read_nir(SET / f"{name}.nir", reading, recognise=False)
    raster = simulate(graph, frames, execution=execution, raster=True).raster
    spikes = {n.name: raster[unit][:, :, level] for unit, ns in graph.units().items() for level, n in enumerate(ns)}
    assert set(spikes) == set(conformance.expected(name))
    assert conformance.compared(name, spikes)[0] == 0
    assert min(int(rows.sum()) for rows in spikes.values()) > 0  # every population fires


@pytest.mark.parametrize(
    ("right", "wrong", "least"),
    [
        ("spikes = v > theta", "spikes = v >= theta", 21),
        ("np.where(spikes, node.v_reset.astype(kind), v)", "np.where(spikes, 0, v)", 2),
        ("rate * (leak - v)", "rate * (-v)", 1),
        ("if ago < len(arrived):", "if ago + 1 < len(arrived):", 1),
        ("if (source, target) not in late:", "if True:", 1),
        ("o // (outputs // node.groups) * taken", "0", 1),
    ],
)
def test_another_semantics_sends_other_spikes(modules, right, wrong, least):
    """So that a framework which steps in that way is found out."""
    text = (SET / "reference.py").read_text()
    assert right in text
    other = ModuleType("other")
    exec(compile(text.replace(right, wrong), "other", "exec"), other.__dict__)
    conformance, cases = modules("conformance"), modules("cases")
    differ = 0
    for name in NAMES:
        case = cases.CASES[name]()
        try:
            runs = [other.run(case.graph, frames, cases.DT)[0] for frames in case.frames]
        except KeyError:  # a loop that has no beginning
            differ += 1
            continue
        spikes = {node: np.stack([sent[node] for sent in runs]) for node in conformance.expected(name)}
        differ += conformance.compared(name, spikes)[0] > 0
    assert differ >= least


@pytest.mark.parametrize(
    ("file", "allowed"),
    [("conformance.py", RUNNER), ("reference.py", RUNNER), ("cases.py", RUNNER), ("generate.py", REFERENCE)],
)
def test_nothing_of_ours_is_needed(file, allowed):
    tree = ast.walk(ast.parse((SET / file).read_text()))
    imported = {a.name for node in tree if isinstance(node, ast.Import) for a in node.names}
    imported |= {
        node.module for node in ast.walk(ast.parse((SET / file).read_text())) if isinstance(node, ast.ImportFrom)
    }
    packages = {name.split(".")[0] for name in imported if name}
    assert packages - set(sys.stdlib_module_names) - set(OURS) <= set(allowed)


def test_the_runner_compares_what_it_is_given(modules, tmp_path):
    theirs = modules("conformance").expected("residual")
    np.savez(tmp_path / "right.npz", **theirs)
    wrong = theirs["b_unit"].copy()
    wrong[1, 3, 7] ^= True
    np.savez(tmp_path / "wrong.npz", **{**theirs, "b_unit": wrong})
    del theirs["last"]
    np.savez(tmp_path / "less.npz", **theirs)

    def told(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "conformance.py", *arguments]
        done = subprocess.run(command, cwd=SET, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert told("residual", str(tmp_path / "right.npz")) == (0, "residual: 0 of 5248 differ\n")
    first = "the first: 'b_unit', sample 1, step 3, neuron 7"
    assert told("residual", str(tmp_path / "wrong.npz")) == (1, f"residual: 1 of 5248 differ; {first}\n")
    assert told("residual", str(tmp_path / "less.npz"))[0] == 1
    code, said = told("resnet", str(tmp_path / "right.npz"))
    assert code == 2 and "'resnet' is not in the set; it has average_pool, bias" in said
    assert told()[1].count("spikes\n") == len(NAMES)


def test_the_page_is_what_is_recorded(modules):
    run = modules("run")
    recorded = json.loads((FOLDER / "recorded.json").read_text())
    assert run.page(recorded) == (ROOT / "docs" / "conformance.md").read_text()
    assert set(recorded) == set(run.ORDER)


def test_cells_of_the_table(modules):
    table, answer = modules("set_table"), modules("importers").Answer
    assert table.cell(answer(True, 0, 12)) == "equal" and table.cell(answer(True, 3, 1200)) == "3 of 1,200"
    assert table.cell(answer(False, why="no")) == "refused" and table.cell(None) == ""
    assert table.cell(answer(True, 3, 12, steady=False)) == "changes"


def test_spikes_that_are_not_there_all_differ(modules):
    differing = modules("importers").differing
    expected = {"a": np.ones((1, 2, 3)), "b": np.zeros((1, 2, 2))}
    assert differing(expected, {"a": np.ones((1, 2, 3))}) == 4
    assert differing(expected, {"a": np.zeros((1, 2, 3)), "b": np.zeros((1, 2, 4))}) == 10
