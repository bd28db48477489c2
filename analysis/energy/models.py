"""The accounting models: which counts of a layer are priced with which constant of a profile.

`operations` arithmetic alone (the convention of most papers, after Horowitz, ISSCC 2014), `memory` also the accesses to
memory (Lemaire et al. 2022), `movement` additions and travelling bits (Yan et al. 2024), `events` synops, updates and
messages of an event-driven chip, `power` time, and spikes where their price is known, `measured` a whole inference of
the one network that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.counting.deployments import edges, membranes, work
from snnhw.analysis.energy.memory import FIFO_WORDS, access_constant
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range

HOPS = Range(1, 2, 4)  # from a neuron to the core of a target layer, where no placement is given


@dataclass(frozen=True)
class Priced:
    """A count over all samples and the constant that prices it, before they become a `Term`."""

    part: str
    quantity: str
    count: float | Range
    constant: str | Constant
    by_spikes: bool = True  # grows with the firing rate; False: with the number of steps alone


Terms = Iterator[Priced]


def synaptic_part(layer: LayerCounts) -> str:
    """The part of the split that the accumulations of a layer are."""
    return {"readout": "readout", "product": "attention"}.get(layer.kind, "synapse")


def dense_part(layer: LayerCounts) -> str:
    """The part of the split that the multiply-accumulates on analogue values are."""
    return "attention" if layer.kind == "product" else "first_layer"


def _operations(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    done, part = work(layer, counts, deployment), synaptic_part(layer)
    yield Priced(dense_part(layer), "macs", layer.macs, "mac", by_spikes=False)
    yield Priced(part, f"{deployment} synops", done.synops, "ac")
    yield Priced(part, "bias_adds", done.bias_adds, "ac", by_spikes=False)
    yield Priced(part, "pool_adds", layer.pool_adds, "ac", by_spikes=False)
    if layer.kind != "readout":
        yield Priced("neuron", "neuron_updates", done.updates, "neuron_update", by_spikes=False)
    yield Priced("neuron", "current_updates", layer.current_updates, "neuron_update", by_spikes=False)


def _events(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    done, fired = work(layer, counts, deployment), sum(layer.spikes)
    sent = layer.graded_spikes if deployment == "graded" else fired
    yield Priced(dense_part(layer), "macs", layer.macs, "host_mac", by_spikes=False)
    yield Priced(dense_part(layer), "pool_adds", layer.pool_adds, "host_mac", by_spikes=False)
    part = synaptic_part(layer)
    yield Priced(part, f"{deployment} synops", done.synops, "synop")
    if deployment == "graded":
        yield Priced(part, "graded synops", done.synops, "graded_extra")
    part = "readout" if layer.kind == "readout" else "neuron"
    yield Priced(part, "neuron_updates", done.updates, "neuron_update", by_spikes=False)
    active = Range(0, done.updates, done.updates)  # none, or all: a membrane at rest without a bias is rare
    yield Priced(part, "active neuron_updates", active, "neuron_active_extra", by_spikes=False)
    yield Priced(part, "spikes sent", sent, "spike_out")
    yield Priced("communication", "messages", done.messages, "message")
    if layer is counts.layers[-1]:
        yield Priced("steps", "steps", counts.samples * counts.timesteps, "chip_step", by_spikes=False)


def _memory(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    """Operations, addresses and accesses as Lemaire et al. 2022 list them, on exact synops."""
    done = work(layer, counts, deployment)
    copies = layer.levels if deployment == "channels" else 1
    is_readout = layer.kind == "readout"
    part = synaptic_part(layer)
    for constant in ("multiply", "add"):
        yield Priced(dense_part(layer), "macs", layer.macs, constant, by_spikes=False)
        if not is_readout:
            yield Priced("neuron", "neuron_updates", done.updates, constant, by_spikes=False)
        yield Priced("neuron", "current_updates", layer.current_updates, constant, by_spikes=False)
        yield Priced(part, "address computations (two per message)", 2 * done.messages, constant)
    yield Priced(part, f"{deployment} synops", done.synops, "add")
    yield Priced(part, "address steps, one per synop", done.synops, "add")
    yield Priced(part, "bias_adds and pool_adds", done.bias_adds + layer.pool_adds, "add", by_spikes=False)
    sent = layer.graded_spikes if deployment == "graded" else sum(layer.spikes)
    stored = layer.twin_words if layer.kind == "product" else copies * layer.params  # of a product, its factors
    weights = access_constant(max(1, stored), profile, "weights" if layer.kind != "product" else "factors")
    potentials = access_constant(math.prod(layer.shape) * membranes(layer, deployment), profile, "potentials")
    messages = access_constant(FIFO_WORDS, profile, "message queue")
    dense = layer.macs + done.bias_adds
    updates = done.updates + layer.current_updates
    yield Priced("memory", "weight reads for synops", done.synops, weights)
    yield Priced("memory", "weight reads for macs and bias_adds", dense, weights, by_spikes=False)
    yield Priced("memory", "potential reads and writes for synops", 2 * done.synops, potentials)
    yield Priced("memory", "potential reads and writes for updates", 2 * updates, potentials, by_spikes=False)
    yield Priced("memory", "messages read and written", done.messages + sent, messages)
    yield Priced("memory", "analogue inputs read", layer.macs, messages, by_spikes=False)


def _movement(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    """Additions, and address bits that travel (Yan, Bai, Wong, arXiv:2409.08290)."""
    done = work(layer, counts, deployment)
    macs = layer.macs + layer.pool_adds
    yield Priced(dense_part(layer), "macs and pool_adds", macs, "host_mac", by_spikes=False)
    part = synaptic_part(layer)
    yield Priced(part, f"{deployment} synops", done.synops, "synop")
    part = "readout" if layer.kind == "readout" else "neuron"
    yield Priced(part, "neuron_updates", done.updates, "neuron_update", by_spikes=False)
    yield Priced("neuron", "current_updates", layer.current_updates, "neuron_update", by_spikes=False)
    sizes = {other.name: other.neurons * membranes(other, deployment) for other in counts.layers}
    bits = 0
    for edge in edges(layer, deployment):
        messages = edge.graded_spikes if deployment == "graded" else edge.spikes
        bits += messages * max(1, (sizes.get(edge.source, edge.input_size or edge.pool_size) - 1).bit_length())
    yield Priced("communication", "address bits * hops", HOPS.scaled(bits), "move_bit")


def _power(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    """Power times the time of a sample, once for the whole chip, and what a spike adds where that is known."""
    yield Priced("neuron", "spikes sent", sum(layer.spikes), "chip_spike")
    if layer is counts.layers[-1]:
        seconds = profile["step_time"].range.scaled(counts.samples * counts.timesteps)
        yield Priced("static", "seconds", seconds, "chip_power", by_spikes=False)


def _measured(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    """One inference of the network that was measured, which is not told apart by layers."""
    if layer is counts.layers[-1]:
        yield Priced("machine", "inferences", counts.samples, "network_inference", by_spikes=False)


MODEL_TERMS: Mapping[str, Callable[[LayerCounts, Profile, str, NetworkCounts], Terms]] = {
    "operations": _operations,
    "events": _events,
    "memory": _memory,
    "movement": _movement,
    "power": _power,
    "measured": _measured,
}
