"""One trained network, four ways to run its K-level units (`passes.DEPLOYMENTS`); equal in value, unequal in work.

channels  each level is a population with synapses of its own (any spiking chip): K*u synops, u messages. A sum that
          several populations read is replicated for each of them; the other three compute it once.
shared    K compartments on one dendrite, the current is computed once: u synops, u messages.
graded    one multi-bit spike carries the value (Loihi 2): e synops, one message for each.
slots     the value is sent in unary over S sub-steps on one binary channel: u synops, u messages, S times the steps.

The levels of an integer neuron (ILIF) share a membrane, which is updated once; as channels they are K membranes, and
each spike also inhibits all levels of its neuron, K synops more, where one resets the others (`inhibited_channels`).
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.counting.span import Span, span_of
from snnhw.errors import unknown
from snnhw.graph.ir import Graph
from snnhw.passes import DEPLOYMENTS, on_cores


@dataclass(frozen=True)
class Work:
    """What one layer does in one deployment, summed over the samples."""

    synops: int  # synaptic operations that arrive
    updates: int  # membrane updates
    messages: int  # spikes that arrive, once for each branch they take
    bias_adds: int


@dataclass(frozen=True)
class Deployment:
    """A network in one deployment. Work is summed over the samples, memory and steps are of the network."""

    name: str
    needs: str
    synops: int
    updates: int
    messages: int
    payload_bits: int  # widest spike payload; 0: the presence of the spike is the message
    synapse_bits: int
    steps: int  # from the first input to the last output, one step per synapse on the way, less those of delays

    def to_dict(self) -> dict[str, object]:
        """One entry of `deployments` in `report.json`."""
        return dict(self.__dict__)


def work(layer: LayerCounts, counts: NetworkCounts, deployment: str) -> Work:
    """Work of one layer.

    Raises:
        InputError: no such deployment.
    """
    arriving, updates = edges(layer, deployment), layer.neuron_updates
    spikes = sum(edge.spikes for edge in arriving)
    if deployment == "channels":
        biases, inhibiting = layer.levels * (layer.bias_adds + layer.shared_bias_adds), layer.lateral_spikes
        apart = (layer.levels - layer.membranes) * layer.neurons * counts.samples * counts.timesteps
        return Work(layer.replicated_synops + layer.levels * inhibiting, updates + apart, spikes + inhibiting, biases)
    if deployment == "shared":
        return Work(layer.unit_synops, updates, spikes, layer.bias_adds)
    if deployment == "graded":
        return Work(layer.events, updates, sum(edge.graded_spikes for edge in arriving), layer.bias_adds)
    if deployment == "slots":
        return Work(layer.unit_synops, updates * slots(counts), spikes, layer.bias_adds)
    raise unknown("deployment", deployment, DEPLOYMENTS)


def edges(layer: LayerCounts, deployment: str) -> tuple[EdgeCounts, ...]:
    """Branches on which spikes travel to this layer: those of shared sums too where each membrane has synapses."""
    return layer.edges + layer.shared if deployment == "channels" else layer.edges


def membranes(layer: LayerCounts, deployment: str) -> int:
    """Membranes of each neuron of a layer: one for each level, unless they share one and are no channels."""
    return layer.levels if deployment == "channels" else layer.membranes


def slots(counts: NetworkCounts) -> int:
    """S: sub-steps of one step, so that every unit and an input of events can send its largest value in unary."""
    return max((counts.max_levels, *(len(edge.level_synops) for edge in counts.edges)))


def deployments(graph: Graph | Span, counts: NetworkCounts) -> dict[str, Deployment]:
    """All four, side by side; `graph` is the one that was counted, or the span of its `on_cores`."""
    found, largest = {}, slots(counts)
    span = graph if isinstance(graph, Span) else span_of(on_cores(graph))
    for name, kind in DEPLOYMENTS.items():
        layers = [work(layer, counts, name) for layer in counts.layers]
        copies = [layer.levels if name == "channels" else 1 for layer in counts.layers]
        found[name] = Deployment(
            name=name,
            needs=kind.needs,
            synops=sum(w.synops for w in layers),
            updates=sum(w.updates for w in layers),
            messages=sum(w.messages for w in layers),
            payload_bits=largest.bit_length() if name == "graded" and largest > 1 else 0,
            synapse_bits=sum(layer.weight_bits * n for layer, n in zip(counts.layers, copies, strict=True)),
            steps=span.steps * (largest if name == "slots" else 1),
        )
    return found
