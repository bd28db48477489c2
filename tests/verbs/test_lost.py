"""Nothing of the user's is lost or silently wrong: what would be is refused in one sentence, and all files stay."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from snnhw.train import epoch
from snnhw.train.card import CARD, WEIGHTS
from snnhw.zoo import zoo_path
from tests.verbs.test_misuse import call

DIGITS = ["--input", "digits:test", "--samples", "2"]


def run_folder(name, change, resign=True):
    """The zoo's digits network with `change` applied to its tensors; `resign` gives the card their checksum."""
    import hashlib

    shutil.copytree(zoo_path("digits"), name)
    state = safetensors.torch.load_file(Path(name, WEIGHTS))
    change(state)
    content = safetensors.torch.save(state)
    Path(name, WEIGHTS).write_bytes(content)
    card = json.loads(Path(name, CARD).read_text())
    if resign:
        card["weights_checksum"] = hashlib.sha256(content).hexdigest()
    Path(name, CARD).write_text(json.dumps(card))


def fill() -> None:
    """Files of the user's where results are usually written, and run folders with bad weights."""
    Path("mine").mkdir()
    Path("mine/network.npz").write_text("mine")
    Path("spikes.npz").write_text("mine")
    np.savez("arrays.npz", logits=np.zeros(2), mine=np.ones(3))
    run_folder("nan", lambda state: state["stem.conv.weight"].view(-1).__setitem__(3, torch.nan))
    run_folder("inf", lambda state: state["head.weight"].view(-1).__setitem__(3, torch.inf))
    run_folder("variance", lambda state: state["stem.norm.running_var"].__setitem__(0, -1.0))
    run_folder("flipped", lambda state: state["head.bias"].add_(1e-7), resign=False)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNNHW_DATA", raising=False)
    fill()
    return tmp_path


BAD_WEIGHTS = {
    "nan": "tensor 'stem.conv.weight' holds NaN",
    "inf": "tensor 'head.weight' holds NaN or infinity",
    "variance": "tensor 'stem.norm.running_var' holds a negative variance",
    "flipped": "is not the file its card describes",
}
VERBS = {
    "evaluate": ["evaluate", "MODEL", *DIGITS],
    "report": ["report", "MODEL", *DIGITS, "--out", "o"],
    "quantise": ["quantise", "MODEL", "--calibrate", "digits:train", "-o", "o.nir"],
    "export": ["export", "MODEL", "-o", "o.nir"],
}
LOST = [
    (["export", "digits", "--target", "lava", "-o", "mine"], "mine holds network.npz and no snnhw-files.json"),
    (["export", "digits", "--target", "lava", "-o", "."], "holds arrays.npz and no snnhw-files.json"),
    (["export", "digits", "-o", "o.nir", "--force"], "The target nir has no option --force"),
    (["simulate", "digits", *DIGITS], "spikes.npz exists and is no record of spikes; choose another --output or give"),
    (["simulate", "digits", *DIGITS, "-o", "arrays.npz"], "arrays.npz exists and is no record of spikes"),
    *(
        ([word.replace("MODEL", name) for word in verb], says)
        for name, says in BAD_WEIGHTS.items()
        for verb in VERBS.values()
    ),
]


@pytest.mark.parametrize(("arguments", "says"), LOST, ids=[" ".join(a)[:60] for a, _ in LOST])
def test_it_is_refused_in_one_sentence(folder, arguments, says, monkeypatch, capsys):
    before = {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    assert call(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1
    assert says in printed.err
    assert {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()} == before


def test_records_are_replaced_and_with_force_everything(folder, monkeypatch, capsys):
    for arguments in (["--force"], [], ["-o", "arrays.npz", "--force"]):
        assert call(["simulate", "digits", *DIGITS, *arguments], monkeypatch) == 0
    with np.load("spikes.npz") as spikes:
        assert spikes["logits"].shape == (2, 10)


def test_a_loss_that_becomes_nan_ends_with_1(folder, monkeypatch, capsys):
    steps, step = [], epoch.train_step

    def breaks(training, x, target):
        steps.append(1)
        loss, correct = step(training, x, target)
        return (loss * torch.nan if len(steps) == 20 + 3 else loss), correct

    monkeypatch.setattr(epoch, "train_step", breaks)
    settings = ["arguments.widths=[2, 3, 4]", "arguments.timesteps=1", "epochs=3", "batch=64", "threads=1"]
    arguments = ["train", "digits", "--out", "run", "--quiet", *(w for s in settings for w in ("--set", s))]
    assert call(arguments, monkeypatch) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: The loss is nan in batch 3 of epoch 2; the run folder keeps the state after")
    assert printed.err.count("\n") == 1
    assert sorted(p.name for p in Path("run").iterdir()) == ["last.safetensors", "metrics.csv"]
