"""Second moments against torch's convolution of the rasters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from snnhw.passes import compile_channels
from snnhw.quantisation.moments import measure_moments
from snnhw.quantisation.rounding import rounded_weights
from snnhw.simulation.engine import simulate
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
    runs = measure_moments(graph, sample.inputs)
    for name, found in runs.items():
        assert max(product.shape[2] for product in found.products) <= 7
        first = 0
        for product in found.products:
            part = slice(first, first + product.shape[2])
            np.testing.assert_array_equal(product, whole[name].products[0][:, part, part])
            first = part.stop
        np.testing.assert_array_equal(found.squares, whole[name].squares)
        weight = np.random.default_rng(0).normal(size=graph.nodes[name].weight.shape)
        assert rounded_weights(weight, np.full(len(weight), 40.0), found).shape == weight.shape
