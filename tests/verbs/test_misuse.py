"""Misuse of the command line: one sentence with a remedy on stderr, exit code 2, no traceback, nothing on stdout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from snnhw.cli import main
from snnhw.nir.io import write_nir
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("misuse")
    (path / "empty").mkdir()
    (path / "text.npz").write_text("no arrays")
    (path / "text.nir").write_text("no HDF5")
    (path / "text.pth").write_text("no checkpoint")
    np.savez(path / "nokey.npz", other=np.zeros((2, 1, 8, 8)))
    np.savez(path / "labels.npz", input=np.zeros((2, 1, 8, 8)), target=np.zeros(3))
    np.save(path / "words.npy", np.array(["a", "b"]))
    np.save(path / "none.npy", np.zeros((0, 1, 8, 8)))
    np.save(path / "shape.npy", np.zeros((2, 3, 5, 5), np.float32))
    np.save(path / "huge.npy", np.full((2, 1, 8, 8), 1e30))
    np.savez(path / "classes.npz", input=np.ones((2, 1, 8, 8)), target=np.array([3, 10]))
    np.save(path / "unlabelled.npy", np.ones((2, 1, 8, 8)))
    np.save(path / "nan.npy", np.full((2, 1, 8, 8), np.nan, np.float32))
    write_nir(small_net(), path / "net.nir")
    (path / "bad.toml").write_text("model = ")
    (path / "nosource.toml").write_text('name = "x"\n[constants.synop]\nvalue = 1\nunit = "pJ"\n')
    return path


MISUSE = [
    (["report", "digit", "--input", "digits:test", "--out", "o"], "no model 'digit'"),
    (["report", "empty", "--input", "digits:test", "--out", "o"], "no finished run"),
    (["report", "missing.nir", "--input", "digits:test", "--out", "o"], "missing.nir"),
    (["report", "text.nir", "--input", "digits:test", "--out", "o"], "text.nir"),
    (["report", "text.pth", "--input", "digits:test", "--out", "o"], "text.pth"),
    (["report", "missing.pth", "--input", "digits:test", "--out", "o"], "missing.pth"),
    (["report", "digits", "--input", "digit:test", "--out", "o"], "digit:test"),
    (["report", "digits", "--input", "digits:tests", "--out", "o"], "digits:tests"),
    (["report", "digits", "--input", "missing.npz", "--out", "o"], "no file missing.npz"),
    (["report", "digits", "--input", "text.npz", "--out", "o"], "text.npz"),
    (["report", "digits", "--input", "nokey.npz", "--out", "o"], "no array 'input'"),
    (["report", "digits", "--input", "labels.npz", "--out", "o"], "2 inputs and targets"),
    (["report", "digits", "--input", "words.npy", "--out", "o"], "words.npy"),
    (["report", "digits", "--input", "none.npy", "--out", "o"], "none.npy"),
    (["report", "digits", "--input", "shape.npy", "--out", "o"], "do not fit"),
    (["report", "digits", "--input", "nan.npy", "--out", "o"], "NaN"),
    (["report", "digits", "--input", "digits:test", "--out", "o", "--profile", "loihi"], "loihi"),
    (["report", "digits", "--input", "digits:test", "--out", "o", "--profile", "nosource.toml"], "source"),
    (["report", "digits", "--input", "digits:test", "--out", "/proc/none"], "/proc/none"),
    (["report", "digits", "--input", "digits:test", "--out", "o", "--samples", "0"], "greater than or equal to 1"),
    (["evaluate", "digits", "--input", "mnist:test"], "mnist"),
    (["simulate", "digits", "--input", "digits:test", "--backend", "torchint"], "did you mean 'torch-int'"),
    (["simulate", "digits", "--input", "digits:test", "--calibrate", "digits:train"], "leave --calibrate out"),
    (["simulate", "digits", "--input", "digits:test", "-o", "/proc/none/x.npz"], "/proc/none"),
    (["export", "digits", "-o", "x.nir", "--target", "onnx"], "onnx"),
    (["export", "digits", "-o", "x.nir", "--dialect", "brian"], "brian"),
    (["quantise", "digits", "--calibrate", "nan.npy", "-o", "x.nir"], "NaN"),
    (["map", "digits", "--deployment", "slots"], "slots"),
    (["check", "digits", "--dt", "0.001"], "digits is no NIR file, so dt would change nothing"),
    (["evaluate", "digits", "--reset", "hard", "--written-by", "norse"], "so written-by, reset would"),
    (["quantise", "digits", "--calibrate", "huge.npy", "-o", "x.nir"], "reach |x| = 1e+30"),
    (["quantise", "digits", "--calibrate", "unlabelled.npy", "-o", "x.nir", "--finetune", "1"], "has no labels"),
    (
        ["quantise", "digits", "--calibrate", "classes.npz", "-o", "x.nir", "--finetune", "1"],
        "reach 10 and the network has the outputs 0..9",
    ),
    (["train", "digitz"], "digitz"),
    (["train", "bad.toml"], "bad.toml"),
    (["train", "digits", "--set", "epochs"], "epochs"),
    (["train", "digits", "--set", "epochs=0"], "epochs"),
    (["train", "digits", "--set", "colour=3"], "colour"),
    (["profiles", "delete"], "delete"),
    (["profiles", "list", "loihi2"], "use profiles show loihi2"),
    (["profiles", "--plot", "a.svg"], "add --measured"),
    (["profiles", "show", "horowitz45-fp32", "--measured"], "No measurement is of the chip of horowitz45-fp32"),
    (["profiles", "--measured", "--plot", "a.gif"], "'gif' is unknown"),
    (["diagnose", "digits", "--input", "digits:test", "--epochs", "2"], "give --study with it"),
    (["diagnose", "digits", "--input", "digits:test", "--plot", "x.txt"], "x.txt is no PNG or SVG file"),
    (["diagnose", "digits", "--input", "digits:test", "--study", "--plot", "x.txt"], "x.txt is no PNG or SVG file"),
    (["diagnose", "digits", "--input", "digits:test", "--plot", "empty"], "empty is a folder"),
    (["diagnose", "net.nir", "--input", "digits:test", "--study"], "is a NIR file without a torch module"),
    (["export", "digits", "-o", "x.nir", "--data", "empty"], "--data empty; leave it out"),
    (["export", "digits", "-o", "x.nir", "--input-kind", "events"], "name them with --input or --calibrate"),
    (["quantise", "digits", "--calibrate", "nan.npy", "-o", "x.nir", "--data", "empty"], "--data empty; leave"),
    (["profiles", "show"], "needs a name"),
    (["profiles", "show", "loihi9"], "loihi9"),
    (["nonsense"], "nonsense"),
    (["report"], "Missing argument"),
]


def call(arguments: list[str], monkeypatch) -> int:
    monkeypatch.setattr(sys, "argv", ["snnhw", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(("arguments", "says"), MISUSE, ids=[" ".join(a) for a, _ in MISUSE])
def test_misuse_is_one_sentence(folder, arguments, says, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SNNHW_DATA", raising=False)
    assert call(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err and printed.out == ""
    assert says in printed.err
    if printed.err.startswith("error: "):
        assert printed.err.count("\n") == 1 and printed.err.rstrip().endswith((".", "?"))
    assert not (folder / "x.nir").exists() and not (folder / "o").exists()


@pytest.mark.parametrize("verb", ["simulate", "verify", "evaluate", "report", "compare"])
def test_a_folder_of_data_is_refused_beside_a_file_of_samples(folder, verb, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    out = ["--out", "o"] if verb == "report" else []
    assert call([verb, "digits", "--input", "unlabelled.npy", "--data", "empty", *out], monkeypatch) == 2
    assert "leave it out, or name a data set" in capsys.readouterr().err


def test_the_program_itself_prints_no_traceback(folder):
    command = [sys.executable, "-m", "snnhw", "report", "text.nir", "--input", "digits:test", "--out", "o"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: ") and "Traceback" not in done.stderr
