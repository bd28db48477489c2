"""Files of other frameworks beside those frameworks' own runs (benchmarks/conformance/foreign.py); conventions."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.conformance.foreign_compare import Golden
from benchmarks.conformance.foreign_rows import FRAMEWORKS
from snnhw.cli import main
from snnhw.errors import InputError
from snnhw.graph.firing import RESET_KINDS
from snnhw.graph.ir import LIF
from snnhw.nir.conventions import CONVENTIONS, RESETS, UNREADABLE, convention_named
from snnhw.simulation.execution import Execution
from snnhw.simulation.recurrent import is_recurrent
from tests.nir.step_runner import run_steps

FILES = Path(__file__).parents[1] / "golden"
CASES = [(f.name, name) for f in FRAMEWORKS for name in f.cases]
BY_HAND = "recurrent_loaded"  # no exporter wrote it
RECURRENT = {BY_HAND, "rleaky", "rleaky_one_to_one", "rsynaptic", "rif", "rlif", "rcuba"}
REFUSED = [("snntorch", "leaky_beta0")]  # a late reset of a neuron that keeps nothing of a step
OFF_GRID = [("rockpool", "lif_dt")]  # its decays lie on no grid
LARGEST = 30_000  # bytes of a golden file


def golden(framework: str, name: str) -> Golden:
    return Golden.load(FILES / f"foreign_{framework.replace('-', '_')}_{name}.npz")


def held(case: tuple[str, str]) -> bool:
    """Whether its file holds all that its neurons do."""
    return case not in REFUSED and not golden(*case).told["lost"]


def marked(cases: list[tuple[str, str]]) -> list[object]:
    """The first case of a framework and those of other kinds in each run, the others in the long one."""
    always = {("snntorch", "rsynaptic"), ("spikingjelly", "cuba_reset"), ("spyx", "rcuba"), ("spyx", "psu")}
    first = {framework: name for framework, name in reversed(cases)}
    kept = always | set(first.items())
    return [case if case in kept else pytest.param(*case, marks=pytest.mark.slow) for case in cases]


HELD = [case for case in CASES if held(case)]
LOST = [case for case in CASES if case not in HELD and case not in REFUSED]


def test_all_cases_are_here_and_small() -> None:
    found = {path.stem.removeprefix("foreign_"): path.stat().st_size for path in FILES.glob("foreign_*.npz")}
    assert set(found) == {f"{f.worker}_{name}" for f in FRAMEWORKS for name in f.cases}
    assert max(found.values()) < LARGEST
    assert {f.name for f in FRAMEWORKS} == set(CONVENTIONS) - {"nir"}
    assert len(HELD) > 50


@pytest.mark.parametrize(("framework", "name"), CASES)
def test_neurons_of_a_case_fire_now_and_then(framework: str, name: str) -> None:
    case = golden(framework, name)
    sizes = np.cumsum(list(case.told["neurons"].values()))[:-1]
    for spikes in np.split(case.spikes, sizes, 1):
        assert 0.01 < (spikes > 0).mean() < 0.99


@pytest.mark.parametrize(("framework", "name"), marked(HELD))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_spikes_and_outputs_are_those_of_the_framework(framework: str, name: str, dtype: torch.dtype) -> None:
    case = golden(framework, name)
    read = case.read(Execution(dtype), **case.told["options"])
    assert (read.refused, read.differing) == ("", 0)
    assert read.logits_off < 1e-6
    assert is_recurrent(case.graph(**case.told["options"])) == (name in RECURRENT)


@pytest.mark.parametrize(("framework", "name"), marked([case for case in HELD if "conv" not in case[1]]))
def test_stepping_in_plain_numpy_fires_the_same(framework: str, name: str) -> None:
    case = golden(framework, name)
    graph = case.graph(**case.told["options"])
    slow = run_steps(graph, case.input.reshape(-1, *graph.input.shape))
    late = case.told["late"]
    names = [n.name for n in graph.of_type(LIF)]
    theirs = np.split(case.spikes, np.cumsum(list(case.told["neurons"].values()))[:-1], 1)
    for neurons, spikes in zip(names, theirs, strict=True):
        ours = np.asarray(slow[neurons]).reshape(len(spikes), -1)
        assert np.array_equal(ours[: len(ours) - late], spikes[late:]) and not spikes[:late].any()


@pytest.mark.parametrize(("framework", "name"), marked(HELD))
def test_membranes_meet_thresholds(framework: str, name: str) -> None:
    """Thresholds on the other side of what is met change spikes, unless decays lie on no grid."""
    case = golden(framework, name)
    graph = case.graph(**case.told["options"])
    at = CONVENTIONS[case.told["options"].get("written_by", "nir")].fires_at_threshold
    moved = {
        node.name: dataclasses.replace(
            node,
            threshold=np.nextafter(np.float32(node.threshold), np.float32(np.inf if at else -np.inf)).astype(
                np.float64
            ),
        )
        for node in graph.of_type(LIF)
    }
    spikes, _ = case.fired(dataclasses.replace(graph, nodes={**graph.nodes, **moved}))
    assert np.array_equal(spikes, case.spikes) == ((framework, name) in OFF_GRID)


@pytest.mark.parametrize(("framework", "name"), marked(CASES))
def test_without_its_name_a_file_is_equal_or_a_finding_says_why_not(framework: str, name: str) -> None:
    bare = golden(framework, name).read()
    if bare.refused:
        assert f"--written-by {framework}, which seems to have written the file" in bare.refused
    else:
        assert bare.equal or {"writer-recognised", "writer-unknown"} & set(bare.findings)


@pytest.mark.parametrize(("framework", "name"), marked(LOST))
def test_what_an_exporter_drops_is_said_when_its_file_is_read(framework: str, name: str) -> None:
    case = golden(framework, name)
    graph = case.graph(**case.told["options"])
    assert not case.read(**case.told["options"]).equal
    assert case.told["lost"] in CONVENTIONS[framework].lost
    (applied,) = (f for f in graph.findings if f.code == "convention-applied")
    assert case.told["lost"] in applied.message
    if case.spikes.max() > 1 and framework != "snntorch":
        assert "one-spike-a-step" in {f.code for f in graph.findings}


@pytest.mark.parametrize(("framework", "name"), REFUSED)
def test_what_no_neuron_here_does_is_refused(framework: str, name: str) -> None:
    case = golden(framework, name)
    assert "keeps nothing of a step, so no late reset" in case.read(**case.told["options"]).refused


def test_lava_dl_without_its_delay_of_a_step_is_read_by_the_equations() -> None:
    case = golden("lava-dl", "cuba_at_once")
    assert case.read(written_by="nir", dt=1e-4).equal


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["norse", "rockpool"])
def test_recurrent_files_are_reported(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = golden(framework, BY_HAND)
    monkeypatch.chdir(tmp_path)
    Path("net.nir").write_bytes(case.nir)
    np.save("x.npy", case.input[None])
    options = case.told["options"].items()
    told = [text for key, value in options for text in (f"--{key.replace('_', '-')}", str(value))]
    command = ["snnhw", "report", "net.nir", "--input", "x.npy", "--out", "out", "--timesteps", str(len(case.input))]
    monkeypatch.setattr(sys, "argv", [*command, *told, "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code or 0) == 0
    printed = json.loads(capsys.readouterr().out)
    assert sum(sum(layer["spikes"]) for layer in printed["layers"]) == case.spikes.sum()
    assert {p.name for p in Path("out").iterdir()} >= {"report.html", "report.json", "layers.csv", "energy.csv"}


def test_nengo_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match=r"Files of 'nengo' .* charging the membrane in the next.*--written-by nir"):
        convention_named("nengo")
    assert not set(UNREADABLE) & set(CONVENTIONS)


def test_names_resets_and_limits_are_whole() -> None:
    assert all(c.name == name for name, c in CONVENTIONS.items())
    assert set(RESETS) == set(RESET_KINDS) >= {c.reset for c in CONVENTIONS.values() if c.reset}
    assert all(c.differences and c.limits and c.readout for name, c in CONVENTIONS.items() if name != "nir")
    assert CONVENTIONS["nir"].differences == () and CONVENTIONS["nir"].limits == ""
