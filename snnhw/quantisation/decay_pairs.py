"""The decays of each neuron of a population as a chip holds them: the pair (du, dv), of 12 bits each.

Chips keep such pairs in tables that many compartments share, so what counts is how many of them differ on a core.
"""

from __future__ import annotations

import numpy as np

from snnhw.graph.currents import current_before
from snnhw.graph.ir import LIF, MLF, Array, Graph, LoihiLIF, Neuron
from snnhw.graph.loihi import DECAY_ONE
from snnhw.quantisation.integer_neuron import decay_registers


def decay_pairs(graph: Graph, neuron: Neuron) -> Array:
    """du * 4096 + dv of every neuron, int64 of its shape; of floats, those that `quantise` gives them."""
    if isinstance(neuron, LoihiLIF):
        du, dv = neuron.du, neuron.dv
    elif isinstance(neuron, LIF | MLF):
        du, dv = decay_registers(neuron.decay, current_before(graph, neuron), neuron.shape)
    else:
        du, dv = 0, 0  # time slots are on no chip
    codes: Array = np.broadcast_to(np.asarray(du, np.int64) * DECAY_ONE + dv, neuron.shape)
    return codes
