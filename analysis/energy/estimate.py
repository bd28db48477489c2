"""Energy per inference from counts and a profile, as a range, traceable term by term.

Every term is a count times a constant of the profile. Its model says what is priced: `operations` arithmetic alone (the
convention of most papers, after Horowitz, ISSCC 2014), `memory` also the accesses to memory (Lemaire et al. 2022),
`movement` additions and travelling bits (Yan et al. 2024), `events` synops, updates and messages of an event-driven
chip, `power` time, and spikes where their price is known. The split and the layers are sums of the same terms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.counting.deployments import edges, membranes, work
from snnhw.analysis.digits import range_text
from snnhw.analysis.energy.memory import FIFO_WORDS, access_constant
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.hardware.profiles import Constant, Profile
from snnhw.analysis.hardware.scopes import scope_words, with_static
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary

HOPS = Range(1, 2, 4)  # from a neuron to the core of a target layer, where no placement is given
CHIP = "chip"  # the layer of what a chip spends as a whole, which it does not tell apart by layers
ATTENTION = (
    "Attention: two spikes that meet are one accumulation, a spike that meets other values one for each of them, two "
    "analogue values a multiply-accumulate; break-even rates scale it linearly, although two spikes meet as often as "
    "both rates say."
)
WHOLE = ("steps", "static")  # parts that belong to the chip and to no layer
PARTS = ("first_layer", "synapse", "attention", "neuron", "memory", "communication", "readout", "steps", "static")


@dataclass(frozen=True)
class Term:
    """`count` (per inference) times `constant`, one contribution of one layer."""

    layer: str
    part: str  # one of PARTS
    quantity: str  # the count that is priced
    count: Range
    constant: Constant
    by_spikes: bool  # grows with the firing rate; False: with the number of steps alone

    @property
    def energy(self) -> Range:
        """J per inference."""
        c, k = self.constant.range, self.count
        return Range(k.low * c.low, k.typical * c.typical, k.high * c.high)

    def to_dict(self) -> dict[str, object]:
        """Formula, count, constant and source for a footnote."""
        return {
            "layer": self.layer,
            "part": self.part,
            "formula": f"{self.quantity} * {self.constant.name}",
            "count": self.count.to_dict(),
            "constant": self.constant.name,
            "source": f"{self.constant.source}, {self.constant.table}",
            "energy": self.energy.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class EnergyEstimate(Summarised):
    """J per inference of one network on one profile."""

    profile: Profile
    deployment: str
    terms: tuple[Term, ...]
    assumes: tuple[str, ...]
    excludes: tuple[str, ...]

    @property
    def per_inference(self) -> Range:
        """Sum of all terms, J."""
        return Range.total(term.energy for term in self.terms)

    @property
    def scope(self) -> str:
        """What of the machine it covers; static power that was added to the profile's constants is part of it."""
        added = any(term.constant.name == "static_chip" for term in self.terms)
        return with_static(self.profile.scope) if added else self.profile.scope

    @property
    def split(self) -> dict[str, Range]:
        """J by part, in the order of PARTS, parts without terms left out."""
        return self._by(lambda term: term.part, PARTS)

    @property
    def layers(self) -> dict[str, Range]:
        """J by layer, in the order of the counts."""
        return self._by(lambda term: term.layer, tuple(dict.fromkeys(term.layer for term in self.terms)))

    def summary(self) -> Summary:
        """The range of the whole and of its parts."""
        return Summary(
            f"EnergyEstimate of {self.profile.name!r}, {self.deployment} deployment",
            (
                ("per inference", range_text(self.per_inference, "J")),
                ("covers", scope_words(self.scope)),
                *((part, range_text(energy, "J")) for part, energy in self.split.items()),
                ("terms", str(len(self.terms))),
            ),
        )

    def _by(self, key: Callable[[Term], str], order: tuple[str, ...]) -> dict[str, Range]:
        groups: dict[str, list[Range]] = {name: [] for name in order}
        for term in self.terms:
            groups[key(term)].append(term.energy)
        return {name: Range.total(parts) for name, parts in groups.items() if parts}

    def to_dict(self) -> dict[str, object]:
        """One entry of `energy` in `report.json`."""
        return {
            "unit": "J",
            "title": self.profile.title,
            "model": self.profile.model,
            "scope": self.scope,
            "covers": scope_words(self.scope),
            "deployment": self.deployment,
            "technology_nm": self.profile.technology_nm,
            "per_inference": self.per_inference.to_dict(),
            "split": {part: energy.to_dict() for part, energy in self.split.items()},
            "layers": {layer: energy.to_dict() for layer, energy in self.layers.items()},
            "terms": [term.to_dict() for term in self.terms],
            "constants": {name: constant.to_dict() for name, constant in self.profile.constants.items()},
            "assumes": list(self.assumes),
            "excludes": list(self.excludes),
        }


@dataclass(frozen=True)
class Priced:
    """A count over all samples and the constant that prices it, before they become a `Term`."""

    part: str
    quantity: str
    count: float | Range
    constant: str | Constant
    by_spikes: bool = True  # grows with the firing rate; False: with the number of steps alone


Terms = Iterator[Priced]


def estimate(
    counts: NetworkCounts, profile: Profile, *, deployment: str | None = None, static: StaticLoad | None = None
) -> EnergyEstimate:
    """Energy per inference.

    Args:
        counts: of any number of samples, at least one.
        profile: its `model` says which counts are priced.
        deployment: how the K-level units run, one of `passes.DEPLOYMENTS`; None takes the profile's.
        static: chips and seconds per inference from `static_load`; None leaves static power out.

    Raises:
        InputError: no samples, or no such deployment.
    """
    if counts.samples < 1:
        raise InputError(f"The counts of {counts.name!r} hold no samples; simulate at least one.")
    chosen = deployment or profile.deployment
    terms = [
        Term(
            CHIP if p.part in WHOLE else layer.name,
            p.part,
            p.quantity,
            _range(p.count).scaled(1 / counts.samples),
            constant,
            p.by_spikes,
        )
        for layer in counts.layers
        for p in MODEL_TERMS[profile.model](layer, profile, chosen, counts)
        if (constant := _constant(profile, p.constant)) is not None and _range(p.count).high > 0
    ]
    if static is not None:
        chip_seconds = static.seconds.scaled(static.chips)
        terms.append(Term(CHIP, "static", f"chip-seconds ({static.mode})", chip_seconds, profile["static_chip"], False))
    return EnergyEstimate(
        profile, chosen, tuple(terms), _assumes(counts, profile, static), _excludes(counts, profile, static)
    )


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


MODEL_TERMS: Mapping[str, Callable[[LayerCounts, Profile, str, NetworkCounts], Terms]] = {
    "operations": _operations,
    "events": _events,
    "memory": _memory,
    "movement": _movement,
    "power": _power,
}


def _constant(profile: Profile, constant: str | Constant) -> Constant | None:
    """The constant; None where the profile does not have it, which leaves the term out."""
    return constant if isinstance(constant, Constant) else profile.constants.get(constant)


def _range(count: float | Range) -> Range:
    return count if isinstance(count, Range) else Range.exact(float(count))


def _assumes(counts: NetworkCounts, profile: Profile, static: StaticLoad | None) -> tuple[str, ...]:
    found = list(profile.assumes)
    multiplied = [layer for layer in counts.layers if layer.macs]
    if any(layer.kind == "first" for layer in multiplied):
        found.append(
            "The analogue first layer is computed at every step; a static image would allow once per inference."
        )
    for layer in multiplied:
        if layer.takes_events:
            found.append(
                f"{layer.name} takes events of the input, and a layer of it gets analogue sums (behind a norm, or a "
                "layer without neurons), which are multiplied at every step."
            )
    if any(layer.kind != "first" and not layer.takes_events for layer in multiplied):
        found.append("Layers that get analogue sums inside the network are multiplied at every step.")
    if any(layer.takes_events for layer in counts.layers):
        found.append("Events of the input arrive as messages; break-even rates scale them together with the spikes.")
    if any(layer.kind == "product" for layer in counts.layers):
        found.append(ATTENTION)
        if profile.model in ("events", "power"):
            found.append(
                "No chip has products of two populations: their accumulations are priced as synops all the same."
            )
    if counts.total("pool_adds"):
        found.append("Pools between a synapse and its neurons are priced as separate additions.")
    if any(layer.shared for layer in counts.layers):
        found.append(
            "A sum that several populations read is computed once; in the deployment channels it is computed for each."
        )
    if any(layer.shared_membrane for layer in counts.layers):
        found.append(
            "An integer neuron (I-LIF) is one membrane; in the deployment shared it sends several binary spikes in a "
            "step, in channels it is a membrane for each level."
        )
    if counts.total("lateral_spikes"):
        found.append(
            "In the deployment channels, each spike of an integer neuron also inhibits all its levels, one synop each."
        )
    if static is not None:
        found.append(
            f"Static power of {static.chips} whole chips over {static.steps} steps ({static.mode}), no gating."
        )
    return tuple(found)


def _excludes(counts: NetworkCounts, profile: Profile, static: StaticLoad | None) -> tuple[str, ...]:
    host = counts.total("host_operations") / counts.samples
    left = (f"{host:,.0f} operations per inference of max pools and of norms that a host computes",) if host else ()
    waiting = ("static power",) if "static_chip" in profile and static is None else ()
    return tuple(dict.fromkeys((*profile.excludes, *left, *waiting)))
