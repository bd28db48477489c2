"""From a multi-level float graph to Loihi integers: decompose, calibrate, quantise.

Takes the folded multi-level graph and calibration inputs; gives the integer graph with the scale of every layer.
"""

from __future__ import annotations

from dataclasses import replace

from snnhw.errors import InputError, unknown
from snnhw.graph.given import graph_given, numbers_given
from snnhw.graph.ir import Array, Graph
from snnhw.graph.same import same_graph
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.progress import Progress
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.moments import measure_calibration
from snnhw.quantisation.quantise import Calibrated, Quantised, checksum_of, quantise
from snnhw.quantisation.whole_decays import whole_decays
from snnhw.rules.ways import INPUTS, compiled


def compile_loihi(
    graph: Graph,
    calibration: Array,
    *,
    per_channel: bool = False,
    input_as: str = "messages",
    width: WeightWidth = FULL,
    progress: Progress | None = None,
) -> Quantised:
    """Loihi integers of a multi-level (or already decomposed) float graph.

    Args:
        graph: float graph.
        calibration: [N, *shape] or [N, T, *shape]; a few hundred training samples. Fixes the input scale and weighs the
            weights of each synapse by how often they are used.
        per_channel: one weight scale per output channel, see `quantise`.
        input_as: a key of `passes.INPUTS`.
        width: of the weights, 4 to 8 bits.
        progress: called with "calibration" and the samples finished, then with "layers rounded".

    Raises:
        InputError: the graph is integer already, a rule of `snnhw.rules.ways.INTEGERS` refuses it, the calibration
            data are none or do not fit, or with the scales that they fix a limit cannot be kept.
    """
    graph, calibration = graph_given(graph), numbers_given(calibration)
    if graph.is_integer:
        raise InputError(f"Graph {graph.name!r} is in Loihi integers already; give the float network.")
    if input_as not in INPUTS:
        raise unknown("way for the input to enter", input_as, INPUTS)
    floats = compiled(graph, INPUTS[input_as])
    channels = whole_decays(floats)
    if calibration.ndim and not len(calibration):
        raise InputError("There are no calibration samples; give a few hundred of the training data.")
    moments, record = measure_calibration(channels, calibration, progress)
    coded = code_input(channels, calibration, moments, per_channel=per_channel, width=width)
    made = quantise(coded, moments=moments, per_channel=per_channel, width=width, progress=progress)
    known = None if record is None or not same_graph(floats, channels) else Calibrated(checksum_of(calibration), record)
    return replace(made, calibrated=known)
