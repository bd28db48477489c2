"""The integer network of an export that holds nothing else: the graph itself, or what calibration makes of it."""

from __future__ import annotations

from snnhw.graph.ir import Array, Graph
from snnhw.rules.ways import Way, compiled


def integers_of(graph: Graph, calibration: Array | None, way: Way) -> Graph:
    """The network in Loihi integers, as `way` runs it.

    Args:
        graph: in floats or in integers.
        calibration: samples [N, *shape] that turn a float graph into integers.
        way: whose rules it has to keep.

    Raises:
        InputError: the graph is in floats and there is no calibration, or a rule refuses it.
    """
    from snnhw.quantisation.compile import compile_loihi

    return compiled(graph if calibration is None else compile_loihi(graph, calibration).graph, way)
