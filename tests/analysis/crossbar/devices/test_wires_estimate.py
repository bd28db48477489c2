"""The estimate of wires: exact to first order, and how far it is off beyond."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.devices.wires import effective_conductances
from snnhw.analysis.crossbar.devices.wires_estimate import estimated_conductances


def tile(rows, columns, seed=0, highest=4e-5):
    return torch.as_tensor(np.random.default_rng(seed).uniform(1e-6, highest, (rows, columns)))


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 999))
def test_what_the_estimate_leaves_out_falls_with_the_square_of_the_resistance(rows, columns, seed):
    conductances = tile(rows, columns, seed)
    wrong = []
    for ohm in (4.0, 1.0):
        exact = effective_conductances(conductances, ohm, ohm)
        wrong.append(float((estimated_conductances(conductances, ohm, ohm) - exact).abs().max()))
    assert wrong[1] <= wrong[0] / 12 + 1e-18


def test_its_sums_are_those_that_its_text_says():
    g, (word, bit) = tile(3, 4).numpy(), (2.0, 5.0)
    rows, columns = g.shape
    expected = np.empty_like(g)
    for i in range(rows):
        for j in range(columns):
            a = word * sum((min(j, k) + 1) * g[i, k] for k in range(columns))
            b = bit * sum((rows - max(i, m)) * g[m, j] for m in range(rows))
            expected[i, j] = g[i, j] / ((1 + a) * (1 + b))
    np.testing.assert_allclose(estimated_conductances(torch.as_tensor(g), word, bit).numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize(("size", "ohm", "most"), [(64, 0.5, 0.001), (64, 2.0, 0.007), (128, 0.5, 0.006)])
def test_columns_with_all_lines_driven_are_off_by_little(size, ohm, most):
    """The bounds stand in docs/devices.md."""
    conductances = tile(size, size)
    exact = effective_conductances(conductances, ohm, ohm).sum(dim=0)
    estimate = estimated_conductances(conductances, ohm, ohm).sum(dim=0)
    assert 0 < float((estimate / exact - 1).abs().max()) < most
