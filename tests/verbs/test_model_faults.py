"""Run folders, checkpoints and NIR files that a gate refuses, from the command line, whichever verb reads them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from snnhw.train.card import CARD, WEIGHTS
from snnhw.zoo import zoo_path
from tests.verbs.faults import refused, written


def card_with(**changes) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        values = {**json.loads((run / CARD).read_text()), **changes}
        (run / CARD).write_text(json.dumps({key: value for key, value in values.items() if value != "LEFT OUT"}))

    return change


def card_of(content: bytes) -> Callable[[Path], None]:
    return lambda run: (run / CARD).write_bytes(content) and None


def weights_of(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """The file of weights changed, with the checksum that belongs to it."""

    def apply(run: Path) -> None:
        content = change((run / WEIGHTS).read_bytes())
        (run / WEIGHTS).write_bytes(content)
        card_with(weights_checksum=hashlib.sha256(content).hexdigest())(run)

    return apply


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def apply(content: bytes) -> bytes:
        state = safetensors.torch.load(content)
        change(state)
        return safetensors.torch.save(state)

    return weights_of(apply)


def pipe_for(name: str) -> Callable[[Path], None]:
    def replace(run: Path) -> None:
        (run / name).unlink()
        os.mkfifo(run / name)

    return replace


RUNS: dict[str, tuple[Callable[[Path], None], str]] = {
    "weights are a pipe": (pipe_for(WEIGHTS), "model.safetensors is a pipe"),
    "card is a pipe": (pipe_for(CARD), "model.json is a pipe"),
    "weights are empty": (weights_of(lambda content: b""), "model.safetensors is no file of weights"),
    "weights are cut": (weights_of(lambda content: content[:-7]), "model.safetensors is no file of weights"),
    "weights are noise": (weights_of(lambda content: b"\xff" * 1000), "model.safetensors is no file of weights"),
    "head says 2^63 bytes": (
        weights_of(lambda content: (2**63).to_bytes(8, "little") + content[8:]),
        "model.safetensors is no file of weights",
    ),
    "a tensor is missing": (tensors(lambda state: state.pop("head.bias")), "lacks tensor 'head.bias'"),
    "a tensor too many": (tensors(lambda state: state.update(x=torch.zeros(1))), "has the unneeded tensor 'x'"),
    "another shape": (tensors(lambda state: state.update({"head.bias": torch.zeros(3)})), "has shape (3,) where (10,)"),
    "whole numbers": (tensors(lambda state: state.update({"head.bias": torch.zeros(10).int()})), "is int32 where"),
    "arguments are no table": (card_with(arguments=[1, 2]), "not a card of this version (arguments is [1, 2])"),
    "arguments are null": (card_with(arguments=None), "arguments is None"),
    "model is a list": (card_with(model=[]), "model is []"),
    "model is unknown": (card_with(model="digit"), "There is no model 'digit'"),
    "a million blocks": (card_with(arguments={"blocks": [10**6, 1, 1]}), "at most 65536"),
    "ten thousand blocks": (card_with(arguments={"blocks": [10**4, 1, 1]}), "give at most 1000 blocks"),
    "a million stages": (
        card_with(arguments={"blocks": [1] * 10**5, "widths": [1] * 10**5}),
        "give a list of at most 1000",
    ),
    "wide layers": (card_with(arguments={"widths": [65536] * 3}), "GiB are allowed"),
    "steps": (card_with(arguments={"timesteps": 10**6}), "timesteps = 1000000; give a whole number of at most 10000"),
    "text for a list": (card_with(arguments={"widths": "abc"}), "widths = 'abc'; give a list"),
    "text for a number": (card_with(arguments={"decay": "x"}), "decay = 'x'; give a number"),
    "thresholds deep": (card_with(arguments={"thresholds": [[1.0]]}), "give a list of which each is a number"),
    "input of 29 TiB": (card_with(input_shape=[1, 2**21, 2**21]), "input_shape is [1, 2097152, 2097152]"),
    "input of other axes": (card_with(input_shape=[8, 8]), "input_shape is [8, 8]"),
    "input of text": (card_with(input_shape="888"), "input_shape is '888'"),
    "input of other channels": (card_with(input_shape=[3, 8, 8]), "fix the shapes"),
    "a key is missing": (card_with(seed="LEFT OUT"), "not a card of this version"),
    "a key too many": (card_with(colour=1), "not a card of this version"),
    "deep": (card_of(b"[" * 10**5 + b"]" * 10**5), "nested more than 32 deep"),
    "less deep": (card_with(recipe=json.loads("[" * 40 + "]" * 40)), "nested more than 32 deep"),
    "digits": (card_of(b'{"seed": ' + b"9" * 10**5 + b"}"), "Cannot read the card run/model.json"),
    "beyond 64 bits": (card_with(seed=2**64), "a whole number takes more than 64 bits"),
    "half a character": (card_of(b'{"model": "\\ud800"}'), "a text holds half of a character"),
    "no UTF-8": (card_of(b"\xff\xfe"), "is no text in UTF-8"),
    "a list": (card_of(b"[]"), "it is no table"),
    "null": (card_of(b"null"), "it is no table"),
    "huge": (card_of(b" " * 5 * 2**20), "has more than 4 MiB"),
}
ON_MODELS = (  # every verb that reads a model
    ["report", "run", "--input", "digits:test", "--out", "o"],
    ["evaluate", "run"],
    ["simulate", "run", "--input", "digits:test"],
    ["quantise", "run", "--calibrate", "digits:train", "-o", "o.nir"],
    ["compare", "digits", "run", "--input", "digits:test", "--out", "o"],
    ["verify", "run", "--input", "digits:test", "--lava-samples", "0"],
    ["export", "run", "-o", "o.nir"],
    ["check", "run"],
    ["map", "run"],
    ["diagnose", "run", "--input", "digits:test"],
)


@pytest.mark.parametrize("name", RUNS)
def test_run_folders(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNNHW_MAX_GIB", "1")
    shutil.copytree(zoo_path("digits"), "run")
    make, says = RUNS[name]
    make(Path("run"))
    refused(ON_MODELS[list(RUNS).index(name) % len(ON_MODELS)], says, monkeypatch, capsys)


def expanded() -> None:
    """A state dict whose tensors are far larger than the file: one number, seen a billion times."""
    state = {name: torch.zeros(1).expand(2**15, 2**15, 3, 3) for name in ("conv1.weight", "voting.weight")}
    torch.save(state, "a.pth")


def code() -> None:
    """A pickle that would write a file."""
    Path("a.pth").write_bytes(b"cos\nsystem\n(S'touch broken'\ntR.")


FILES: dict[str, tuple[Callable[[], None], str, str]] = {
    "pth pipe": (lambda: os.mkfifo("a.pth"), "a.pth", "a.pth is a pipe where a torch checkpoint is needed"),
    "pth folder": (lambda: os.mkdir("a.pth"), "a.pth", "a.pth holds no finished run"),
    "pth code": (code, "a.pth", "a.pth is not a torch checkpoint of tensors"),
    "pth cut": (written("a.pth", b"\x80\x02J\0"), "a.pth", "a.pth is not a torch checkpoint of tensors"),
    "pth empty": (written("a.pth", b""), "a.pth", "a.pth is not a torch checkpoint of tensors"),
    "pth number": (
        lambda: torch.save({"voting.weight": 3, "conv1.weight": 4}, "a.pth"),
        "a.pth",
        "holds no state dict",
    ),
    "pth axes": (
        lambda: torch.save({"feature.0.conv.0.weight": torch.ones(1), "classifier.6.weight": torch.ones(1)}, "a.pth"),
        "a.pth",
        "A tensor of the checkpoint has too few axes",
    ),
    "pth expanded": (expanded, "a.pth", "GiB are allowed"),
    "pth sparse": (
        lambda: torch.save({"voting.weight": torch.eye(2).to_sparse(), "conv1.weight": torch.eye(2)}, "a.pth"),
        "a.pth",
        "tensors that are not plain",
    ),
    "nir pipe": (lambda: os.mkfifo("a.nir"), "a.nir", "a.nir is a pipe where a NIR file is needed"),
    "nir device": (lambda: os.symlink("/dev/zero", "a.nir"), "a.nir", "a.nir is a device"),
    "long name": (lambda: None, "x" * 300, "There is no model"),
    "long nir": (lambda: None, "x" * 300 + ".nir", "File name too long"),
    "zero byte": (lambda: None, "a\0b", "There is no model"),
    "zero byte nir": (lambda: None, "a\0b.nir", "is no name of a file"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_models(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNNHW_MAX_GIB", "1")
    make, file, says = FILES[name]
    make()
    verb = ON_MODELS[list(FILES).index(name) % len(ON_MODELS)]
    refused([file if word == "run" else word for word in verb], says, monkeypatch, capsys)
