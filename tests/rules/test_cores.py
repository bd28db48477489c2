"""Cores by hand: every population from a fresh core, inputs only where they send events."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout
from snnhw.rules.cores import CORES, NEURONS_PER_CORE, first_cores, fits_the_mesh


def wide(size: int, levels: int | None = None) -> Graph:
    nodes = [
        Input(name="input", shape=(3,), levels=levels),
        Linear(name="fc", shape=(size,), weight=np.zeros((size, 3), np.int8)),
        LIF(name="unit", shape=(size,), decay=0.5, threshold=1.0),
        Readout(name="readout", shape=(size,)),
    ]
    return Graph.build(nodes, [("input", "fc"), ("fc", "unit"), ("unit", "readout")], 1)


def test_populations_fill_cores_one_after_the_other() -> None:
    assert first_cores(wide(5), neurons_per_core=2) == ({"unit": 0, "readout": 3}, 6)
    assert first_cores(wide(5, levels=1), neurons_per_core=2) == ({"input": 0, "unit": 2, "readout": 5}, 8)


@pytest.mark.parametrize(("cores", "fits"), [(CORES // 2, True), (CORES // 2 + 1, False)])
def test_a_network_of_more_cores_than_there_are_is_an_error(cores: int, fits: bool) -> None:
    found = list(fits_the_mesh(wide(cores * NEURONS_PER_CORE), "sanafe"))
    assert (not found) == fits
    assert fits or f"it needs {2 * cores} cores, the chip has {CORES}" in found[0].message
