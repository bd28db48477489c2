"""Wheel and sdist from a copy of the sources, the wheel used in an environment of its own, far from the checkout.

The environment sees the packages that snnhw depends on through a .pth file; snnhw itself comes from the wheel alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.kernel import executed
from tests.staged import FOLDERS, ROOT

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "site", "runs", "demo")
DATA = (".toml", ".j2", ".css", ".js", ".json", ".safetensors", ".c", ".txt", ".typed")


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A copy of the checkout in which an earlier build has left a file of a module that is gone."""
    folder = tmp_path_factory.mktemp("packaging") / "sources"
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    stale = folder / "build" / "lib" / "snnhw" / "stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    return folder


@pytest.fixture(scope="module")
def built(sources) -> Path:
    """Folder with the wheel and the sdist, each made from the sources."""
    folder = sources.parent / "dist"
    for kind in ("--sdist", "--wheel"):
        command = (sys.executable, "-m", "build", kind, "--no-isolation", "--outdir", str(folder), str(sources))
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory) -> Path:
    """Environment in which the wheel is installed."""
    return installed(tmp_path_factory.mktemp("clean") / "env", str(next(built.glob("*.whl"))))


def installed(folder: Path, *what: str) -> Path:
    """New environment in `folder` with what pip is told to install."""
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", str(folder)), check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(ours) + "\n")
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet")
    subprocess.run((*pip, "--no-deps", "--no-index", "--no-build-isolation", *what), check=True)
    return folder


def run(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the environment, in `folder`, without the checkout on any path."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    program = (str(environment / "bin" / command[0]), *command[1:])
    return subprocess.run(program, cwd=folder, env=clean, capture_output=True, text=True)


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package_under_its_name_and_nothing_else(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for inside, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if (path.suffix in (*DATA, ".py", ".c", ".h") or path.name == "Makefile") and "__pycache__" not in path.parts
    }
    assert held == wanted and len([name for name in wanted if name.endswith(DATA)]) > 30


@pytest.mark.slow
def test_the_sdist_holds_what_its_tests_and_documents_need(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = ("tests/oracle.py", "docs/theory.md", "mkdocs.yml", "Makefile", "constraints.txt", "CITATION.cff")
    assert {*wanted, "setup.py", "exporters/base.py", "analysis/report/templates/report.css"} <= held
    assert not any(name.startswith("build/") for name in held)
    assert any(name.startswith("tests/golden/") for name in held)


@pytest.fixture
def hostile(tmp_path) -> Path:
    """A user's folder with packages of the names that our folders have."""
    for name in ("analysis", "exporters"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    return tmp_path


USE = """
import snnhw
from snnhw.exporters import exporter

assert "site-packages" in snnhw.__file__, snnhw.__file__
model, inputs = snnhw.load_model("digits"), snnhw.load_inputs("digits:test").first(20)
counts = snnhw.count(model.graph, snnhw.simulate_graph(model.graph, inputs.values))
energy = snnhw.estimate(counts, snnhw.load_profile("loihi1-davies2018"))
report, page = snnhw.make_report(model, inputs, "{out}")
exporter("nir").export(model.graph, "{out}/digits.nir")
print(snnhw.read_nir("{out}/digits.nir").timesteps, energy.per_inference.typical, page)
"""
ARGUMENTS = ("report", "digits", "--input", "digits:test", "--samples", "20", "--json", "-q", "--out")


@pytest.mark.slow
def test_the_folder_is_hostile(environment, hostile):
    done = run(environment, hostile, "python", "-c", "import exporters")
    assert done.returncode == 1 and done.stderr.strip() == "the wrong package"
    code = "import snnhw, snnhw.analysis as a, snnhw.exporters as b; print(snnhw.__file__, a.__file__, b.__file__)"
    where = run(environment, hostile, "python", "-c", code).stdout.split()
    assert len(where) == 3 and all(path.startswith(str(environment)) for path in where)


@pytest.mark.slow
def test_script_notebook_and_commands_of_the_wheel_agree_in_a_hostile_folder(environment, hostile):
    (hostile / "use.py").write_text(USE.format(out="script"))
    script = run(environment, hostile, "python", "use.py")
    assert script.returncode == 0, script.stderr
    cells = (USE.format(out="notebook"), "model.graph", "report")
    notebook = executed(cells, environment / "bin" / "python", hostile, environment / "kernels")
    printed, graph, report = (cell.outputs[-1] for cell in notebook.cells)
    assert printed["text"] == script.stdout.replace("script", "notebook")
    assert "&lt;svg" in graph["data"]["text/html"] and "&lt;svg" in report["data"]["text/html"]
    command = run(environment, hostile, "snnhw", *ARGUMENTS, "command")
    module = run(environment, hostile, "python", "-m", "snnhw", *ARGUMENTS, "module")
    assert command.returncode == module.returncode == 0, command.stderr + module.stderr
    reports = [json.loads(done.stdout) for done in (command, module)]
    reports += [json.loads((hostile / name / "report.json").read_text()) for name in ("script", "notebook")]
    assert all(report["totals"] == reports[0]["totals"] for report in reports)
    assert all(report["stamp"]["commit"] is None for report in reports)
    tables = {(hostile / name / "energy.csv").read_text() for name in ("script", "notebook", "command", "module")}
    assert len(tables) == 1
    assert (hostile / "notebook" / "report.html").stat().st_size > 50_000


@pytest.mark.slow
def test_an_editable_install_follows_the_sources_in_a_hostile_folder(sources, hostile, tmp_path_factory):
    environment = installed(tmp_path_factory.mktemp("editable") / "env", "-e", str(sources))
    (sources / "analysis" / "counting" / "later.py").write_text("ANSWER = 42\n")
    try:
        done = run(
            environment, hostile, "python", "-c", "from snnhw.analysis.counting import later; print(later.ANSWER)"
        )
    finally:
        (sources / "analysis" / "counting" / "later.py").unlink()
    assert done.stdout == "42\n", done.stderr
    for command in (("snnhw",), ("python", "-m", "snnhw")):
        done = run(environment, hostile, *command, "profiles", "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["profiles"], done.stderr


@pytest.mark.very_slow
def test_the_demo_of_the_wheel_trains_and_reports_without_lava(environment, tmp_path):
    done = run(environment, tmp_path, "snnhw", "demo", "--no-lava", "--json", "--quiet", "--out", "demo")
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)
    assert out["fidelity"]["agrees"] and out["accuracy"]["float"] >= 0.97
    assert (tmp_path / out["report"]).is_file()
