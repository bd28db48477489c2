"""Files of samples that the gate refuses on the command line: exit code 2, one sentence, nothing written."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from tests.gates.test_numpy_file import FAULTS as NUMPY_FAULTS
from tests.gates.test_numpy_file import npy, npz
from tests.verbs.faults import refused, written
from tests.verbs.test_misuse import call

ONE = np.full((2, 1, 8, 8), 0.5)


def labelled(labels) -> bytes:
    return npz([("input.npy", npy(ONE)), ("target.npy", npy(np.array(labels)))])


ON_SAMPLES = (  # every verb that reads samples
    ["report", "digits", "--input", "FILE", "--out", "o"],
    ["evaluate", "digits", "--input", "FILE"],
    ["simulate", "digits", "--input", "FILE"],
    ["quantise", "digits", "--calibrate", "FILE", "-o", "o.nir"],
    ["compare", "digits", "mnist", "--input", "FILE", "--out", "o"],
    ["verify", "digits", "--input", "FILE", "--lava-samples", "0"],
    ["export", "digits", "--calibrate", "FILE", "-o", "o.nir"],
)
SAMPLES: dict[str, tuple[Callable[[], None], str]] = {
    "pipe": (lambda: os.mkfifo("a.npz"), "a.npz is a pipe where a NumPy file is needed"),
    "folder": (lambda: os.mkdir("a.npz"), "a.npz is a folder where a NumPy file is needed"),
    "device": (lambda: os.symlink("/dev/zero", "a.npz"), "a.npz is a device where a NumPy file is needed"),
    "NaN label": (written("a.npz", labelled([0.0, np.nan])), "Label 1 of a.npz is nan"),
    "negative label": (written("a.npz", labelled([-1, 0])), "Label 0 of a.npz is -1"),
    "text label": (written("a.npz", labelled(["0", "1"])), "Array 'target' of a.npz holds <U1"),
    "label beyond int64": (written("a.npz", labelled(np.array([0, 2**63], np.uint64))), "Label 1 of a.npz is 92233"),
    **{
        name: (written("a.npz", content), "a.npz")
        for name, (content, _) in NUMPY_FAULTS.items()
        if name not in ("twice", "fields", "dates")
    },
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNNHW_MAX_GIB", "1")
    make, says = SAMPLES[name]
    make()
    verb = ON_SAMPLES[list(SAMPLES).index(name) % len(ON_SAMPLES)]
    refused([word.replace("FILE", "a.npz") for word in verb], says, monkeypatch, capsys)


@pytest.mark.parametrize("verb", ON_SAMPLES, ids=lambda verb: verb[0])
def test_every_verb_reads_samples_through_the_gate(tmp_path, monkeypatch, capsys, verb):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("a.npz")
    refused([word.replace("FILE", "a.npz") for word in verb], "a.npz is a pipe", monkeypatch, capsys)


def test_big_endian_samples_are_those_of_this_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).random((3, 1, 8, 8))
    outputs = []
    for kind in ("<f8", ">f8"):
        np.savez("a.npz", input=values.astype(kind), target=np.array([1, 2, 3], kind.replace("f8", "i8")))
        assert call(["evaluate", "digits", "--input", "a.npz", "--json", "--quiet"], monkeypatch) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
