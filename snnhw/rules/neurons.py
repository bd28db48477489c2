"""Rules about neurons: in floats a leaky membrane and its input as it is; what of resets and thresholds a chip has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnhw.graph.currents import current_before
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, SYNAPSES, Graph, Input, LoihiLIF


def plain_neurons(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each way in which a neuron differs from u = decay*u + x, one decay, with a hard reset to 0.

    Neurons in integers have no gain, and a bias for a leak.
    """
    for node in _with_a_threshold(graph):
        if not node.resets_to_zero:
            yield _reset(node)
        if np.ptp(node.dv if isinstance(node, LoihiLIF) else node.decay) != 0:
            message = "its neurons decay differently"
            yield Finding("mixed-decay", "error", node.name, message, "use one decay per population")
        if isinstance(node, LIF) and (not node.has_unit_gain or np.any(node.leak)):
            yield _gain(node, "a gain or a leak of its own", "fold it into weights and bias")


def neurons_with_bias(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each way in which a neuron in floats has no counterpart in the processes of Lava and in integers.

    These have a bias, for a leak, decays of each neuron, and a reset to 0 or by subtraction.
    """
    for node in graph.of_type(LIF):
        if node.reset == "hard" and not node.resets_to_zero:
            yield _reset(node)
        if not node.has_unit_gain:
            direct = any(isinstance(graph.nodes[edge.source], Input) for edge in graph.into(node.name))
            remedy = "let the input enter as messages, whose weights take it" if direct else "fold it into the weights"
            yield _gain(node, "a gain of its own", remedy)


def _reset(node: LIF | LoihiLIF) -> Finding:
    return Finding("reset", "error", node.name, f"it {node.resetting}", "train with a hard reset to 0")


def _gain(node: LIF, what: str, remedy: str) -> Finding:
    return Finding("gain", "error", node.name, f"it has {what}", remedy)


def resets_to_zero(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population that resets by subtraction or never; a compartment of Loihi 1 has no such reset."""
    for node in _with_a_threshold(graph):
        if node.reset == "subtract":
            message = f"it {node.resetting}, and {title} sets the membrane of a compartment that spikes to 0"
            yield Finding("soft-reset", "error", node.name, message, "train with a hard reset to 0, or take loihi2")


def from_rest(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population whose membranes start elsewhere than at 0, as a reset potential makes them."""
    for node in _with_a_threshold(graph):
        if np.any(node.start):
            message = f"its reset potential is not the 0 that it starts from, and in {title} they are one"
            yield Finding("start", "error", node.name, message, "train with a hard reset to 0")


def thresholds_not_negative(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population with a negative threshold: registers hold none, and it fires before its input."""
    for node in _with_a_threshold(graph):
        lowest = float(np.min(node.threshold))
        if lowest < 0:
            message = f"its threshold {lowest:g} is negative, so it fires without input, and {title} has none below 0"
            yield Finding("negative-threshold", "error", node.name, message, "train with thresholds of 0 or more")


def one_threshold(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population with several thresholds; Loihi 1 has one for a population."""
    for node in _with_a_threshold(graph):
        folds = isinstance(node, LIF) and node.reset == "hard"  # v_reset becomes a part of the threshold
        if np.ptp(node.threshold - np.asarray(node.v_reset) if isinstance(node, LIF) and folds else node.threshold) > 0:
            message = f"its neurons have different thresholds, which Lava computes but {title} does not have"
            yield Finding("mixed-threshold", "error", node.name, message, "use one threshold")


def synapse_before(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each neuron that takes something without a synapse between, unless it is the input alone."""
    for node in graph.of_type(LIF):
        sources = [graph.nodes[edge.source] for edge in graph.into(node.name)]
        if current_before(graph, node):
            continue  # of which `currents` speaks
        direct = [source.name for source in sources if not isinstance(source, SYNAPSES)]
        if direct and not (len(sources) == 1 and isinstance(sources[0], Input)):
            message = f"it takes {', '.join(direct)} without a synapse between"
            yield Finding("no-synapse", "error", node.name, message, "put an identity 1x1 convolution between them")


def synapses_between(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each integer neuron that takes spikes of neurons without a synapse between."""
    for node in graph.of_type(LoihiLIF):
        sources = [graph.nodes[edge.source] for edge in graph.into(node.name)]
        direct = [source.name for source in sources if not isinstance(source, (*SYNAPSES, Input))]
        if direct:
            message = f"it takes {', '.join(direct)} without a synapse between, and in {title} spikes have one"
            yield Finding("no-synapse", "error", node.name, message, "put an identity 1x1 convolution between them")


def _with_a_threshold(graph: Graph) -> list[LIF | LoihiLIF]:
    return [node for node in graph.nodes.values() if isinstance(node, LIF | LoihiLIF)]
