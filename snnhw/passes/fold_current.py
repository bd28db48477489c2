"""Pass: a current that keeps nothing from one step to the next is what arrives, so its node goes.

A current-based neuron (CubaLIF) whose synaptic time constant is one step is a LIF. Postcondition: of the leaky
integrators, those are left that keep, scale or add something. Values are unchanged.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import LI, Graph, Node


def keeps_nothing(node: Node) -> bool:
    """Whether a node is a leaky integrator that sends what arrives in the same step, and nothing else."""
    return isinstance(node, LI) and bool(np.all(node.decay == 0) and np.all(node.gain == 1) and np.all(node.leak == 0))


def fold_current(graph: Graph) -> Graph:
    """Graph in which every source of such a current leads straight to its targets."""
    for name in [node.name for node in graph.of_type(LI) if keeps_nothing(node)]:
        into, out = graph.into(name), graph.out_of(name)
        through = tuple(
            dataclasses.replace(before, target=after.target, gain=before.gain * after.gain)
            for after in out
            for before in into
        )
        kept = tuple(edge for edge in graph.edges if name not in (edge.source, edge.target))
        graph = graph.replace(nodes=[n for n in graph.nodes.values() if n.name != name], edges=kept + through)
    return graph
