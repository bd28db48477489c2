"""The compiler: pure functions Graph -> Graph, and the pipelines as visible tuples.

FLOAT folds normalisation and keeps multi-level units. LOIHI_CHANNELS goes on to what Loihi-style hardware runs: K
binary channels per unit, pools folded into the readout, delays balanced; `quantise` (needs calibration) follows.
"""

from __future__ import annotations

from collections.abc import Callable

from snnhw.graph.ir import Graph
from snnhw.passes.balance_delays import balance_delays
from snnhw.passes.decompose import decompose
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses

Pass = Callable[[Graph], Graph]

FLOAT: tuple[Pass, ...] = (fold_norm,)
LOIHI_CHANNELS: tuple[Pass, ...] = (fold_norm, identity_synapses, decompose, fold_pool, balance_delays)


def run_passes(graph: Graph, pipeline: tuple[Pass, ...]) -> Graph:
    """`graph` after every pass of `pipeline`, in order."""
    for step in pipeline:
        graph = step(graph)
    return graph
