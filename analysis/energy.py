"""Energy per inference from counts and a profile, as a range, traceable term by term.

Every term is a count times a constant of the profile. Three models: `operations` prices arithmetic alone (the
convention of most papers, after Horowitz, ISSCC 2014), `memory` adds the accesses to memory (Lemaire et al. 2022),
`events` prices what an event-driven chip does: synops, neuron updates and messages. The split and the layers are sums
of the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analysis.deployments import work
from analysis.memory import FIFO_WORDS, access_constant
from analysis.profiles import Constant, Profile
from analysis.ranges import Range
from analysis.rows import LayerCounts, NetworkCounts
from snnhw.errors import InputError

PARTS = ("first_layer", "synapse", "neuron", "memory", "communication", "readout", "static")


@dataclass(frozen=True)
class Term:
    """`count` (per inference) times `constant`, one contribution of one layer."""

    layer: str
    part: str  # one of PARTS
    quantity: str  # the count that is priced
    count: Range
    constant: Constant

    @property
    def energy(self) -> Range:
        """J per inference."""
        c, k = self.constant.range, self.count
        return Range(k.low * c.low, k.typical * c.typical, k.high * c.high)

    def to_dict(self) -> dict[str, Any]:
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


@dataclass(frozen=True)
class EnergyEstimate:
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
    def split(self) -> dict[str, Range]:
        """J by part, in the order of PARTS, parts without terms left out."""
        return self._by(lambda term: term.part, PARTS)

    @property
    def layers(self) -> dict[str, Range]:
        """J by layer, in the order of the counts."""
        return self._by(lambda term: term.layer, tuple(dict.fromkeys(term.layer for term in self.terms)))

    def _by(self, key: Callable[[Term], str], order: tuple[str, ...]) -> dict[str, Range]:
        groups: dict[str, list[Range]] = {name: [] for name in order}
        for term in self.terms:
            groups[key(term)].append(term.energy)
        return {name: Range.total(parts) for name, parts in groups.items() if parts}

    def to_dict(self) -> dict[str, Any]:
        """One entry of `energy` in `report.json`."""
        return {
            "unit": "J",
            "title": self.profile.title,
            "model": self.profile.model,
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


Terms = Iterator[tuple[str, str, float | Range, str | Constant]]  # part, quantity, count over all samples, constant


def estimate(counts: NetworkCounts, profile: Profile, *, deployment: str | None = None) -> EnergyEstimate:
    """Energy per inference.

    Args:
        counts: of any number of samples, at least one.
        profile: its `model` says which counts are priced.
        deployment: how the K-level units run, one of `DEPLOYMENTS`; None takes the profile's.

    Raises:
        InputError: no samples, or no such deployment.
    """
    if counts.samples < 1:
        raise InputError(f"The counts of {counts.name!r} hold no samples; simulate at least one.")
    chosen = deployment or profile.deployment
    terms = [
        Term(layer.name, part, quantity, _range(count).scaled(1 / counts.samples), _constant(profile, constant))
        for layer in counts.layers
        for part, quantity, count, constant in MODEL_TERMS[profile.model](layer, profile, chosen, counts)
        if (isinstance(constant, Constant) or constant in profile) and _range(count).high > 0
    ]
    return EnergyEstimate(profile, chosen, tuple(terms), _assumes(counts, profile), _excludes(counts, profile))


def _operations(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    done = work(layer, counts, deployment)
    yield "first_layer", "macs", layer.macs, "mac"
    part = "readout" if layer.kind == "readout" else "synapse"
    yield part, f"{deployment} synops", done.synops, "ac"
    yield part, "bias_adds", layer.bias_adds * (layer.levels if deployment == "channels" else 1), "ac"
    yield part, "pool_adds", layer.pool_adds, "ac"
    if layer.kind != "readout":
        yield "neuron", "neuron_updates", done.updates, "neuron_update"


def _events(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    done, fired = work(layer, counts, deployment), sum(layer.spikes)
    yield "first_layer", "macs", layer.macs, "host_mac"
    yield "first_layer", "pool_adds", layer.pool_adds, "host_mac"
    part = "readout" if layer.kind == "readout" else "synapse"
    yield part, f"{deployment} synops", done.synops, "synop"
    if deployment == "graded":
        yield part, "graded synops", done.synops, "graded_extra"
    part = "readout" if layer.kind == "readout" else "neuron"
    yield part, "neuron_updates", done.updates, "neuron_update"
    yield part, "active neuron_updates", Range(0, fired, done.updates), "neuron_active_extra"
    yield part, "spikes sent", fired, "spike_out"
    yield "communication", "messages", done.messages, "message"


def _memory(layer: LayerCounts, profile: Profile, deployment: str, counts: NetworkCounts) -> Terms:
    """Operations, addresses and accesses as Lemaire et al. 2022 list them, on exact synops."""
    done = work(layer, counts, deployment)
    copies = layer.levels if deployment == "channels" else 1
    is_readout = layer.kind == "readout"
    part = "readout" if is_readout else "synapse"
    for constant in ("multiply", "add"):
        yield "first_layer", "macs", layer.macs, constant
        if not is_readout:
            yield "neuron", "neuron_updates", done.updates, constant
        yield part, "address computations (two per message)", 2 * done.messages, constant
    yield part, f"{deployment} synops", done.synops, "add"
    yield part, "address steps, one per synop", done.synops, "add"
    yield part, "bias_adds and pool_adds", copies * layer.bias_adds + layer.pool_adds, "add"
    sent = layer.graded_spikes if deployment == "graded" else sum(layer.spikes)
    weights = access_constant(max(1, copies * layer.params), profile, "weights")
    potentials = access_constant(layer.neurons * layer.levels, profile, "potentials")
    messages = access_constant(FIFO_WORDS, profile, "message queue")
    yield "memory", "weight reads", done.synops + layer.macs + copies * layer.bias_adds, weights
    yield "memory", "potential reads and writes", 2 * (done.synops + done.updates), potentials
    yield "memory", "message reads and writes", done.messages + sent + layer.macs, messages


MODEL_TERMS: Mapping[str, Callable[[LayerCounts, Profile, str, NetworkCounts], Terms]] = {
    "operations": _operations,
    "events": _events,
    "memory": _memory,
}


def _constant(profile: Profile, constant: str | Constant) -> Constant:
    return constant if isinstance(constant, Constant) else profile[constant]


def _range(count: float | Range) -> Range:
    return count if isinstance(count, Range) else Range.exact(float(count))


def _assumes(counts: NetworkCounts, profile: Profile) -> tuple[str, ...]:
    found = list(profile.assumes)
    if counts.total("macs"):
        found.append(
            "The analogue first layer is computed at every step; a static image would allow once per inference."
        )
    if counts.total("pool_adds"):
        found.append("Pools between a synapse and its neurons are priced as separate additions.")
    return tuple(found)


def _excludes(counts: NetworkCounts, profile: Profile) -> tuple[str, ...]:
    found = list(profile.excludes)
    if profile.model == "events":
        missing = {
            "neuron_inactive": "neuron updates",
            "message": "spike messages",
            "host_mac": "the analogue first layer",
        }
        found += [text for name, text in missing.items() if name not in profile]
        found.append("static power" if "static_chip" not in profile else "static power unless a latency is given")
    return tuple(dict.fromkeys(found))
