"""Pass: what enters, said at the input: analogue values, or events 0..levels.

Precondition: the graph is in floats, or in integers whose input is not scaled. Postcondition: `Input.levels` is
`levels`, and nothing else has changed. Values stay the same; what an operation behind the input is changes: spikes of
the input meet synapses as synaptic operations, analogue values are multiplied.
"""

from __future__ import annotations

import dataclasses

from snnhw.errors import InputError
from snnhw.graph.ir import Graph


def declare_input(graph: Graph, levels: int | None) -> Graph:
    """Graph whose input sends events of up to `levels`, or analogue values for None.

    Raises:
        InputError: `levels` is below 1, or the integers of the graph were made for an analogue input.
    """
    node = graph.input
    if levels is None:
        return graph if node.levels is None else _with(graph, None)
    if levels < 1:
        raise InputError(f"Events of at most {levels} are none; give the largest count of a step, at least 1.")
    if graph.is_integer and node.levels is None and node.scale is not None:
        raise InputError(
            f"The integers of {graph.name!r} were made for an analogue input of scale {node.scale:g}; quantise the "
            "float network with event data."
        )
    return _with(graph, levels)


def _with(graph: Graph, levels: int | None) -> Graph:
    declared = dataclasses.replace(graph.input, levels=levels)
    return graph.replace(nodes=[declared if n is graph.input else n for n in graph.nodes.values()])
