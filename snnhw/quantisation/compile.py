"""From a multi-level float graph to Loihi integers: decompose, calibrate, quantise.

Takes the folded multi-level graph and calibration inputs; gives the integer graph with the scale of every layer.
"""

from __future__ import annotations

from snnhw.errors import InputError, unknown
from snnhw.graph.given import graph_given, numbers_given
from snnhw.graph.ir import Array, Graph
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.moments import measure_moments
from snnhw.quantisation.quantise import Quantised, quantise
from snnhw.quantisation.whole_decays import whole_decays
from snnhw.rules.ways import INPUTS, compiled


def compile_loihi(
    graph: Graph, calibration: Array, *, per_channel: bool = False, input_as: str = "messages"
) -> Quantised:
    """Loihi integers of a multi-level (or already decomposed) float graph.

    Args:
        graph: float graph.
        calibration: [N, *shape] or [N, T, *shape]; a few hundred training samples. Fixes the input scale and weighs the
            weights of each synapse by how often they are used.
        per_channel: one weight scale per output channel, see `quantise`.
        input_as: a key of `passes.INPUTS`.

    Raises:
        InputError: the graph is integer already, a rule of `snnhw.rules.ways.INTEGERS` refuses it, the calibration
            data are none or do not fit, or with the scales that they fix a limit cannot be kept.
    """
    graph, calibration = graph_given(graph), numbers_given(calibration)
    if graph.is_integer:
        raise InputError(f"Graph {graph.name!r} is in Loihi integers already; give the float network.")
    if input_as not in INPUTS:
        raise unknown("way for the input to enter", input_as, INPUTS)
    channels = whole_decays(compiled(graph, INPUTS[input_as]))
    if calibration.ndim and not len(calibration):
        raise InputError("There are no calibration samples; give a few hundred of the training data.")
    moments = measure_moments(channels, calibration)
    coded = code_input(channels, calibration, moments, per_channel=per_channel)
    return quantise(coded, moments=moments, per_channel=per_channel)
