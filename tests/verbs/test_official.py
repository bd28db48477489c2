"""A checkpoint of the MLF authors' code on the command line: exported and verified, with what it does not hold."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from snnhw.cli import main
from snnhw.nir.io import read_nir

GOLDEN = Path(__file__).parents[1] / "golden/official_dsresnet8_dvscifar10.npz"
CONSTANTS = ("--timesteps", "2", "--constant", "thresholds=[0.6, 1.6]", "--constant", "downsample_sum=plain")


def narrow(array: np.ndarray) -> torch.Tensor:
    """Every sixteenth channel of the network with 32, 64 and 128."""
    return torch.tensor(array[tuple(slice(None, None, 16 if n >= 32 else 1) for n in array.shape)])


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs a command in a folder with a checkpoint and one sample; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    with np.load(GOLDEN) as arrays:
        state = {k.removeprefix("state/"): narrow(v) for k, v in arrays.items() if k.startswith("state/")}
    torch.save({"model": state, "epoch": 10}, "result.pth")
    np.savez("sample.npz", input=np.random.default_rng(0).poisson(0.6, (1, 2, 2, 42, 42)).astype(np.float32))

    def run(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["snnhw", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return run


def test_export_takes_the_constants_and_says_what_it_took(call):
    code, out, _ = call("export", "result.pth", "-o", "a.nir", *CONSTANTS, "--json")
    first = json.loads(out)["findings"][0]
    assert code == 0 and first["code"] == "official-constants"
    assert "2, [0.6, 1.6], 0.25, plain and [2, 42, 42]" in first["message"]
    graph = read_nir(Path("a.nir"), recognise=False)
    assert {len(nodes) for nodes in graph.units().values()} == {2} and graph.timesteps == 2
    code, out, _ = call("export", "result.pth", "-o", "b.nir")
    assert code == 0 and "T, thresholds, decay" in " ".join(out.split())


def test_verify_agrees_with_the_module(call):
    code, out, _ = call("verify", "result.pth", "--input", "sample.npz", "--lava-samples", "0", *CONSTANTS, "--json")
    found = json.loads(out)
    model, data, *integers = (f["code"] for f in found["findings"])
    assert code == 0 and (model, data) == ("official-constants", "input-kind-concluded")
    assert set(integers) == {"saturated-weights"}  # of weights drawn at random, as quantise says it


def test_constants_are_for_checkpoints_alone(call):
    code, out, err = call("export", "digits", "-o", "a.nir", "--constant", "decay=0.5")
    assert (code, out) == (2, "") and "leave --constant out" in " ".join(err.split())
    code, out, err = call("export", "result.pth", "-o", "a.nir", "--constant", "decay")
    assert (code, out) == (2, "") and "is not key=value" in err
    code, out, err = call("export", "result.pth", "-o", "a.nir", "--constant", "decay=2.0")
    assert (code, out) == (2, "") and "give a number from 0 to 1" in err
    assert not Path("a.nir").exists()


def test_one_of_several_processes_prints(call, monkeypatch):
    monkeypatch.setattr("snnhw.workflows.processes.rank", lambda: 1)
    settings = ("epochs=1", "batch=512", "arguments.widths=[2, 2, 2]", "arguments.timesteps=1")
    code, out, _ = call("train", "digits", "--quiet", "--json", *(a for s in settings for a in ("--set", s)))
    assert (code, out) == (0, "")
