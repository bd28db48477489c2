"""The compiler: pure functions Graph -> Graph, and the pipelines as visible tuples.

FLOAT joins wires, folds normalisation, and wires into the layers behind them, and keeps multi-level units. The others
go on to what hardware runs, with currents that keep nothing gone, pools in the convolutions before them or in the
readout, and delays balanced: LOIHI_CHANNELS has K binary channels per unit, max pools of spikes as neurons and its
other pools in the convolutions behind them (`quantise`, which needs calibration, follows), LOIHI_CURRENT is the same
with an input that enters the first neurons as a current instead of in messages, LOIHI_GRADED one graded spike per unit,
TIME_SLOTS one binary channel per unit in S sub-steps. ON_CORES is for the cores of a chip: the layers that it runs, in
front of units that stay whole.
For Loihi's integers, matrices on matrices become one, and a layer that several units take becomes one for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from snnhw.errors import unknown
from snnhw.graph.given import graph_given
from snnhw.graph.ir import Graph
from snnhw.passes.balance_delays import balance_delays
from snnhw.passes.conv_into_matrix import conv_into_matrix
from snnhw.passes.conv_into_pool import conv_into_pool
from snnhw.passes.decompose import decompose
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.passes.delays_before_layers import delays_before_layers
from snnhw.passes.fold_current import fold_current
from snnhw.passes.fold_gains import fold_gains
from snnhw.passes.fold_neuron import fold_neuron
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.fold_scale import fold_scale
from snnhw.passes.fold_wires import fold_wires
from snnhw.passes.identity_synapses import identity_synapses, spike_synapses
from snnhw.passes.join_wires import join_wires
from snnhw.passes.max_pool_into_neurons import max_pool_into_neurons
from snnhw.passes.merge_readout import merge_readout
from snnhw.passes.own_synapses import own_synapses
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.passes.readout_matrix import readout_matrix

Pass = Callable[[Graph], Graph]

FLOAT: tuple[Pass, ...] = (join_wires, fold_norm, fold_wires)
BEFORE_POOLS: tuple[Pass, ...] = (fold_scale, delays_before_layers, conv_into_pool, conv_into_matrix)
BEFORE_SYNAPSES: tuple[Pass, ...] = (*BEFORE_POOLS, fold_current)
WITH_SYNAPSES: tuple[Pass, ...] = (*FLOAT, *BEFORE_SYNAPSES, identity_synapses)
FOLDED: tuple[Pass, ...] = (own_synapses, fold_gains, fold_neuron, fold_pool, merge_readout, pool_into_conv)
ON_CHANNELS: tuple[Pass, ...] = (decompose, *FOLDED, balance_delays)
NO_MAX_POOLS: tuple[Pass, ...] = (max_pool_into_neurons, readout_matrix, fold_wires)
ON_CORES: tuple[Pass, ...] = (*NO_MAX_POOLS, *BEFORE_POOLS, fold_pool, merge_readout, pool_into_conv)
LOIHI_CHANNELS: tuple[Pass, ...] = (*NO_MAX_POOLS, *WITH_SYNAPSES, *ON_CHANNELS)
LOIHI_CURRENT: tuple[Pass, ...] = (*NO_MAX_POOLS, *FLOAT, *BEFORE_SYNAPSES, spike_synapses, *ON_CHANNELS)
LOIHI_GRADED: tuple[Pass, ...] = (*WITH_SYNAPSES, decompose_graded, fold_pool, balance_delays)
TIME_SLOTS: tuple[Pass, ...] = (*WITH_SYNAPSES, fold_pool, decompose_slots, balance_delays)

# How an analogue input enters: integers of up to 8 bits through the first synapses, or straight into neurons.
INPUTS: dict[str, tuple[Pass, ...]] = {"messages": LOIHI_CHANNELS, "current": LOIHI_CURRENT}


@dataclass(frozen=True)
class DeploymentKind:
    """One way to run the K-level units of a trained network; all are equal in value, unequal in work."""

    title: str
    needs: str  # of the hardware
    passes: tuple[Pass, ...] | None  # to its graph; None: a graph of the K channels whose levels share their current
    fits_cores: bool  # whether its layout on the cores of a chip is known


DEPLOYMENTS: dict[str, DeploymentKind] = {
    "channels": DeploymentKind(
        "K binary channels, each with synapses of its own (K·u)",
        "binary spikes only",
        (),  # exporters and engines take multi-level units for their channels
        True,
    ),
    "shared": DeploymentKind(
        "K compartments on one dendrite (u)",
        "several compartments that read one dendritic current",
        None,
        True,
    ),
    "graded": DeploymentKind(
        "one graded spike for each event (e)",
        "spikes that carry an integer which multiplies the weight",
        (decompose_graded,),
        True,
    ),
    "slots": DeploymentKind(
        "unary over S sub-steps on one binary channel (u)",
        "binary spikes, and membranes that leak once every S sub-steps",
        (fold_pool, decompose_slots),
        False,  # such neurons are on no chip that is described
    ),
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
    return run_passes(graph_given(graph), INPUTS[input_as])


def on_cores(graph: Graph) -> Graph:
    """The layers that the cores of a chip run, in front of whole units: what is mapped, and what bounds its time.

    Max pools of spikes are neurons, other pools are in the convolutions and matrices beside them, and matrices on
    matrices are one. Units keep their names and their spikes. A graph in integers has run through a compiler; its pools
    go into its matrices alone.

    Raises:
        InputError: a pass cannot take the graph.
    """
    return run_passes(graph, (*NO_MAX_POOLS, fold_pool) if graph.is_integer else ON_CORES)


def deploy(graph: Graph, deployment: str) -> Graph:
    """`graph` (folded) in one of the `DEPLOYMENTS` that are graphs of their own.

    Raises:
        InputError: there is no such deployment, or the graph does not allow it.
    """
    pipelines = {name: kind.passes for name, kind in DEPLOYMENTS.items() if kind.passes is not None}
    if deployment not in pipelines:
        raise unknown("deployment", deployment, pipelines)
    return run_passes(graph, pipelines[deployment])
