"""The trained ReLU twin: its zeros price the matched network; other runs are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from snnhw.analysis.energy.sparsity import activation_sparsity
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.train.run import load_run
from snnhw.workflows.input_kind import with_input_kind
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.report import ReportOptions, build_report
from snnhw.workflows.twin import measure_twin
from snnhw.zoo import zoo_path
from tests.analysis.nets import three_layers
from tests.workflows.runs import run_of

ROOT = Path(__file__).parents[2]


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


def test_the_run_gets_what_the_priced_twin_computes_on(digits, some, tmp_path):
    """Events of 4 steps: their sum, once. Analogue frames: each, with the mean of the logits. By hooks on the run."""
    run = run_of(tmp_path / "twin")
    network, _ = load_run(run)
    frames = np.random.default_rng(0).integers(0, 3, (6, 4, 1, 8, 8)).astype(np.float32)
    events, analogue = inputs_of("events", frames, None), inputs_of("frames", frames / 2, some.targets[:6])
    fed, priced = with_input_kind(digits, events), build_report(digits, events).counts
    one = activation_sparsity(network, [torch.from_numpy(frames.sum(axis=1))])
    assert (measure_twin(run, fed, events).sparsity, priced.twin) == (pytest.approx(one), "summed")
    with torch.no_grad():
        logits = torch.stack([network(torch.from_numpy(frames[:, t] / 2)) for t in range(4)]).mean(dim=0)
    found, counted = measure_twin(run, digits, analogue), build_report(digits, analogue).counts
    each = [activation_sparsity(network, [torch.from_numpy(frames[:, t] / 2)]) for t in range(4)]
    assert found.sparsity == pytest.approx(sum(each) / 4)
    assert found.accuracy == (logits.argmax(dim=1).numpy() == some.targets[:6]).mean()
    assert (counted.twin, counted.total("dense_macs")) == ("frames", 4 * priced.total("dense_macs"))


def test_a_recurrent_network_has_no_relu_run(some, tmp_path):
    model = LoadedModel("rnn", three_layers())
    with pytest.raises(InputError, match="rnn has loops and a ReLU run has none"):
        measure_twin(run_of(tmp_path / "twin"), model, inputs_of("x", np.zeros((1, 3)), None))


def test_a_twin_of_the_zoo_is_named(some):
    model = LoadedModel("cifar10_full", load_model("cifar10_full").graph)
    images = inputs_of("noise", np.random.default_rng(0).random((2, 3, 32, 32), dtype=np.float32), None)
    named, folder = (measure_twin(run, model, images) for run in ("cifar10_full_relu", zoo_path("cifar10_full_relu")))
    assert named == folder and 0.2 < named.sparsity < 0.9
