"""The heat map is the estimate: its cells add up to it, and the fullest is the one that takes most."""

from __future__ import annotations

import pytest

from snnhw.analysis.energy.estimate import CHIP
from snnhw.analysis.report.heat_map import heat_map, shares


def test_cells_add_up_to_the_layers_the_parts_and_the_whole(report):
    for found in report.energy.values():
        at = heat_map(found)
        assert list(at.rows) == list(found.layers) and at.parts == tuple(found.split) and at.is_split
        for layer, energy in found.layers.items():
            assert at.total(layer).ends == pytest.approx(energy.ends)
        for part, energy in found.split.items():
            cells = [row[part] for row in at.rows.values() if part in row]
            assert sum(cell.typical for cell in cells) == pytest.approx(energy.typical)


def test_shades_are_shares_of_the_largest_cell(report):
    at = heat_map(report.energy["loihi1-davies2018"])
    cells = {(layer, part): cell.typical for layer, row in at.rows.items() for part, cell in row.items()}
    most = max(cells, key=cells.get)
    assert at.shade(*most) == 1 and at.shade("readout", "synapse") == 0
    assert all(at.shade(*key) == pytest.approx(value / cells[most]) for key, value in cells.items())


def test_shares_of_the_layers_are_the_whole_but_for_the_chip(report):
    found = report.energy["loihi1-davies2018"]
    assert CHIP not in shares(found) and sum(shares(found).values()) == pytest.approx(1)
    case = report.static["loihi1-davies2018"]["batch1"].energy
    static = case.split["static"].typical / case.per_inference.typical
    assert CHIP not in shares(case) and sum(shares(case).values()) == pytest.approx(1 - static)
