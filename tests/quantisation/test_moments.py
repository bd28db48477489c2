"""Second moments against torch's convolution of the rasters."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from snnhw.passes import compile_channels
from snnhw.quantisation.moments import _squared, measure_calibration, measure_moments
from snnhw.quantisation.rounding import rounded_weights
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from tests.nets import residual_net


@pytest.mark.parametrize("groups", [1, 2])
def test_moments_are_those_of_the_windows_that_a_convolution_sees(groups):
    """Against torch: the mean square of the output is w E[x x^T] w^T."""
    sample = residual_net(1, groups=groups)
    graph = compile_channels(sample.graph)
    moments = measure_moments(graph, sample.inputs)
    raster = simulate(graph, sample.inputs, raster=True).raster
    for name, arriving in (("s0b0_1_conv", ["stem_mlf"]), ("s1b0_1_conv", ["stem_mlf", "s0b0_2_mlf"])):
        conv = graph.nodes[name]
        x = torch.as_tensor(sum(raster[u].sum(axis=2) for u in arriving), dtype=torch.float64).flatten(0, 1)
        y = F.conv2d(x, torch.as_tensor(conv.weight), None, conv.stride, conv.padding, 1, conv.groups).numpy()
        rows = np.split(conv.weight.reshape(len(conv.weight), -1), groups)
        found = moments[name]
        squares = np.concatenate([((r @ p) * r).sum(axis=1) for r, p in zip(rows, found.products[0], strict=True)])
        np.testing.assert_allclose(squares / found.windows, (y**2).mean(axis=(0, 2, 3)), rtol=1e-6)


def test_inputs_beyond_the_largest_run_are_kept_in_runs(monkeypatch):
    """A wide matrix: the products of each run are those of the whole matrix, and those between runs are not kept."""
    sample = residual_net(1)
    graph = compile_channels(sample.graph)
    whole = measure_moments(graph, sample.inputs)
    monkeypatch.setattr("snnhw.quantisation.moments.LARGEST_RUN", 7)
    close = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6)  # sums of analogue values, in another order
    runs = measure_moments(graph, sample.inputs)
    for name, found in runs.items():
        assert max(product.shape[2] for product in found.products) <= 7
        first = 0
        for product in found.products:
            part = slice(first, first + product.shape[2])
            close(product, whole[name].products[0][:, part, part])
            first = part.stop
        close(found.squares, whole[name].squares)
        weight = np.random.default_rng(0).normal(size=graph.nodes[name].weight.shape)
        assert rounded_weights(weight, np.full(len(weight), 40.0), found).shape == weight.shape


@given(st.integers(0, 2**31), st.integers(1, 2), st.integers(1, 40), st.integers(1, 9))
def test_products_in_blocks_are_those_of_the_whole(seed, groups, size, block):
    run = torch.from_numpy(np.random.default_rng(seed).integers(0, 4, (groups, 30, size)).astype(np.float32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("snnhw.quantisation.moments.BLOCK", block)
        assert torch.equal(_squared(run), run.transpose(1, 2) @ run)


def test_the_record_of_a_calibration_is_that_of_the_graph():
    sample = residual_net(2, samples=35)  # more than run at once
    graph, told = compile_channels(sample.graph), []
    moments, record = measure_calibration(graph, sample.inputs, lambda *words: told.append(words))
    expected = simulate(graph, sample.inputs, execution=Execution(batch_size=16))
    assert record is not None and not record.raster and moments
    np.testing.assert_array_equal(record.logits, expected.logits)
    for name, unit in expected.units.items():
        np.testing.assert_array_equal(record.units[name].levels_t, unit.levels_t)
    assert told == [("calibration", n, 35) for n in (0, 16, 32, 35)]
