"""Residual networks in the shapes of public code: traced, counted as by hooks on the module, and reported in time."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.data.samples import Samples
from snnhw.graph.ir import MaxPool
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel, model_of
from snnhw.workflows.report import make_report
from tests.public_nets import WIDTHS, MSBlock, ResNet18, SEWBlock, random_weights
from tests.tracing.hooks import work_by_hooks

LIMIT_S = 120


def counted(block, widths, samples) -> tuple[LoadedModel, np.ndarray, NetworkCounts]:
    """A model, inputs and their counts; logits, spikes and work are the module's own."""
    network = random_weights(ResNet18(block, widths), 0).double()
    model = model_of(network, (3, 32, 32))
    x = np.random.default_rng(0).normal(0, 1, (samples, 3, 32, 32))
    told = module_backend(network, model.traced).run(x, False)
    record = simulate(model.graph, x, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, told.logits, atol=1e-9)
    for unit, expected in told.units.items():
        np.testing.assert_array_equal(record.units[unit].levels, expected.levels)
        assert expected.spikes.sum() > 0
    counts = count(model.graph, record)
    edges = [edge for row in counts.layers if row.kind != "readout" for edge in row.edges if edge.synapse]
    arrived = sum(edge.unit_synops for edge in edges)
    assert (arrived, counts.total("macs")) == work_by_hooks(network, torch.as_tensor(x))
    (pool,) = model.graph.of_type(MaxPool)
    assert (model.graph.signal(pool.name).kind == "spikes") == (block is SEWBlock)
    inside = 8 * 3 - 1  # positions of eight windows along an axis of 16 pixels, the first beginning on the border
    assert counts.total("host_operations") == samples * 4 * widths[0] * (inside**2 - 8**2)
    return model, x, counts


@pytest.mark.parametrize("block", [SEWBlock, MSBlock])
def test_a_narrow_network_counts_as_its_module(block):
    counted(block, (4, 4, 6, 8), 2)


@pytest.mark.slow
@pytest.mark.parametrize("block", [SEWBlock, MSBlock])
def test_a_network_of_the_published_width_is_reported_in_two_minutes(block, tmp_path):
    start = time.monotonic()
    model, x, counts = counted(block, WIDTHS, 1)
    make_report(model, Samples("noise", x.astype(np.float32), None, None, "noise"), tmp_path)
    totals = json.loads((tmp_path / "report.json").read_text())["totals"]
    assert totals["host_operations"] == counts.total("host_operations") and totals["macs"] == counts.total("macs")
    assert "operations per inference of max pools" in (tmp_path / "report.html").read_text()
    assert time.monotonic() - start < LIMIT_S
