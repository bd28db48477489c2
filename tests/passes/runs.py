"""Runs of a graph in float64 with every spike kept, and what it means that two of them are the same."""

import numpy as np

from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE


def run(graph, inputs):
    """Record with rasters and membranes, in float64."""
    return simulate(graph, inputs, execution=DOUBLE, raster=True, membranes=True)


def assert_same(a, b, logits=1e-9):
    """The same spikes on every level of every unit, and logits within `logits`."""
    assert set(a.raster) == set(b.raster)
    for unit in a.raster:
        assert (a.raster[unit] == b.raster[unit]).all(), unit
        assert (a.units[unit].levels == b.units[unit].levels).all()
    np.testing.assert_allclose(a.logits, b.logits, atol=logits)
