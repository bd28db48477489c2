"""From a multi-level graph to what hardware runs: calibrate, quantise, balance.

Takes the folded multi-level graph and calibration inputs; gives the integer graph with the scale of every layer.
"""

from __future__ import annotations

from snnhw.errors import InputError, unknown
from snnhw.graph.ir import Array, Graph, SlotMLF
from snnhw.passes import LOIHI_CHANNELS, LOIHI_CURRENT, run_passes
from snnhw.passes.code_input import code_input
from snnhw.passes.quantise import Quantised, quantise
from snnhw.simulate.moments import measure_moments

# How an analogue input enters: integers of up to 8 bits through the first synapses, or straight into neurons.
INPUTS = {"messages": LOIHI_CHANNELS, "current": LOIHI_CURRENT}


def compile_channels(graph: Graph, *, input_as: str = "messages") -> Graph:
    """K binary channels per unit in floats, pools folded into the readout, delays balanced.

    Raises:
        InputError: `input_as` is no key of `INPUTS`, or the input cannot enter so.
    """
    if input_as not in INPUTS:
        raise unknown("way for the input to enter", input_as, INPUTS)
    return run_passes(graph, INPUTS[input_as])


def compile_loihi(
    graph: Graph, calibration: Array, *, per_channel: bool = False, input_as: str = "messages"
) -> Quantised:
    """Loihi integers of a multi-level (or already decomposed) float graph.

    Args:
        graph: float graph.
        calibration: [N, *shape] or [N, T, *shape]; a few hundred training samples. Fixes the input scale and weighs the
            weights of each synapse by how often they are used.
        per_channel: one weight scale per output channel, see `quantise`.
        input_as: a key of `INPUTS`.

    Raises:
        InputError: the graph is integer already, the calibration data do not fit, or a hardware limit cannot be kept.
    """
    if graph.is_integer:
        raise InputError(f"Graph {graph.name!r} is in Loihi integers already; give the float network.")
    if graph.of_type(SlotMLF):
        raise InputError(f"Graph {graph.name!r} is in time slots, which have no integers; give the multi-level one.")
    channels = compile_channels(graph, input_as=input_as)
    moments = measure_moments(channels, calibration)
    coded = code_input(channels, calibration, moments, per_channel=per_channel)
    return quantise(coded, moments=moments, per_channel=per_channel)
