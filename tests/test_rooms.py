"""The contracts of pyproject.toml between the rooms of the package, and proof that each of them can be broken."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.staged import ROOT, copied, stage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CIRCLES = (  # the contract on circles compares a package with its siblings, not with the files in it
    "from graphlib import TopologicalSorter\n"
    "from grimp import build_graph\n"
    "graph = build_graph('snnhw', exclude_type_checking_imports=True, cache_dir=None)\n"
    "TopologicalSorter({file: graph.find_modules_directly_imported_by(file) for file in graph.modules}).prepare()\n"
)


WITHOUT_TYPES = "exclude_type_checking_imports = true\n"


def run(folder: Path, code: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output of Python code that finds the package of `folder`."""
    env = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300"}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def lint(folder: Path, *contracts: str, types: bool = False) -> tuple[int, str]:
    """What import-linter says of the named contracts, or of all; `types` counts imports for type checkers as well."""
    settings = (ROOT / "pyproject.toml").read_text()
    if types:
        assert WITHOUT_TYPES in settings
        settings = settings.replace(WITHOUT_TYPES, "")
    (folder / "pyproject.toml").write_text(settings)
    return run(folder, LINT, "--no-cache", *(f"--contract={name}" for name in contracts))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return stage(tmp_path_factory.mktemp("rooms"))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_contract_holds(package, contract):
    status, said = lint(package, contract)
    assert status == 0 and f"{CONTRACTS[contract]} KEPT" in said, said


@pytest.mark.parametrize("contract", ["rooms", "analysis", "circles"])
def test_types_follow_the_rooms_as_well(package, contract):
    status, said = lint(package, contract, types=True)
    assert status == 0 and f"{CONTRACTS[contract]} KEPT" in said, said


def test_a_type_from_a_room_above_is_found(tmp_path):
    with open(copied(tmp_path) / "snnhw" / "graph" / "same.py", "a") as lines:
        lines.write("\nif typing.TYPE_CHECKING:\n    from snnhw.passes.decompose import decompose\n")
    status, said = lint(tmp_path, "rooms", types=True)
    assert status == 1 and "snnhw.graph.same -> snnhw.passes.decompose" in said


def public_names(tree: ast.Module) -> list[str]:
    """Imports of a file from the package's public API, which reach every room unseen by the contracts."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name == "snnhw"]
        elif isinstance(node, ast.ImportFrom) and node.module == "snnhw":
            found += [f"snnhw.{name.name}" for name in node.names if find_spec(f"snnhw.{name.name}") is None]
    return found


@pytest.mark.parametrize(
    "line, found",
    [
        ("from snnhw import compile_channels", ["snnhw.compile_channels"]),
        ("def late():\n    from snnhw import count", ["snnhw.count"]),
        ("import snnhw", ["snnhw"]),
        ("import snnhw as s", ["snnhw"]),
        ("from snnhw import native", []),
        ("import snnhw.native", []),
    ],
)
def test_names_of_the_public_api_are_found(line, found):
    assert public_names(ast.parse(line)) == found


@pytest.mark.parametrize("room", ["snnhw", "exporters", "analysis"])
def test_rooms_import_from_the_room_that_defines_a_name(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    assert {str(file): found for file in files if (found := public_names(ast.parse(file.read_text())))} == {}


def test_no_circle_of_files(package):
    status, said = run(package, CIRCLES)
    assert status == 0, said


@pytest.mark.parametrize(
    "contract, file, line, named",
    [
        ("rooms", "graph/same.py", "from snnhw.passes.decompose import decompose", "snnhw.graph.same -> snnhw.passes"),
        ("rooms", "analysis/ranges.py", "import snnhw.exporters.base", "snnhw.analysis.ranges -> snnhw.exporters"),
        (
            "analysis",
            "analysis/counting/counts.py",
            "import snnhw.analysis.energy.twin",
            "counts -> snnhw.analysis.energy",
        ),
        ("circles", "graph/same.py", "import snnhw.passes.decompose", "No cycles are allowed in snnhw."),
        ("torch-free", "proofs/largest.py", "import snnhw.nn.time", "snnhw.proofs"),
        (
            "torch-free",
            "exporters/lava/lower.py",
            "def late():\n    import torch",
            "snnhw.exporters.lava.lower -> torch",
        ),
        ("nir", "checks/check.py", "import nir", "snnhw.checks.check -> nir"),
        ("lava", "exporters/lava/deploy.py", "import lava", "snnhw.exporters.lava.deploy -> lava"),
        ("terminal", "workflows/verify.py", "import rich", "snnhw.workflows.verify -> rich"),
        ("drawing", "analysis/energy/twin.py", "import matplotlib", "snnhw.analysis.energy.twin -> matplotlib"),
        ("tables", "analysis/report/frames.py", "import pyarrow", "snnhw.analysis.report.frames -> pyarrow"),
    ],
)
def test_an_import_turned_round_breaks_its_contract(tmp_path, contract, file, line, named):
    target = copied(tmp_path) / "snnhw" / file
    with open(target, "a") as lines:
        lines.write(f"\n{line}\n")
    status, said = lint(tmp_path, contract)
    assert status == 1 and f"{CONTRACTS[contract]} BROKEN" in said and named in said, said


def test_a_room_that_no_contract_names_is_refused(tmp_path):
    room = copied(tmp_path) / "snnhw" / "attic"
    room.mkdir()
    (room / "__init__.py").touch()
    status, said = lint(tmp_path, "rooms")
    assert status == 1 and "snnhw.attic" in said


@pytest.mark.parametrize("one, other", [("one", "two"), ("__init__", "two")])
def test_a_circle_of_two_files_is_found(tmp_path, one, other):
    package = copied(tmp_path) / "snnhw" / "progress"
    (tmp_path / "snnhw" / "progress.py").unlink()
    package.mkdir()
    (package / "__init__.py").touch()
    module = {"__init__": "snnhw.progress"}.get(one, f"snnhw.progress.{one}")
    (package / f"{one}.py").write_text(f"import snnhw.progress.{other}\n")
    (package / f"{other}.py").write_text(f"from {module} import anything\n")
    status, said = run(tmp_path, CIRCLES)
    assert status == 1 and "CycleError" in said and f"'{module}', 'snnhw.progress.{other}'" in said
    status, said = lint(tmp_path, "circles")
    assert (status == 1 and "No cycles are allowed in snnhw.progress." in said) == (one != "__init__")
