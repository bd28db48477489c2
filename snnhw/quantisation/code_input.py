"""The input in integers: the scale and the number of bits with the smallest expected error of the current.

Sets `scale` and `bits` of the input node. In messages, more bits keep the values, but |a| < 2^17 then leaves fewer to
the first weights; the choice has the smallest expected error of the current, by the values and by the weights together.
A current that enters neurons directly has no weights: it takes what thresholds and |a| < 2^17 allow. Events are
integers already and enter as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.currents import feeding
from snnhw.graph.ir import LIF, Array, Conv2d, Graph, Input, Linear, Neuron, Synapse
from snnhw.graph.loihi import THRESHOLD_LIMIT
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.quantisation.moments import Moments
from snnhw.quantisation.scale_search import best_scales
from snnhw.rules.flow import fits_a_message
from snnhw.rules.refuse import refuse
from snnhw.rules.ways import INTEGERS

FEWEST_BITS = 4
CURRENT_BITS = 17  # signed: up to 2^16, below the 2^17 at which 64 times the current would leave 24 bits


def code_input(
    graph: Graph,
    calibration: Array,
    moments: Mapping[str, Moments] | None = None,
    *,
    per_channel: bool = False,
    width: WeightWidth = FULL,
) -> Graph:
    """`graph` with the scale and the bits of its input.

    Tried are 4 bits up to `Input.bits`, each with the scale that the largest |x| fits exactly and the power of two
    below, which is exact for counts and for grey levels in steps of 2^-n.

    Args:
        graph: folded and decomposed.
        calibration: [N, *shape] or [N, T, *shape].
        moments: synapse -> moments of its inputs.
        per_channel: as in `quantise`.
        width: of the weights.

    Raises:
        InputError: the values are not finite or all zero, or the events are too large or enter as a current.
    """
    if graph.input.levels is not None:
        return _as_events(graph, graph.input.levels)
    limit = float(np.abs(calibration).max(initial=0.0))
    if not (np.isfinite(limit) and limit > 0):
        raise InputError(f"The calibration data reach |x| = {limit}; give data that are finite and not all zero.")
    if any(isinstance(graph.nodes[edge.target], Neuron) for edge in graph.out_of(graph.input.name)):
        return _as_current(graph, calibration, limit)
    first = _first_layers(graph)
    tried: list[tuple[float, Graph]] = []
    for bits in range(min(FEWEST_BITS, graph.input.bits), graph.input.bits + 1):
        full = (2 ** (bits - 1) - 1) / limit
        for scale in (full, float(2.0 ** np.floor(np.log2(full)))):
            node = dataclasses.replace(graph.input, scale=scale, bits=bits)
            coded = graph.replace(nodes=[node if n is graph.input else n for n in graph.nodes.values()])
            wrong = _input_error(node, calibration)
            error = 0.0
            for neurons, synapses in first:
                gain = {s.name: scale for s in synapses}
                known = moments or {}
                error += best_scales(coded, synapses, gain, neurons, known, per_channel=per_channel, width=width)[1]
                error += sum(float((_squares(s) * wrong).sum()) for s in synapses)
            tried.append((error, coded))
    return min(tried, key=lambda found: found[0])[1]


def _as_events(graph: Graph, levels: int) -> Graph:
    refuse(fits_a_message(graph, INTEGERS.title), graph, INTEGERS.title)
    node = dataclasses.replace(graph.input, scale=1.0, bits=levels.bit_length() + 1)
    return graph.replace(nodes=[node if n is graph.input else n for n in graph.nodes.values()])


def _as_current(graph: Graph, calibration: Array, limit: float) -> Graph:
    fed = [n for n in (graph.nodes[e.target] for e in graph.out_of(graph.input.name)) if isinstance(n, LIF)]
    theta = max(float(np.max(n.threshold)) for n in fed)
    gain = max(abs(edge.gain) for edge in graph.out_of(graph.input.name))
    bits = CURRENT_BITS - (gain - 1).bit_length()
    full = min((2 ** (bits - 1) - 1) / limit, THRESHOLD_LIMIT / theta if theta > 0 else np.inf)
    scales = full, float(2.0 ** np.floor(np.log2(full)))
    tried = [dataclasses.replace(graph.input, scale=scale, bits=bits) for scale in scales]
    coded = min(tried, key=lambda node: _input_error(node, calibration))
    return graph.replace(nodes=[coded if n is graph.input else n for n in graph.nodes.values()])


def _first_layers(graph: Graph) -> list[tuple[list[LIF], list[Synapse]]]:
    """(neurons, synapses) of every unit that the input reaches through one synapse."""
    fed = {e.target for e in graph.out_of(graph.input.name)}
    found = []
    for nodes in graph.units().values():
        neurons = [n for n in nodes if isinstance(n, LIF)]
        names = {e.source for e in feeding(graph, nodes[0])} & fed
        synapses: list[Synapse] = [s for s in graph.of_type(Conv2d) if s.name in names]
        synapses += [s for s in graph.of_type(Linear) if s.name in names]
        if neurons and synapses:
            found.append((neurons, synapses))
    return found


def _input_error(node: Input, calibration: Array) -> float:
    """Mean square of the error of rounding and clipping, in float units."""
    back = node.coded(calibration) / (node.scale or 1.0)
    return float(np.square(back - calibration).mean())


def _squares(synapse: Synapse) -> Array:
    squares: Array = np.square(synapse.weight, dtype=np.float64)
    return squares
