"""The trained ReLU twin: its zeros price the matched network; other runs are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.workflows.report import ReportOptions, build_report
from snnhw.workflows.twin import measure_twin
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
