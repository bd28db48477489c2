"""Profiles, chips and recipes that a gate refuses, from the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from snnhw.analysis.hardware import chips, profiles
from snnhw.train import recipe
from tests.verbs.faults import refused, written

PROFILE = (profiles.FOLDER / "horowitz45-fp32.toml").read_bytes()
CHIP = (chips.FOLDER / "loihi1.toml").read_bytes()
RECIPE = (recipe.FOLDER / "digits.toml").read_bytes()
TEXTS: dict[str, tuple[Callable[[], None], str]] = {
    "pipe": (lambda: os.mkfifo("a.toml"), "a.toml is a pipe"),
    "folder": (lambda: os.mkdir("a.toml"), "a.toml is a folder"),
    "device": (lambda: os.symlink("/dev/zero", "a.toml"), "a.toml is a device"),
    "deep": (written("a.toml", b"a = " + b"[" * 10**5), "nested more than 32 deep"),
    "deep keys": (written("a.toml", b"a." * 10**4 + b"a = 1"), "nested more than 32 deep"),
    "digits": (written("a.toml", b"a = " + b"9" * 10**4), "Cannot read the"),
    "beyond 64 bits": (written("a.toml", b"a = " + b"9" * 400), "a whole number takes more than 64 bits"),
    "no UTF-8": (written("a.toml", b"a = '\xff'"), "is no text in UTF-8"),
    "empty": (written("a.toml", b""), "has no"),
    "a zero byte": (written("a.toml", b"\0"), "Cannot read the"),
}
VERBS = (
    ["profiles", "show", "a.toml"],
    ["profiles", "validate", "a.toml"],
    ["report", "digits", "--input", "digits:test", "--samples", "1", "--profile", "a.toml", "--out", "o"],
    ["map", "digits", "--chip", "a.toml"],
    ["train", "a.toml"],
)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("verb", VERBS[1:2] + VERBS[3:], ids=lambda verb: verb[0])
def test_files(tmp_path, monkeypatch, capsys, name, verb):
    monkeypatch.chdir(tmp_path)
    make, says = TEXTS[name]
    make()
    refused(verb, says, monkeypatch, capsys)


def changed(content: bytes, key: bytes, value: bytes) -> Callable[[], None]:
    """A good file with one value replaced."""
    lines = content.splitlines()
    index = next((i for i, line in enumerate(lines) if line.startswith(key + b" =")), 0)
    rest = lines[index + 1 :] if lines[index].startswith(key) else lines  # else the key is new
    return written("a.toml", b"\n".join([*lines[:index], key + b" = " + value, *rest]))


VALUES = {
    "profile, 1e400": (changed(PROFILE, b"value", b"1e400"), VERBS[0], "'value' is inf; give a finite number"),
    "profile, list": (changed(PROFILE, b"value", b"[[[1]]]"), VERBS[2], "'value' is [[[1]]]; give a finite number"),
    "profile, number for text": (changed(PROFILE, b"title", b"3"), VERBS[0], "has no 'title'"),
    "chip, 1e400": (changed(CHIP, b"cores_per_chip", b"1e400"), VERBS[3], "'cores_per_chip' is inf; give an integer"),
    "chip, date": (changed(CHIP, b"weight_bits", b"1979-05-27"), VERBS[3], "'weight_bits' is datetime.date"),
    "recipe, epochs": (changed(RECIPE, b"epochs", b"1_000_000_000_000"), VERBS[4], "give 1 to 100000"),
    "recipe, lr": (changed(RECIPE, b"lr", b"1e400"), VERBS[4], "lr = inf; give at least 0"),
    "recipe, steps": (
        changed(RECIPE, b"arguments", b"{timesteps = 1000000}"),
        VERBS[4],
        "timesteps = 1000000; give a whole number of at most 10000",
    ),
    "recipe, blocks": (changed(RECIPE, b"arguments", b"{blocks = [1000, 1, 1]}"), VERBS[4], "at most 1000 blocks"),
    "recipe, shift": (changed(RECIPE, b"augment", b"{shift = 1e9}"), VERBS[4], "give a number of 0 to 4096"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    make, verb, says = VALUES[name]
    make()
    refused(verb, says, monkeypatch, capsys)
    assert Path("a.toml").is_file()
