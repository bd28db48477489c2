"""A network with several outputs: each has its logits, labels are compared with the first, hardware refuses by name."""

import json

import nir
import numpy as np
import pytest
from typer.testing import CliRunner

from snnhw.analysis.counting.count import count
from snnhw.checks.check import TARGETS
from snnhw.cli import app
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Edge, Readout
from snnhw.passes import deploy
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.check import check
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.export import export
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.quantise import quantise
from snnhw.workflows.report import build_report
from snnhw.workflows.simulate import Backend
from snnhw.workflows.simulate import simulate as run
from snnhw.workflows.verify import LavaShare, verify
from tests.analysis.nets import three_layers

NAMED = r"2 outputs \(o1, o2\) where one is needed.*; keep one Output in the file"
DT = 1e-4


def written(path, *outputs):
    """A file with one population of 8 and, for each output, a matrix of its own; the second also reads the first."""
    rng = np.random.default_rng(3)

    def affine(outputs, inputs):
        return nir.Affine(rng.normal(0, 1, (outputs, inputs)), rng.normal(0, 0.1, outputs))

    population = nir.LIF(
        tau=np.full(8, 2 * DT), r=np.full(8, 2.0), v_leak=np.zeros(8), v_threshold=np.full(8, 0.3), v_reset=np.zeros(8)
    )
    nodes = {
        "input": nir.Input(np.array([6])),
        "a": affine(8, 6),
        "l": population,
        "h1": affine(3, 8),
        "h2": affine(3, 8),
    }
    edges = [("input", "a"), ("a", "l"), ("l", "h1"), ("l", "h2")]
    for name, sources in outputs:
        nodes[name] = nir.Output(np.array([3]))
        edges += [(source, name) for source in sources]
    kept = {b for _, sources in outputs for b in sources}
    dropped = {"h1", "h2"} - kept
    nir.write(
        path,
        nir.NIRGraph({n: v for n, v in nodes.items() if n not in dropped}, [e for e in edges if e[1] not in dropped]),
    )
    return load_model(path)


@pytest.fixture
def several(tmp_path):
    return written(tmp_path / "several.nir", ("o1", ["h1"]), ("o2", ["h1", "h2"]))


@pytest.fixture
def labelled():
    rng = np.random.default_rng(0)
    return inputs_of("x.npz", rng.uniform(0, 1, (5, 6)), np.array([0.0, 1.0, 2.0, 0.0, 1.0]))


def test_each_output_has_the_logits_of_the_file_that_has_it_alone(several, labelled, tmp_path):
    record = simulate(several.graph, labelled.values, execution=DOUBLE)
    for name, sources in (("o1", ["h1"]), ("o2", ["h1", "h2"])):
        alone = written(tmp_path / "alone.nir", (name, sources))
        assert np.array_equal(simulate(alone.graph, labelled.values, execution=DOUBLE).logits, record.outputs[name])
    assert list(record.outputs) == ["o1", "o2"] and np.array_equal(record.logits, record.outputs["o1"])
    assert record.outputs["o1"].any() and not np.array_equal(record.outputs["o1"], record.outputs["o2"])
    counts, spikes = count(several.graph, record), int(record.units["l"].spikes.sum())
    assert [row.name for row in counts.layers if row.kind == "readout"] == ["o1", "o2"]
    assert counts.total("unit_synops") == 2 * 3 * spikes  # h1 and h2 run once each, though o2 reads both
    assert counts.total("dense_macs") == 6 * 8 + 2 * 8 * 3


def test_recurrent_networks_have_all_outputs(labelled):
    one = three_layers()
    both = one.replace(
        nodes=[*one.nodes.values(), Readout(name="hidden_values", shape=(4,), reduction="sum")],
        edges=(*one.edges, Edge("around", "hidden_values")),
    )
    inputs = np.random.default_rng(1).normal(size=(3, 6, 3))
    record = simulate(both, inputs, execution=DOUBLE, raster=True)
    assert np.array_equal(record.logits, simulate(one, inputs, execution=DOUBLE).logits)
    fed_back = record.raster["hidden"][:, :-1, 0] @ one.nodes["around"].weight.T  # one step later
    assert np.allclose(record.outputs["hidden_values"], fed_back.sum(axis=1))


def test_labels_are_those_of_the_first_output(several, labelled, tmp_path):
    right = float((simulate(several.graph, labelled.values).outputs["o1"].argmax(1) == labelled.targets).mean())
    assert evaluate(several, labelled).accuracy == right
    made = run(several, labelled, tmp_path / "spikes.npz")
    (found,) = (f for f in made.findings if f.code == "labels-of-first-output")
    assert "compared with o1, the first output of several, and not with o2" in found.message
    assert made.accuracy == right and made.to_dict()["outputs"] == {"o1": [5, 3], "o2": [5, 3]}
    with np.load(tmp_path / "spikes.npz") as saved:
        assert np.array_equal(saved["logits"], saved["logits/o1"]) and saved["logits/o2"].shape == (5, 3)
    report = build_report(several, labelled)
    assert report.accuracy == {"float": right} and found in report.findings
    assert [row["name"] for row in report.to_dict()["layers"]] == ["l", "o1", "o2"]


def test_what_takes_one_output_refuses_by_name(several, labelled, tmp_path):
    unit = MLF(name="l", shape=(8,), thresholds=(0.3, 0.6), decay=0.5)
    levels = several.graph.replace(nodes={**several.graph.nodes, "l": unit})
    refusing = {
        "quantise": lambda: quantise(several, labelled, tmp_path / "q.nir"),
        "verify": lambda: verify(several, labelled, labelled, tmp_path, LavaShare(0)),
        "integers": lambda: run(several, labelled, tmp_path / "s.npz", Backend("torch-int", calibration=labelled)),
        "sanafe": lambda: run(several, labelled, tmp_path / "s.npz", Backend("sanafe")),
        "slots": lambda: deploy(levels, "slots"),
        **{target: lambda target=target: export(several, tmp_path / target, target) for target in ("nir", "lava")},
    }
    for name, refused in refusing.items():
        with pytest.raises(InputError, match=NAMED):
            print(name, refused())
    for target in TARGETS:
        (found,) = (f for f in check(several, target).findings if f.severity == "error")
        assert found.code == "ends" and "there are 2 outputs (o1, o2) where one is needed" in found.message


def test_the_command_line(several, labelled, tmp_path):
    np.savez(tmp_path / "x.npz", input=labelled.values, target=labelled.targets)
    given = [str(tmp_path / "several.nir"), "--input", str(tmp_path / "x.npz")]
    found = CliRunner().invoke(app, ["simulate", *given, "--output", str(tmp_path / "s.npz"), "--json"])
    assert found.exit_code == 0 and json.loads(found.stdout)["outputs"] == {"o1": [5, 3], "o2": [5, 3]}
    refused = CliRunner().invoke(app, ["verify", *given, "--out-dir", str(tmp_path)])
    assert refused.exit_code == 2 and not isinstance(refused.exception, InputError)


def test_a_loaded_model_names_its_outputs(several):
    rows = dict(several.summary().rows)
    assert (rows["output o1"], rows["output o2"]) == ("3 values", "3 values")
    assert "output" in dict(LoadedModel("one", three_layers()).summary().rows)
