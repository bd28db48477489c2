"""Tests mirror the tree: the test of room/file.py is tests/room/test_file.py."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("snnhw", "exporters", "analysis")
IN_LAVA_ONLY = Path("exporters/lava/runtime/processes")  # their Python has lava-nc and no pytest


def holds_code(path: Path) -> bool:
    """Whether a function or class is defined in the file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) for node in ast.walk(ast.parse(path.read_text())))


def place_of_test(module: Path) -> Path:
    """Where the test of a module lies; rooms of snnhw are named without it, and a package is called as its folder."""
    inside = module.relative_to("snnhw") if module.parts[0] == "snnhw" else module
    name = module.parent.name if module.name == "__init__.py" else module.stem
    return Path("tests", inside.parent, f"test_{name}.py")


def modules() -> list[Path]:
    """Every module with code in it, relative to the root."""
    found = [p.relative_to(ROOT) for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py"))]
    return [p for p in found if IN_LAVA_ONLY not in p.parents and holds_code(ROOT / p)]


def test_every_module_has_the_test_file_of_its_name() -> None:
    assert len(modules()) > 100
    assert [str(m) for m in modules() if not (ROOT / place_of_test(m)).is_file()] == []


def test_the_place_of_a_test_can_be_guessed() -> None:
    guesses = {
        "snnhw/passes/balance_delays.py": "tests/passes/test_balance_delays.py",
        "snnhw/passes/__init__.py": "tests/passes/test_passes.py",
        "snnhw/errors.py": "tests/test_errors.py",
        "analysis/hardware/mesh.py": "tests/analysis/hardware/test_mesh.py",
        "exporters/lava/run.py": "tests/exporters/lava/test_run.py",
    }
    assert {module: str(place_of_test(Path(module))) for module in guesses} == guesses
