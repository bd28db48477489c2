"""Reports against a trained ReLU twin, one model against its twins, and one report over two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from snnhw.cli import main
from snnhw.data.inputs import load_inputs
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn import build
from snnhw.train.run import Card, save_run
from snnhw.workflows.load import load_model
from snnhw.workflows.report import ReportOptions, build_report, measure
from snnhw.workflows.twin import measure_twin

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits():
    return load_model("digits")


@pytest.fixture(scope="module")
def some():
    return load_inputs("digits:test").first(24)


def run_of(folder, model="digits_ds_resnet8", relu=True, **arguments):
    torch.manual_seed(1)
    network = build(model, relu=relu, **arguments)
    about = {"parameters": 0, "input_shape": (1, 8, 8), "timesteps": 1, "classes": 10, "data": "digits"}
    about |= {"data_checksum": "", "test_checksum": "", "accuracy": 0.0, "validation_accuracy": None, "seed": 1}
    card = Card(model=model, arguments=arguments, relu=relu, seconds=0.0, command="", recipe={}, **about)
    save_run(folder, network, card, [])
    return folder


def test_zeros_of_the_relu_twin_price_the_matched_network(digits, some, tmp_path):
    """K = 3 levels and T = 4 steps: thirteen values, four bits; the share of zeros is that of the run given."""
    run = run_of(tmp_path / "twin")
    twin = measure_twin(run, digits, some)
    assert 0.1 < twin.sparsity < 0.9
    report = build_report(digits, some, ReportOptions(ann=run))
    assert report.accuracy["ReLU twin"] == twin.accuracy
    assert list(report.accuracy) == ["float", "ReLU twin"]
    matched = report.ann["horowitz45-fp32"]["int4, matched"]
    behind = [layer.dense_macs for layer in report.counts.layers if layer.kind != "first"]
    counted = sum(t.count.typical for t in matched.terms if t.part != "first_layer")
    assert counted == pytest.approx(sum(behind) * (1 - twin.sparsity))
    assert "int4, matched, with memory" in report.ann["loihi1-davies2018"]


def test_other_networks_are_no_twin(digits, some, tmp_path):
    with pytest.raises(InputError, match="spiking network; give the run of its ReLU twin"):
        measure_twin(run_of(tmp_path / "spikes", relu=False), digits, some)
    with pytest.raises(InputError, match="has other layers than digits"):
        measure_twin(run_of(tmp_path / "wide", widths=[4, 4, 6]), digits, some)


def test_advice_on_levels_needs_labels(digits, some):
    with pytest.raises(InputError, match="has no labels"):
        build_report(digits, Samples(some.name, some.values, None, some.checksum), ReportOptions(levels=True))


def test_one_model_is_compared_with_its_twins(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    command = ["snnhw", "compare", "digits", "--input", "digits:test", "--samples", "10", "-q"]
    monkeypatch.setattr(sys, "argv", [*command, "--ann", str(run_of(tmp_path / "twin")), "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    found = json.loads(capsys.readouterr().out)
    assert set(found["breakeven"]["profiles"]) == set(found["ann"]) == {"loihi1-davies2018", "horowitz45-fp32"}
    assert len(found["breakeven"]["bounds"]) == 3
    assert list(tmp_path.iterdir()) == [tmp_path / "twin"]  # nothing is written unasked
    monkeypatch.setattr(sys, "argv", [*command, "digits", "--ann", "twin"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2 and "compare them one by one" in capsys.readouterr().err


def test_accuracy_and_counts_of_one_process_are_those_of_its_samples(digits, some):
    measured = measure(digits, some)
    assert measured.record.samples == 24
    right = measured.record.logits.argmax(axis=1) == some.targets
    assert measured.accuracy == {"float": float(np.mean(right))}


@pytest.mark.slow
def test_two_processes_write_the_report_of_one(tmp_path):
    """One sample more for the first process than for the second; all but date and command is equal."""
    arguments = ["-m", "snnhw", "report", "digits", "--input", "digits:test", "--samples", "25", "--by-step", "-q"]
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for name, several in (("one", []), ("two", launch)):
        command = [sys.executable, *several, *arguments, "--out", str(tmp_path / name)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("one", "two"))
    assert one["samples"] == two["samples"] == 25
    for key in set(one) - {"stamp"}:
        assert one[key] == two[key], key
    for file in ("layers.csv", "energy.csv", "steps.csv"):
        assert (tmp_path / "one" / file).read_text() == (tmp_path / "two" / file).read_text()
    steps, layers = (pd.read_csv(tmp_path / "one" / file) for file in ("steps.csv", "layers.csv"))
    columns = ["spikes_l1", "events", "unit_synops", "replicated_synops", "macs", "neuron_updates"]
    pd.testing.assert_frame_equal(
        steps.groupby("name", sort=False)[columns].sum().reset_index(), layers[["name", *columns]]
    )
    assert len(one["steps"]) == one["timesteps"]
    assert sum(step["events"] for step in one["steps"]) == one["totals"]["events"]
