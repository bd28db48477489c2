"""Two layers whose reads and prices are calculated by hand in several tests."""

from __future__ import annotations

import numpy as np

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.mapping import CrossbarMapping, map_crossbars
from tests.nets import product_graph

# fc holds (1, -2, 3) and (-1, 0, 1) in steps of 2; a neuron fires where its current is above 1; out adds both spikes
WEIGHT = np.array([[2, -4, 6], [-2, 0, 2]], np.int32)
INPUTS = np.array([[3.0, 0.0, 1.0]])  # currents 12 and -4: the first neuron fires


def two_layers() -> CrossbarMapping:
    """The network on tiles of 128 x 128 devices of 2 bits, differential columns."""
    return map_crossbars(product_graph(WEIGHT), load_crossbar("rram"))
