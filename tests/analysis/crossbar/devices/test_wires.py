"""Wires with resistance: the currents of badcrossbar, and the laws of linear networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.crossbar.devices.wires import effective_conductances

GOLDEN = np.load(Path(__file__).parents[3] / "golden" / "wires_badcrossbar.npz")
TILES = range(50)


def kirchhoff(conductances, voltages, word_ohm, bit_ohm):
    """Output currents by the whole nodal matrix at once: one equation for each node of word and bit lines."""
    rows, columns = conductances.shape
    w, b, g = 1 / word_ohm, 1 / bit_ohm, conductances
    matrix, injected = np.zeros((2 * rows * columns,) * 2), np.zeros(2 * rows * columns)

    def join(one, other, conductance):
        matrix[one, one] += conductance
        if other is not None:
            matrix[other, other] += conductance
            matrix[one, other] -= conductance
            matrix[other, one] -= conductance

    for i in range(rows):
        for j in range(columns):
            word, bit = i * columns + j, (rows + i) * columns + j
            join(word, bit, g[i, j])
            join(word, None if j == 0 else word - 1, w)  # the driver is a source behind the first segment
            join(bit, None if i == rows - 1 else bit + columns, b)  # the converter holds 0 V behind the last
        injected[i * columns] += w * voltages[i]
    solved = np.linalg.solve(matrix, injected)
    return b * solved[(2 * rows - 1) * columns :]


def test_golden_numbers_are_of_the_version_that_is_said():
    assert str(GOLDEN["badcrossbar"]) == "1.1.0"


@pytest.mark.parametrize("number", TILES)
def test_currents_are_those_of_badcrossbar(number):
    conductances, voltages = GOLDEN[f"conductances_{number}"], GOLDEN[f"voltages_{number}"]
    word, bit = GOLDEN[f"ohm_{number}"]
    sent = voltages @ effective_conductances(torch.as_tensor(conductances), float(word), float(bit)).numpy()
    np.testing.assert_allclose(sent, GOLDEN[f"currents_{number}"], rtol=1e-9)


sizes = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**31))
resistances = st.sampled_from([0.01, 0.3, 2.0, 50.0, 1e4])


def drawn(size):
    rows, columns, seed = size
    rng = np.random.default_rng(seed)
    return rng.uniform(1e-6, 3e-4, (rows, columns)), rng.normal(0, 0.2, rows)


@given(sizes, resistances, resistances)
def test_currents_keep_the_law_of_every_node(size, word, bit):
    conductances, voltages = drawn(size)
    sent = voltages @ effective_conductances(torch.as_tensor(conductances), word, bit).numpy()
    np.testing.assert_allclose(sent, kirchhoff(conductances, voltages, word, bit), rtol=1e-8, atol=1e-18)


@given(sizes, resistances)
def test_one_kind_of_ideal_wire_is_the_limit_of_small_resistances(size, ohm):
    conductances = torch.as_tensor(drawn(size)[0])
    tiny = 1e-7
    for exact, near in (((ohm, 0.0), (ohm, tiny)), ((0.0, ohm), (tiny, ohm)), ((0.0, 0.0), (tiny, tiny))):
        ideal, almost = effective_conductances(conductances, *exact), effective_conductances(conductances, *near)
        torch.testing.assert_close(ideal, almost, rtol=1e-6, atol=0)


@given(sizes, resistances, resistances)
@settings(max_examples=30)
def test_a_tile_turned_over_sends_the_same_back(size, word, bit):
    """Reciprocity: rows and columns of the mirrored tile change places."""
    conductances = torch.as_tensor(drawn(size)[0])
    turned = effective_conductances(conductances.flip(0, 1).T, bit, word).T.flip(0, 1)
    torch.testing.assert_close(effective_conductances(conductances, word, bit), turned, rtol=1e-9, atol=0)


@given(sizes, st.sampled_from([0.5, 2.0, 20.0]))
@settings(max_examples=30)
def test_wires_only_take_current_away_and_more_of_them_more(size, ohm):
    conductances = torch.as_tensor(drawn(size)[0])
    little, much = (effective_conductances(conductances, r, r).sum() for r in (ohm, 2 * ohm))
    assert 0 < much < little < conductances.sum()


def test_tiles_are_solved_together_as_one_by_one():
    tiles = torch.rand(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 1e-4
    together = effective_conductances(tiles, 1.5, 2.5)
    for tile, found in zip(tiles, together, strict=True):
        torch.testing.assert_close(effective_conductances(tile, 1.5, 2.5), found, rtol=1e-12, atol=0)
