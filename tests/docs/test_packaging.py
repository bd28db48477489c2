"""Wheel and sdist from a copy of the sources, the wheel run in an environment of its own, far from the checkout.

The environment sees the packages that snnhw depends on through a .pth file; snnhw itself comes from the wheel alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "site", "runs", "demo")
DATA = (".toml", ".j2", ".css", ".js", ".json", ".safetensors", ".c", ".txt", ".typed")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("packaging")
    sources = folder / "sources"
    shutil.copytree(ROOT, sources, ignore=LEFT_OUT)
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), str(sources))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory) -> Path:
    """Environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(folder)), check=True)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index")
    subprocess.run((*pip, str(next(built.glob("*.whl")))), check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the environment, in `folder`, without the checkout on any path."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    program = (str(environment / "bin" / command[0]), *command[1:])
    return subprocess.run(program, cwd=folder, env=clean, capture_output=True, text=True)


@pytest.mark.slow
def test_the_wheel_holds_every_data_file_and_no_test(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in ("snnhw", "exporters", "analysis")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (*DATA, ".py") and "__pycache__" not in path.parts
    }
    assert wanted - held == set() and len([w for w in wanted if w.endswith(DATA)]) > 30
    assert {name.split("/")[0] for name in held} == {"snnhw", "exporters", "analysis"}


@pytest.mark.slow
def test_the_sdist_holds_what_its_tests_and_documents_need(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = ("tests/oracle.py", "docs/theory.md", "mkdocs.yml", "Makefile", "constraints.txt", "CITATION.cff")
    assert set(wanted) <= held
    assert any(name.startswith("tests/golden/") for name in held)


@pytest.mark.slow
def test_the_wheel_reports_outside_the_checkout_beside_folders_of_the_same_names(environment, tmp_path):
    for name in ("analysis", "exporters"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    code = "import snnhw, analysis; print(snnhw.__file__, analysis.__file__)"
    where = run(environment, environment, "python", "-c", code)
    assert all(str(environment) in path for path in where.stdout.split()), where.stderr
    arguments = ("report", "digits", "--input", "digits:test", "--samples", "20", "--json", "-q", "--out")
    script = run(environment, tmp_path, "snnhw", *arguments, "script")
    module = run(environment, tmp_path, "python", "-m", "snnhw", *arguments, "module")
    assert script.returncode == module.returncode == 0, script.stderr + module.stderr
    reports = [json.loads(done.stdout) for done in (script, module)]
    assert reports[0]["totals"] == reports[1]["totals"] and reports[0]["stamp"]["commit"] is None
    assert (tmp_path / "script" / "report.html").stat().st_size > 50_000
    assert (tmp_path / "module" / "layers.csv").read_text() == (tmp_path / "script" / "layers.csv").read_text()


def test_python_m_in_the_checkout_ignores_folders_of_the_same_names(tmp_path):
    (tmp_path / "analysis").mkdir()  # without __init__.py, as a folder of notebooks is
    (tmp_path / "exporters.py").write_text("raise SystemExit('the wrong module')\n")
    command = (sys.executable, "-m", "snnhw", "profiles", "--json")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["profiles"], done.stderr


@pytest.mark.very_slow
def test_the_demo_of_the_wheel_trains_and_reports_without_lava(environment, tmp_path):
    done = run(environment, tmp_path, "snnhw", "demo", "--no-lava", "--json", "--quiet", "--out", "demo")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["fidelity"]["agrees"] and out["accuracy"]["float"] >= 0.97
    assert (tmp_path / out["report"]).is_file()
