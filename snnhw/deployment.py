"""A network in one of the deployments that are graphs of their own: K channels, graded spikes or time slots.

The fourth that `analysis/deployments.py` counts, levels that share a dendrite, is the graph of the K channels: the
current is the same, computed once.
"""

from __future__ import annotations

from snnhw.errors import unknown
from snnhw.graph.ir import Graph
from snnhw.passes import Pass, run_passes
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.passes.fold_pool import fold_pool

DEPLOY: dict[str, tuple[Pass, ...]] = {
    "channels": (),  # exporters and engines take multi-level units for their channels
    "graded": (decompose_graded,),
    "slots": (fold_pool, decompose_slots),
}


def deploy(graph: Graph, deployment: str) -> Graph:
    """`graph` (folded) in a deployment of `DEPLOY`.

    Raises:
        InputError: there is no such deployment, or the graph does not allow it.
    """
    if deployment not in DEPLOY:
        raise unknown("deployment", deployment, DEPLOY)
    return run_passes(graph, DEPLOY[deployment])
