"""What was assumed of a foreign file stands with the result of every verb, and is gone where the user says it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnhw.cli import main
from snnhw.graph.assumptions import ASSUMPTIONS
from tests.analysis.report.reading import Page
from tests.nir.read.foreign import chain, full

SIZE, STEPS = 6, 5
IN = ("--input", "x.npz")
VERBS: dict[str, tuple[str, ...]] = {  # verb -> what it needs besides the model
    "simulate": IN,
    "evaluate": IN,
    "report": (*IN, "--out", "page"),
    "compare": IN,
    "verify": (*IN, "--lava-samples", "0"),
    "map": (),
    "quantise": ("--calibrate", "x.npz", "-o", "integers.nir"),
    "export": ("-o", "again.nir"),
    "check": (),
}
WITH_DATA = [verb for verb in VERBS if "x.npz" in VERBS[verb]]
OF_FILE = {"writer-recognised", "dt-assumed", "reset-undefined", "readout-assumed"}
TOLD = {"--dt": "1e-4", "--timesteps": str(STEPS), "--reset": "hard", "--written-by": "nir", "--input-kind": "events"}


@pytest.fixture
def files(tmp_path):
    """A file of nir 1.0.4, so without a reset, with the traces of snnTorch; events with and without a time axis."""
    rng = np.random.default_rng(0)
    first, last = (rng.integers(-2, 5, shape).astype(np.float32) / 4 for shape in ((5, SIZE), (3, 5)))
    neurons = nir.LIF(full((5,), 2e-4), full((5,), 2), full((5,), 0), full((5,), 1), full((5,), 0))
    nir.write(tmp_path / "lif.nir", chain(nir.Linear(first), neurons, nir.Linear(last), shape=(SIZE,)))
    with h5py.File(tmp_path / "lif.nir", "a") as file:
        del file["node/nodes/n1/v_reset"], file["version"]
        file["version"] = "1.0.4"
    events = rng.integers(0, 2, (4, STEPS, SIZE)).astype(np.float32)
    np.savez(tmp_path / "x.npz", input=events, target=np.arange(4) % 3)
    np.savez(tmp_path / "still.npz", input=events[:, 0], target=np.arange(4) % 3)
    return tmp_path


def codes(out: dict) -> set[str]:
    assert all({"code", "node", "message", "remedy"} <= set(finding) for finding in out["assumed"])
    assert {f["code"] for f in out["assumed"]} == {f["code"] for f in out["findings"]} & set(ASSUMPTIONS)
    return {finding["code"] for finding in out["assumed"]}


def given(verb: str, *options: str) -> list[str]:
    """`options` with their values; those about data only where the verb takes data."""
    return [word for o in options if o != "--input-kind" or verb in WITH_DATA for word in (o, TOLD[o])]


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_says_what_it_assumed_until_it_is_given(call, files, verb):
    run = (verb, "lif.nir", *VERBS[verb], "--json")
    of_data = {"input-kind-concluded"} if verb in WITH_DATA else {"timesteps-assumed"}
    assert codes(call(*run)) == OF_FILE | of_data
    for option in TOLD if verb in ("simulate", "check") else ():  # one by one where that is quick
        told = given(verb, option)
        settled = {code for code, assumption in ASSUMPTIONS.items() if assumption.option == option and told}
        assert codes(call(*run, *told)) == (OF_FILE | of_data) - settled, option
    assert codes(call(*run, *given(verb, *TOLD))) == set()


@pytest.mark.parametrize("verb", VERBS)
def test_in_a_table_it_stands_behind_the_result_and_not_on_stderr(monkeypatch, capsys, files, verb):
    monkeypatch.chdir(files)
    monkeypatch.setattr(sys, "argv", ["snnhw", verb, "lif.nir", *VERBS[verb]])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    result, _, assumed = printed.out.partition("Assumed, since nothing says it")
    said = " ".join(assumed.split())
    assert not end.value.code and result.strip() and printed.err == ""
    assert "time step the file has time constants but no time step; 0.0001 s is taken; give" in said
    assert "framework r is tau/dt with dt = 0.0001, as in files of snntorch" in said


@pytest.mark.parametrize("verb", WITH_DATA)
def test_a_network_of_ours_on_a_named_data_set_assumes_nothing(call, files, verb):
    options = [word.replace("x.npz", "digits:test") for word in VERBS[verb]]
    call("export", "digits", "-o", "own.nir")
    for model in ("digits", "own.nir"):
        assert codes(call(verb, model, *options, "--samples", "4", "--json")) == set()


def test_samples_without_steps_are_held_and_that_is_said(call, files):
    run = ("simulate", "lif.nir", "--input", "still.npz", "--json")
    said = {f["code"]: f["message"] for f in call(*run)["assumed"]}
    assert "still.npz [4, 6] is taken for 4 samples without time steps" in said["timesteps-assumed"]
    assert "timesteps-assumed" not in codes(call(*run, "--timesteps", "3"))


def test_the_first_screen_of_a_page_says_it(call, files):
    call("report", "lif.nir", *IN, "--out", "page")
    words = Page(Path("page/report.html").read_text()).text
    assert (
        words.index("Assumed, since nothing says it")
        < words.index("0.0001 s is taken")
        < words.index("Energy per inference")
    )
    assert words.count("0.0001 s is taken") == 1
    saved = json.loads(Path("page/report.json").read_text())
    assert codes(saved) == OF_FILE | {"input-kind-concluded"}
    call("report", "digits", "--input", "digits:test", "--samples", "8", "--out", "own")
    assert "Assumed, since" not in Path("own/report.html").read_text()


def test_a_comparison_says_it_of_each_model(call, files):
    call("check", "lif.nir")
    Path("other.nir").write_bytes(Path("lif.nir").read_bytes())
    run = ("compare", "lif.nir", "other.nir", *IN)
    told = call(*run)
    assert "Assumed of lif, since" in told and "Assumed of other, since" in told
    found = call(*run, "--json")["assumed"]
    assert {(f["model"], f["code"]) for f in found} == {
        (label, code) for label in ("lif", "other") for code in OF_FILE | {"input-kind-concluded"}
    }
