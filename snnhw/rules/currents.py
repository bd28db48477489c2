"""Rules about synaptic currents that last longer than a step: each is the one drive of its neurons and sums weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnhw.graph.currents import current_before, is_current
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LI, SYNAPSES, Graph

LONGEST_WITH_BIAS = 250  # steps; beyond, what stands for the bias is too coarse, and squeezes the weights


def currents(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each way in which a current differs from u = decay*u + x in front of the neurons that it names."""
    units = graph.units()
    for node in graph.of_type(LI):
        if not is_current(node):
            continue
        fed = [edge.target for edge in graph.out_of(node.name)]
        levels = units.get(node.current_of, ())
        if not levels or sorted(fed) != sorted(n.name for n in levels) or any(
            current_before(graph, level) is not node for level in levels
        ):  # fmt: skip
            message = f"it is the current of {node.current_of!r}, and not all that this takes, once, and it alone"
            yield Finding("shared-current", "error", node.name, message, "give each neuron a current of its own")
        if np.any(np.asarray(node.gain) != 1) or np.any(node.leak):
            message = "the current has a gain or a leak of its own"
            yield Finding("gain", "error", node.name, message, "fold it into weights and bias")
        sources = [graph.nodes[edge.source] for edge in graph.into(node.name)]
        direct = [source.name for source in sources if not isinstance(source, SYNAPSES)]
        if direct:
            message = f"the current takes {', '.join(direct)} without a synapse between"
            yield Finding("no-synapse", "error", node.name, message, "put an identity 1x1 convolution between them")
        biased = [s.name for s in sources if isinstance(s, SYNAPSES) and s.bias is not None and s.bias.any()]
        if biased:
            message = f"the current would sum up the bias of {', '.join(biased)}, and {title} adds one to the membrane"
            yield Finding("current-bias", "error", node.name, message, "train that layer with bias=False")


def lasting_bias(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each current with a bias in front that lasts so long that integers have no room for its sum."""
    for node in graph.of_type(LI):
        steps = 1 / max(1 - float(np.max(node.decay)), 1e-12)
        if is_current(node) and np.any(node.start) and steps > LONGEST_WITH_BIAS:
            message = f"a bias enters its current, which sums it up over {steps:,.0f} steps, too many for {title}"
            yield Finding("current-bias", "error", node.name, message, "train the layer before it with bias=False")
