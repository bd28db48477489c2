"""Every verb without any extra, held against the table of docs/install.md: it works, or one sentence says why.

The extras are barred from being imported, in one fresh Python that runs all verbs one after the other.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import snnhw
from snnhw.cli import VERBS

EXTRAS = (
    *("jinja2", "markupsafe", "matplotlib", "mpl_toolkits", "sklearn", "scipy", "lightning_fabric", "torchmetrics"),
    *("tensorboard", "triton", "sanafe", "pyarrow", "optuna"),
)
IN = ("--input", "x.npz", "--samples", "2", "-q")
RUNS: dict[str, tuple[str, ...]] = {
    "energy": ("energy", "digits", *IN),
    "summary": ("summary", "digits", *IN),
    "report": ("report", "digits", *IN, "--out", "r"),
    "compare": ("compare", "digits", "digits.nir", *IN, "--reset", "hard"),
    "diff": ("diff", "r", "digits.nir", "--reset", "hard", "--input", "x.npz", "-q"),
    "history": ("history", "."),
    "map": ("map", "digits", "--chip", "loihi1", *IN),
    "profiles": ("profiles", "show", "odin"),
    "check": ("check", "digits", "--target", "loihi1"),
    "export": ("export", "digits", "-o", "own.nir"),
    "quantise": ("quantise", "digits", "--calibrate", "x.npz", "-o", "integers.nir", "-q"),
    "simulate": ("simulate", "digits", *IN),
    "verify": ("verify", "digits", *IN, "--lava-samples", "0"),
    "crossbar": ("crossbar", "digits", *IN, "--calibrate", "x.npz", "--seeds", "2", "--spread", "0.01", "--out", "d"),
    "train": ("train", "digits", "--out", "run", "-q"),
    "prune": ("prune", "digits", "--energy-left", "0.9", "-o", "pruned", "-q"),
    "sweep": ("sweep", "s.toml", "-q"),
    "evaluate": ("evaluate", "digits", *IN),
    "diagnose": ("diagnose", "digits", "--input", "digits:test"),
    "zoo": ("zoo",),
    "datasets": ("datasets",),
    "demo": ("demo", "--no-lava", "-q"),
    "doctor": ("doctor",),
    "measure": ("measure", "digits", *IN, "--repetitions", "2", "--seconds", "0.1"),
}
NEED = {  # verb -> what the one sentence says
    "report": "report.json and the tables are in r. The page of a report needs jinja2; pip install 'snnhw[report]'.",
    "crossbar": "devices.json and the table are in d. The page of a report needs jinja2; pip install 'snnhw[report]'.",
    "train": "Data set 'digits' comes with scikit-learn; pip install 'snnhw[train]'.",
    "prune": "Data set 'digits' comes with scikit-learn; pip install 'snnhw[train]'.",
    "sweep": "A sweep needs Optuna, which is not installed; install it with: pip install 'snnhw[sweep]'.",
    "diagnose": "Data set 'digits' comes with scikit-learn; pip install 'snnhw[train]'.",
    "demo": "pip install 'snnhw[train]'.",
}
CODE = """
import contextlib, io, json, sys, traceback
for name in {barred!r}:
    sys.modules[name] = None
from snnhw.cli import main
told = dict()
for verb, words in {runs!r}.items():
    sys.argv, code, said = ["snnhw", *words], 0, io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(said):
        from snnhw.verbs import terminal
        terminal.err.file, terminal.out.file = said, shown
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            code = traceback.format_exc()
    told[verb] = (code, said.getvalue())
print(json.dumps(told))
"""
SAYS = re.compile(r"^\| `snnhw (\w+)` \| (.*?) \|", re.MULTILINE)


def run(folder: Path, barred: tuple[str, ...], runs: dict[str, tuple[str, ...]]) -> dict[str, tuple[int, str]]:
    """Exit code and what was said, by verb."""
    given = snnhw.load_inputs("digits:test").first(4)
    np.savez(folder / "x.npz", input=given.values, target=given.targets)
    (folder / "s.toml").write_text('recipe = "digits"\n[space]\nepochs = [1, 2]\n')
    snnhw.write_nir(snnhw.load_model("digits").graph, folder / "digits.nir")
    code = CODE.format(barred=barred, runs=runs)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return {verb: tuple(found) for verb, found in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.slow
def test_the_table_of_the_documents_is_what_happens(tmp_path):
    table = dict(SAYS.findall((Path(__file__).parents[2] / "docs" / "install.md").read_text()))
    assert RUNS.keys() == VERBS.keys() == table.keys()
    for verb, (code, said) in run(tmp_path, EXTRAS, RUNS).items():
        if verb == "measure":  # as the machine has it
            assert code == 0 or (code == 2 and "counter" in said and said.count("\n") == 1), said
            continue
        if verb in NEED:
            assert code == 2 and NEED[verb] in said and said.count("\n") == 1, (verb, code, said)
            assert table[verb] != "works"
        else:
            assert code == 0 and table[verb] == "works", (verb, code, said)
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"report.json", "layers.csv", "energy.csv"}


@pytest.mark.slow
def test_without_matplotlib_the_page_has_sentences_in_place_of_charts(tmp_path):
    runs = {"report": RUNS["report"], "compare": (*RUNS["compare"], "--out", "c")}
    found = run(tmp_path, ("matplotlib", "mpl_toolkits"), runs)
    assert found == {"report": (0, ""), "compare": (0, "")}
    page = (tmp_path / "r" / "report.html").read_text()
    assert page.count("Not drawn, since matplotlib is not installed") >= 6 and "<table" in page
    assert "Not drawn" in (tmp_path / "c" / "compare.html").read_text()
    written = json.loads((tmp_path / "r" / "report.json").read_text())
    assert written["samples"] == 2 and (tmp_path / "r" / "energy.csv").read_text().count("\n") > 5
