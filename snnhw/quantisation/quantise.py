"""A folded, decomposed float graph into Loihi integers, one weight scale per group of neurons.

Weights become even integers in -254..254 (mixed-sign 8-bit synapses store even values only; of fewer bits coarser ones,
`graph/weight_width.py`), thresholds 17 bits, decays
12 bits, biases a 13-bit mantissa with an exponent 0..7 in units of 1/64 weight. With weight scale s and input scale a:
    w = 2*round(s*W / (2a)),  vth = round(s*theta),  64*bias = round(64*s*b) as mantissa << exponent.
Postcondition: |a| < 2^17 at every neuron, by an interval bound (else the 24-bit current of the chip would wrap). The
24-bit membrane cannot wrap; where no bound shows that it does not clip either, and where weights were clipped, there is
a finding.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary
from snnhw.graph.currents import current_before, currents_inside, feeding
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, SYNAPSES, Array, Conv2d, Graph, Linear, LoihiLIF, Node, Synapse
from snnhw.graph.loihi import CURRENT_LIMIT
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.progress import Progress, counter
from snnhw.proofs.largest import highest_current, largest_input
from snnhw.proofs.membrane_bound import reached_states
from snnhw.quantisation.integer_neuron import integer_neuron
from snnhw.quantisation.moments import Moments
from snnhw.quantisation.rounding import rounded_weights
from snnhw.quantisation.scale_search import best_scales, total_bias
from snnhw.rules.integers import state_range
from snnhw.rules.readout import read_matrix
from snnhw.rules.ways import INTEGERS, check_compiled
from snnhw.simulation.record import SpikeRecord


@dataclass(frozen=True)
class LayerScale:
    """Scale, errors and bounds of the neurons or the read-out `name` in integers."""

    name: str
    scale: float  # weight units per float unit of current; the mean over channels if they have their own
    weight_error: float  # rms of the weight error over rms of the weights, after scaling back
    saturated: int  # weights clipped to the limit
    current_bound: int  # largest |a| that can occur
    lowest_state: int = 0  # lowest membrane that can occur, in 1/64 weight units; Lava clips it at -2^23 + 1
    highest_state: int = 0  # highest that has to be held, as what is left behind a spike depends on it; 2^23 - 1

    def to_dict(self) -> dict[str, float | int | str]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Calibrated:
    """What the float channels did on the samples of a calibration, which are known by their checksum."""

    checksum: str
    floats: SpikeRecord

    def of(self, inputs: Array) -> bool:
        """Whether `inputs` are those samples."""
        return checksum_of(inputs) == self.checksum


def checksum_of(inputs: Array) -> str:
    """sha256 of shape, type and values."""
    digest = hashlib.sha256(f"{inputs.shape} {inputs.dtype.str}".encode())
    for sample in inputs:
        digest.update(np.ascontiguousarray(sample).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, repr=False)
class Quantised(Summarised):
    """The integer graph and the scale of every layer.

    Logits of a network that ends in neurons are spike counts, which are exact and have no scale.
    """

    graph: Graph
    layers: tuple[LayerScale, ...]
    scales: Mapping[str, Array]  # unit or read-out synapse -> weight units per float unit of current [O]
    width: WeightWidth = FULL  # of the weights
    calibrated: Calibrated | None = None  # so that nobody runs the floats again on the same samples

    def summary(self) -> Summary:
        """How coarse the integers are, and what was clipped."""
        scales, node = [layer.scale for layer in self.layers], self.graph.input
        return Summary(
            f"Quantised {self.graph.name!r}",
            (
                ("layers", str(len(self.layers))),
                ("input", f"{node.bits} bits, scale {node.scale or 0:.4g}, as {self.input_as}"),
                ("scales", f"{min(scales):.4g} to {max(scales):.4g}"),
                ("weights", f"{self.width.bits} bits"),
                ("weight error", f"up to {max(layer.weight_error for layer in self.layers):.2%}"),
                ("clipped weights", f"{sum(layer.saturated for layer in self.layers):,}"),
                ("findings", str(len(self.findings))),
            ),
        )

    @property
    def input_as(self) -> str:
        """How the input enters: "messages" through synapses, or as the "current" of the first neurons."""
        fed = [self.graph.nodes[edge.target] for edge in self.graph.out_of(self.graph.input.name)]
        return "current" if any(isinstance(node, LoihiLIF) for node in fed) else "messages"

    @property
    def logit_scale(self) -> Array | float:
        """What one float unit of a logit is in a step, [O] or 1: the scale of the last matrix, or one spike."""
        matrix = read_matrix(self.graph)
        return 1.0 if matrix is None else self.scales[matrix.name]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Where something is clipped, or may be."""
        found: list[Finding] = []
        own = any(np.ptp(scale) > 0 for scale in self.scales.values())  # for each channel
        finer = "none needed" if own else "quantise with one scale per channel (snnhw quantise --per-channel)"
        for layer in self.layers:
            if layer.saturated:
                message = (
                    f"{layer.saturated} of its weights are clipped to {self.width.limit}, which the scale search chose"
                )
                found.append(Finding("saturated-weights", "info", layer.name, message, finer))
        found.extend(state_range(self.graph))
        return tuple(found)


def quantise(
    graph: Graph,
    *,
    moments: Mapping[str, Moments] | None = None,
    per_channel: bool = False,
    scales: Mapping[str, Array] | None = None,
    width: WeightWidth = FULL,
    progress: Progress | None = None,
) -> Quantised:
    """Integer graph for Lava's fixed-point models and Loihi.

    Args:
        graph: folded and decomposed, pool folded into the read-out (pipeline LOIHI_CHANNELS up to here), its input
            coded (`code_input`).
        moments: synapse -> moments of its inputs on calibration samples. With them the weights are rounded such that
            the current keeps its values; without, each to the nearest.
        per_channel: one scale per output channel, through thresholds per neuron; Lava's CPU models and Loihi 2 take
            them, Loihi 1 does not.
        scales: of an earlier quantisation, used instead of searching; fine-tuned weights keep theirs.
        width: of the weights.
        progress: called with the stage "layers rounded", the layers finished and all of them.

    Raises:
        InputError: a node has no Loihi counterpart, weights are not finite, or a bound cannot be kept.
    """
    _check(graph)
    known = moments or {}
    nodes: dict[str, Node] = dict(graph.nodes)
    layers: list[LayerScale] = []
    used: dict[str, Array] = {}
    given = scales or {}
    groups, linear = _neuron_groups(graph), read_matrix(graph)
    finished = counter(progress, "layers rounded", len(groups) + (linear is not None))
    for name, group in groups.items():
        synapses = [s for s in (graph.nodes[e.source] for e in feeding(graph, group[0])) if isinstance(s, SYNAPSES)]
        current = current_before(graph, group[0])
        gain = {s.name: _source_scale(graph, s) for s in synapses}
        best = given.get(name)
        if best is None and not synapses:
            best = np.full(1, graph.input.scale)  # the input is the current
        elif best is None:
            best, _ = best_scales(graph, synapses, gain, group, known, per_channel=per_channel, width=width)
        used[name] = best
        for synapse in synapses:
            integers = rounded_weights(synapse.weight, best / gain[synapse.name], known.get(synapse.name), width)
            nodes[synapse.name] = dataclasses.replace(synapse, weight=integers, bias=None)
        bias = total_bias(synapses) if synapses else np.zeros(1)
        nodes.update({n.name: integer_neuron(n, current, best, bias) for n in group})
        layers.append(_report(name, best, synapses, gain, nodes, width))
        if finished:
            finished(1)
    if linear is not None:
        best = given.get(linear.name)
        if best is None:
            best, _ = best_scales(graph, [linear], {linear.name: 1.0}, (), known, width=width)
        used[linear.name] = best
        integers = rounded_weights(linear.weight, best, known.get(linear.name), width)
        offset = None if linear.bias is None else np.rint(best * linear.bias.astype(np.float64)).astype(np.int64)
        nodes[linear.name] = dataclasses.replace(linear, weight=integers, bias=offset)
        layers.append(_report(linear.name, best, [linear], {linear.name: 1.0}, nodes, width))
        if finished:
            finished(1)
    nodes[graph.readout.name] = dataclasses.replace(graph.readout, reduction="sum")
    integer = currents_inside(graph.replace(nodes=[nodes[n] for n in graph.nodes]))
    reached = reached_states(integer)
    return Quantised(integer, tuple(_bounded(integer, layer, reached) for layer in layers), used, width)


def _check(graph: Graph) -> None:
    if graph.input.scale is None:
        raise InputError(f"Input {graph.input.name!r} has no scale; run code_input with calibration samples first.")
    check_compiled(graph, INTEGERS)


def _neuron_groups(graph: Graph) -> dict[str, tuple[LIF, ...]]:
    return {unit: tuple(n for n in nodes if isinstance(n, LIF)) for unit, nodes in graph.units().items()}


def _source_scale(graph: Graph, synapse: Synapse) -> float:
    """Integers per float unit of the input of a synapse: the input scale, or 1 for spikes."""
    from_input = any(e.source == graph.input.name for e in graph.into(synapse.name))
    return float(graph.input.scale or 1.0) if from_input else 1.0


def _report(
    name: str,
    scale: Array,
    synapses: list[Synapse],
    gain: Mapping[str, float],
    nodes: Mapping[str, Node],
    width: WeightWidth,
) -> LayerScale:
    wrong, all_of_it, saturated = 0.0, 0.0, 0
    for synapse in synapses:
        integers = nodes[synapse.name]
        if isinstance(integers, Conv2d | Linear):
            column = (scale / gain[synapse.name]).reshape((-1,) + (1,) * (synapse.weight.ndim - 1))
            back = integers.weight / column
            wrong += float(((back - synapse.weight) ** 2).sum())
            all_of_it += float((synapse.weight.astype(np.float64) ** 2).sum())
            ideal = np.abs(synapse.weight) * column
            saturated += int((ideal > width.limit + width.step / 2).sum())
    return LayerScale(name, float(scale.mean()), float(np.sqrt(wrong / all_of_it)) if all_of_it else 0.0, saturated, 0)


def _bounded(graph: Graph, layer: LayerScale, reached: Mapping[str, tuple[float, float]]) -> LayerScale:
    neurons = [node.name for node in graph.units().get(layer.name, ())]
    first = graph.nodes[neurons[0]] if neurons else graph.readout
    bound = highest_current(graph, first) if isinstance(first, LoihiLIF) else largest_input(graph, first.name)
    if neurons and bound >= CURRENT_LIMIT:
        raise InputError(
            f"The current of {layer.name!r} can reach {bound} >= 2^17 and would wrap; lower the weight scale."
        )
    lowest = min((int(reached[name][0]) for name in neurons), default=0)
    highest = max((int(reached[name][1]) for name in neurons), default=0)
    return dataclasses.replace(layer, current_bound=bound, lowest_state=lowest, highest_state=highest)
