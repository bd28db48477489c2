"""Pass: currents that hold a bias decay as integers do, so that the bias keeps its size when decays are rounded.

`fold_neuron` takes a bias b in front of a current of decay d out of it: c = b / (1 - d) enters the membrane in every
step, and the current starts at -c. Integers keep k/4096 of the current, not d of it, and with that share c is b / (1 -
k/4096). Only the current's rounding is left, which `quantise` has anyway; values in floats change by that.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.currents import current_before, is_current
from snnhw.graph.ir import LI, LIF, Array, Graph, Node
from snnhw.graph.loihi import DECAY_ONE
from snnhw.quantisation.integer_neuron import kept_share


def whole_decays(graph: Graph) -> Graph:
    """Graph whose currents that start elsewhere than at 0 decay by whole 4096ths.

    Args:
        graph: floats, after the passes for Loihi's integers.
    """
    nodes: dict[str, Node] = dict(graph.nodes)
    for neuron in graph.of_type(LIF):
        current = current_before(graph, neuron)
        if current is not None and np.any(current.start):
            nodes[neuron.name] = dataclasses.replace(neuron, leak=neuron.leak - _more(current))
    for current in graph.of_type(LI):
        if is_current(current) and np.any(current.start):
            kept = kept_share(current) / DECAY_ONE
            nodes[current.name] = dataclasses.replace(current, decay=kept, start=current.start + _more(current))
    return graph.replace(nodes=nodes)


def _more(current: LI) -> Array:
    """What its start is with the share that integers keep, less what it is with its own decay."""
    kept, decay = kept_share(current) / DECAY_ONE, np.asarray(current.decay, dtype=np.float64)
    change: Array = np.asarray(current.start, dtype=np.float64) * ((1 - decay) / (1 - kept) - 1)
    return change
