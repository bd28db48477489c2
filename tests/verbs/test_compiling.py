"""Compiler verbs on a real network: files appear, JSON is one object, the exit code says what happened."""

from __future__ import annotations

import sys
from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.cli import main
from snnhw.data.datasets import load
from snnhw.nir.io import read_nir, write_nir
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from snnhw.workflows.backends import BACKENDS
from tests.analysis.nets import small_net
from tests.nets import residual_net
from tests.passes.test_input_current import current_net


def test_export_writes_channels_that_read_back(call):
    out = call("export", "digits", "-o", "digits.nir", "--json")
    assert out["target"] == "nir" and Path("digits.nir").stat().st_size == out["size_bytes"]
    assert all(len(nodes) == 3 for nodes in read_nir(Path("digits.nir"), recognise=False).units().values())


def test_export_of_every_deployment(call, refused):
    words = "'stem_mlf' does not fit NIR: its spikes carry 2 bits, and those of nir carry none; deploy it as channels."
    assert words in refused("export", "digits", "-o", "a.nir", "--deployment", "graded")
    assert "once every 3 sub-steps" in refused("export", "digits", "-o", "a.nir", "--deployment", "slots")
    lava = ("export", "digits", "-o", "folder", "--target", "lava", "--deployment")
    assert "does not fit lava" in refused(*lava, "slots")
    assert [f["code"] for f in call(*lava, "graded", "--json")["findings"]] == ["graded-sum"]
    assert not Path("a.nir").exists()


def test_simulate_in_every_deployment(call, refused):
    command = ("simulate", "digits", "--input", "digits:test", "--samples", "20", "--json", "--deployment")
    found = [call(*command, deployment) for deployment in ("channels", "graded", "slots")]
    assert found[0]["spikes"] == found[1]["spikes"] == found[2]["spikes"]
    with np.load("spikes.npz") as saved:  # of the slots: a message for every spike, 3 sub-steps for each step
        assert (
            saved["events/stem_mlf"].sum() == saved["counts/stem_mlf"].sum() and len(saved["counts_t/stem_mlf"]) == 12
        )
    assert "torch-int runs K channels, whatever" in refused(*command, "slots", "--backend", "torch-int")


def test_export_without_what_never_fires(call, refused):
    kept = call("export", "digits", "-o", "all.nir", "--prune-dead", "--input-range", "0", "1", "--json")
    dark = call("export", "digits", "-o", "dark.nir", "--prune-dead", "--input-range", "0", "0.1", "--json")
    assert kept["removed"] == []
    assert {(r["what"], r["name"]) for r in dark["removed"]} >= {("level", "stem_mlf")}
    assert all(r["bound"] is None or r["bound"] <= r["threshold"] for r in dark["removed"])
    assert dark["size_bytes"] < kept["size_bytes"]
    assert "is no range" in refused("export", "digits", "-o", "x.nir", "--prune-dead", "--input-range", "1", "0")


def test_export_without_a_level(call, refused):
    whole, without = (call("export", "digits", "-o", "k.nir", *more, "--json") for more in ((), ("--drop-level", "3")))
    assert without["size_bytes"] < whole["size_bytes"]
    assert "has levels 1 to 3; name one" in refused("export", "digits", "-o", "x.nir", "--drop-level", "4")


def test_quantise_then_simulate_integers(call, refused):
    made = call("quantise", "digits", "--calibrate", "digits:train", "-o", "int.nir", "--json")
    layers = made["layers"]
    clipped = {f["node"]: int(f["message"].split()[0]) for f in made["findings"] if f["code"] == "saturated-weights"}
    assert clipped == {layer["name"]: layer["saturated"] for layer in layers if layer["saturated"]}
    falls = {f["node"] for f in made["findings"] if f["code"] == "state-may-clip"}
    assert falls == {layer["name"] for layer in layers if layer["lowest_state"] < 1 - 2**23}
    assert all(layer["current_bound"] < 2**17 for layer in layers)
    command = ("simulate", "int.nir", "--input", "digits:test", "--samples", "40", "--backend", "torch-int", "--json")
    first = call(*command, "--raster")
    with np.load("spikes.npz") as saved:
        assert int(saved["counts/stem_mlf"].sum()) == sum(first["spikes"]["stem_mlf"])
        assert saved["raster/stem_mlf"].shape == (40, 4, 3, 12, 8, 8)
    assert first["accuracy"] >= 0.95
    assert "Loihi integers; use the backend" in refused("simulate", "int.nir", "--input", "digits:test")
    again = ("simulate", "int.nir", "--input", "digits:test", "--backend", "torch-int")
    assert "in Loihi integers already" in refused(*again, "--calibrate", "digits:train")
    assert "leave --deployment out" in refused(*again, "--deployment", "graded")


def test_weights_of_four_bits_halve_the_memory_and_the_estimate_says_that_prices_stay(call, refused):
    digits = load("digits", "train").take(slice(60))
    np.savez("some.npz", input=digits.values, target=digits.targets)
    memory = {}
    for bits in (8, 4):
        made = ("quantise", "digits", "--calibrate", "some.npz", "-o", f"{bits}.nir", "--weight-bits", str(bits))
        assert call(*made, "--json", "-q")["weight_bits"] == bits
        with np.load("some.npz") as some:
            graph = read_nir(f"{bits}.nir")
            counts = count(graph, simulate(graph, some["input"][:2]))
        memory[bits] = counts.total("weight_bits") - 8 * 10  # the biases of the read-out
        said = estimate(counts, load_profile("loihi1-davies2018")).assumes
        assert any("Weights have 4 bits" in text for text in said) == (bits == 4)
    assert memory[4] * 2 == memory[8]
    wide = ("quantise", "digits", "--calibrate", "some.npz", "-o", "x.nir", "--weight-bits", "3")
    assert "give 4 to 8" in refused(*wide)


def test_an_input_as_a_current(call, refused):
    graph, inputs = current_net()
    write_nir(graph, Path("own.nir"))
    np.savez("some.npz", input=inputs, target=np.arange(6) % 3)
    options = ("own.nir", "--calibrate", "some.npz", "-o", "int.nir", "--input-as", "current")
    made = call("quantise", *options, "--finetune", "1", "--each-layer", "--json", "-q")
    assert [layer["name"] for layer in made["layers"]] == ["first", "second", "fc"]
    ran = call("simulate", "int.nir", "--input", "some.npz", "--backend", "torch-int", "--json", "-q")
    assert sum(ran["spikes"]["first"]) > 0
    again = ("quantise", "digits", "--calibrate", "digits:train", "-o", "no.nir", "--input-as", "current")
    assert "so it takes no current" in refused(*again) and not Path("no.nir").exists()


def test_fine_tuning_on_a_file(call):
    digits = load("digits", "train").take(slice(60))
    np.savez("some.npz", input=digits.values, target=digits.targets)
    call("quantise", "digits", "--calibrate", "some.npz", "-o", "tuned.nir", "--finetune", "1", "--json")
    assert read_nir(Path("tuned.nir")).is_integer


def test_options_for_nir_files_reach_every_verb_that_reads_one(call):
    np.savez("x.npz", input=np.random.default_rng(0).random((4, 1, 8, 8)).astype(np.float32), target=np.arange(4))
    call("export", "digits", "-o", "net.nir")
    call("quantise", "net.nir", "--calibrate", "x.npz", "-o", "integers.nir", "--reset", "hard", "--timesteps", "3")
    assert read_nir(Path("integers.nir")).timesteps == 3
    call("evaluate", "net.nir", "--input", "x.npz", "--written-by", "snntorch", "--reset", "hard", "--json")
    call("map", "net.nir", "--dt", "0.0001", "--json")
    for verb in ("evaluate", "compare", "simulate", "report", "verify"):
        out = ("--out", "o") if verb == "report" else ()
        call(verb, "net.nir", "--input", "x.npz", "--written-by", "nobody", *out, code=2)
    for verb in (
        ("map", "net.nir"),
        ("quantise", "net.nir", "--calibrate", "x.npz", "-o", "y.nir"),
        ("check", "net.nir"),
    ):
        call(*verb, "--written-by", "nobody", code=2)


def test_every_verb_says_what_it_had_to_assume(monkeypatch, capsys, tmp_path):
    """Our own file says how its neurons step, so that --reset is not applied."""
    monkeypatch.chdir(tmp_path)
    graph = small_net()
    write_nir(graph, Path("own.nir"))
    np.savez("x.npz", input=np.random.default_rng(0).normal(size=(2, *graph.input.shape)), target=[0, 1])
    verbs = {
        "evaluate": ("--input", "x.npz"),
        "report": ("--input", "x.npz", "--out", "r"),
        "compare": ("--input", "x.npz"),
        "quantise": ("--calibrate", "x.npz", "-o", "i.nir", "--json"),
        "map": (),
    }
    for verb, options in verbs.items():
        monkeypatch.setattr(sys, "argv", ["snnhw", verb, "own.nir", "--reset", "hard", *options])
        with pytest.raises(SystemExit) as end:
            main()
        said = " ".join("".join(capsys.readouterr()).split())
        assert not end.value.code and "the reset that were asked for are not applied" in said, verb


def test_verbs_say_behind_the_result_that_the_input_was_taken_for_events(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    events = np.random.default_rng(0).integers(0, 3, (4, 4, 1, 8, 8)).astype(np.float32)
    np.savez("x.npz", input=events, target=[0, 1, 2, 3])
    for verb in (("evaluate",), ("report", "--out", "r"), ("compare",)):
        for kind in ((), ("--input-kind", "events")):
            monkeypatch.setattr(sys, "argv", ["snnhw", verb[0], "digits", "--input", "x.npz", *verb[1:], *kind])
            with pytest.raises(SystemExit) as end:
                main()
            told = capsys.readouterr()
            assert not end.value.code and "taken" not in told.err
            assert ("they are taken for events" in " ".join(told.out.split())) == (not kind), verb


def test_check_simulate_and_report_say_which_step_was_assumed_and_the_one_that_the_file_points_to(call):
    """r = 1/dt of 0.001 s, as SpikingJelly writes an integrator; read at the usual 0.0001 s."""
    nodes = {"i": nir.Input(np.array([4])), "w": nir.Linear(np.eye(4)), "o": nir.Output(np.array([4]))}
    nodes["n"] = nir.IF(np.full(4, 1e3), np.ones(4), np.zeros(4))
    nir.write("if.nir", nir.NIRGraph(nodes, [("i", "w"), ("w", "n"), ("n", "o")]))
    np.save("x.npy", np.ones((2, 5, 4), np.float32))
    options = ("if.nir", "--timesteps", "5", "--json")
    for verb in (("check",), ("simulate", "--input", "x.npy"), ("report", "--input", "x.npy", "--out", "page")):
        said = {f["code"]: f["message"] for f in call(*verb, *options)["findings"]}
        assert "0.0001 s is taken; all integrators have r = 1000, which is 1/dt of 0.001 s" in said["dt-assumed"]
        assert "dt-assumed" not in {f["code"] for f in call(*verb, *options, "--dt", "0.001")["findings"]}
    told = " ".join(call("simulate", "if.nir", "--timesteps", "5", "--input", "x.npy", "-q").split())
    assert "time step the file has time constants but no time step; 0.0001 s is taken" in told


def test_the_kind_of_the_input_is_concluded_or_stated(call, refused):
    events = np.random.default_rng(0).integers(0, 3, (6, 4, 1, 8, 8)).astype(np.float32)
    np.save("x.npy", events)
    run = ("simulate", "digits", "--input", "x.npy", "--samples", "2", "--json", "-q")
    concluded, stated = call(*run), call(*run, "--input-kind", "events")
    assert concluded["spikes"] == stated["spikes"]
    assert concluded["spikes"]["input"] == [int((events[:2] >= k).sum()) for k in (1, 2)]
    assert [f["code"] for f in concluded["findings"]] == ["input-kind-concluded"] and not stated["findings"]
    analogue = call(*run, "--input-kind", "analogue")
    assert "input" not in analogue["spikes"] and analogue["spikes"].items() < concluded["spikes"].items()
    call("quantise", "digits", "--calibrate", "x.npy", "-o", "int.nir", "--json", "-q")
    assert (read_nir(Path("int.nir")).input.levels, read_nir(Path("int.nir")).input.scale) == (2, 1)
    assert read_nir(Path("int.nir")).is_integer
    call("quantise", "digits", "--calibrate", "x.npy", "--input-kind", "analogue", "-o", "a.nir", "--json", "-q")
    assert read_nir(Path("a.nir")).input.levels is None
    np.save("y.npy", events / 2)
    assert "Sample 0 of y.npy holds values that are no whole" in refused(
        "simulate", "digits", "--input", "y.npy", "--input-kind", "events"
    )
    assert "did you mean 'events'" in refused("simulate", "digits", "--input", "x.npy", "--input-kind", "event")


@pytest.mark.slow
def test_sanafe_is_an_export_target_and_a_backend(call):
    graph = small_net()
    write_nir(graph, Path("small.nir"))
    np.save("x.npy", np.random.default_rng(0).normal(size=(2, *graph.input.shape)))
    assert call("check", "small.nir", "--target", "sanafe", "--json")["findings"]
    wrote = call("export", "small.nir", "--target", "sanafe", "--input", "x.npy", "-o", "new/net.yaml", "--json")
    assert Path("new/net.yaml").stat().st_size == wrote["size_bytes"] > 1000
    run = ("simulate", "small.nir", "--input", "x.npy", "--json")
    assert call(*run, "--backend", "sanafe")["spikes"] == call(*run)["spikes"]


@pytest.mark.lava
@pytest.mark.nengo
@pytest.mark.slow
def test_all_backends_give_the_same_record(call):
    counts = {}
    for backend in ("torch-int", "lava-fixed", "nengo-loihi", "c", "torch", "lava-float"):
        options = ("--input", "digits:test", "--samples", "2", "--json", "-q")
        if BACKENDS[backend][0]:
            options += ("--calibrate", "digits:train")
        counts[backend] = call("simulate", "digits", "--backend", backend, *options)["spikes"]
    assert counts["torch-int"] == counts["lava-fixed"] == counts["nengo-loihi"] == counts["c"]
    assert counts["torch"] == counts["lava-float"]


@pytest.mark.parametrize(
    ("target", "options", "known"),
    [
        ("lava", ("--dialect", "norse"), "--input, --force"),
        ("nir", ("--input", "digits:test"), "--dialect"),
        ("lava", ("--dialect", "snntorch"), "--input, --force"),  # also where it is a default elsewhere
    ],
)
def test_an_option_that_a_target_lacks_is_refused(refused, target, options, known):
    said = refused("export", "digits", "-o", "a", "--target", target, *options)
    assert said == f"error: The target {target} has no option {options[0]}; leave it out, its options are: {known}.\n"
    assert not Path("a").exists()


def test_a_range_without_a_proof_and_a_dialect_without_nir_are_refused(refused):
    assert "give --prune-dead" in refused("export", "digits", "-o", "a.nir", "--input-range", "0", "1")
    assert "--dialect, which is for nir" in refused("check", "digits", "--target", "lava", "--dialect", "norse")


def test_check_ends_with_1_where_a_finding_is_an_error(call):
    """The importer of sinabs runs chains alone, digits has branches."""
    found = call("check", "digits", "--dialect", "sinabs", "--json", code=1)
    assert found["target"] == "nir" and "error" in {f["severity"] for f in found["findings"]}
    assert "findings for nir" in call("check", "digits", "--dialect", "sinabs", code=1)
    assert all(f["severity"] != "error" for f in call("check", "digits", "--target", "lava", "--json")["findings"])


@pytest.mark.slow
def test_c_and_bundles_are_export_targets(call):
    sample = residual_net(widths=(4,))
    write_nir(run_passes(sample.graph, FLOAT), Path("net.nir"))
    np.save("x.npy", sample.inputs)
    given = ("export", "net.nir", "--calibrate", "x.npy", "--input", "x.npy", "--json")
    for target, flag in (("c", ["--event-driven"]), ("bundle", [])):
        found = call(*given, "--target", target, *flag, "-o", target)
        assert {f["code"] for f in found["findings"]} >= {"size" if target == "c" else "digest"}
        assert call("check", "net.nir", "--target", target, "--json")["findings"]
    assert "convolution_events_int8_t" in Path("c/network.c").read_text()
    assert "float64" in Path("bundle/certificate.json").read_text()
