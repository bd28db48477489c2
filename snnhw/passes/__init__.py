"""The compiler: pure functions Graph -> Graph, and the pipelines as visible tuples.

FLOAT folds normalisation and keeps multi-level units. The others go on to what hardware runs, with pools folded into
the readout and delays balanced: LOIHI_CHANNELS has K binary channels per unit and its other pools in the convolutions
behind them (`quantise`, which needs calibration, follows), LOIHI_CURRENT is the same with an input that enters the
first neurons as a current instead of in messages, LOIHI_GRADED one graded spike per unit, TIME_SLOTS one
binary channel per unit in S sub-steps.
"""

from __future__ import annotations

from collections.abc import Callable

from snnhw.errors import unknown
from snnhw.graph.ir import Graph
from snnhw.passes.balance_delays import balance_delays
from snnhw.passes.decompose import decompose
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses, spike_synapses
from snnhw.passes.pool_into_conv import pool_into_conv

Pass = Callable[[Graph], Graph]

FLOAT: tuple[Pass, ...] = (fold_norm,)
LOIHI_CHANNELS: tuple[Pass, ...] = (fold_norm, identity_synapses, decompose, fold_pool, pool_into_conv, balance_delays)
LOIHI_CURRENT: tuple[Pass, ...] = (fold_norm, spike_synapses, decompose, fold_pool, pool_into_conv, balance_delays)
LOIHI_GRADED: tuple[Pass, ...] = (fold_norm, identity_synapses, decompose_graded, fold_pool, balance_delays)
TIME_SLOTS: tuple[Pass, ...] = (fold_norm, identity_synapses, fold_pool, decompose_slots, balance_delays)

# How an analogue input enters: integers of up to 8 bits through the first synapses, or straight into neurons.
INPUTS: dict[str, tuple[Pass, ...]] = {"messages": LOIHI_CHANNELS, "current": LOIHI_CURRENT}

# The deployments that are graphs of their own. Levels that share a dendrite, the fourth that is counted, are the graph
# of the K channels: the current is the same, computed once.
DEPLOY: dict[str, tuple[Pass, ...]] = {
    "channels": (),  # exporters and engines take multi-level units for their channels
    "graded": (decompose_graded,),
    "slots": (fold_pool, decompose_slots),
}


def run_passes(graph: Graph, pipeline: tuple[Pass, ...]) -> Graph:
    """`graph` after every pass of `pipeline`, in order."""
    for step in pipeline:
        graph = step(graph)
    return graph


def compile_channels(graph: Graph, *, input_as: str = "messages") -> Graph:
    """K binary channels per unit in floats, pools folded into the readout, delays balanced.

    Raises:
        InputError: `input_as` is no key of `INPUTS`, or the input cannot enter so.
    """
    if input_as not in INPUTS:
        raise unknown("way for the input to enter", input_as, INPUTS)
    return run_passes(graph, INPUTS[input_as])


def deploy(graph: Graph, deployment: str) -> Graph:
    """`graph` (folded) in a deployment of `DEPLOY`.

    Raises:
        InputError: there is no such deployment, or the graph does not allow it.
    """
    if deployment not in DEPLOY:
        raise unknown("deployment", deployment, DEPLOY)
    return run_passes(graph, DEPLOY[deployment])
