"""Where the spiking network and its ANN twin cost the same: the firing rate, the number of steps, published bounds.

An SNN costs a part that grows with its spikes and a part that grows with its steps alone (updates, the analogue first
layer). Break-even rate: scale the spikes until SNN = ANN; no rate helps where the fixed part is already dearer.
Break-even T: what a twin computes at every step grows with T as the network does, what it computes once does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.gates.plain_text import read_toml

BOUNDS = Path(__file__).with_name("bounds.toml")
NOTHING = Range.exact(0.0)
ROUNDED = 1e-12  # share of a sum of joules that rounding may leave


@dataclass(frozen=True)
class BreakEven:
    """SNN against one twin, for one layer or the whole network, J per inference.

    The ranges take the dearest network with the cheapest twin, and the other way round; a rate below zero is zero.
    """

    name: str
    snn: Range
    ann: Range
    rate: float  # unit spikes per neuron and step, as measured
    break_even_rate: float | None  # None: dearer even without a spike, or no spikes arrive; inf: cheaper at any rate
    break_even_steps: float  # T at which the twin costs the same, rate held; inf: cheaper at any T; 0: dearer at any
    rate_range: Range
    steps_range: Range

    @property
    def ratio(self) -> Range | None:
        """SNN over ANN; None where the twin has no work here."""
        return self.snn.over(self.ann) if self.ann.low > 0 else None

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        ratio = self.ratio
        return {
            "name": self.name,
            "snn": self.snn.to_dict(),
            "ann": self.ann.to_dict(),
            "ratio": None if ratio is None else ratio.to_dict(),
            "rate": self.rate,
            "break_even_rate": self.break_even_rate,
            "break_even_steps": self.break_even_steps,
            "break_even_rate_range": self.rate_range.to_dict(),
            "break_even_steps_range": self.steps_range.to_dict(),
        }


def break_even(
    counts: NetworkCounts, energy: EnergyEstimate, ann: Range, name: str = "network", growing: Range = NOTHING
) -> BreakEven:
    """Of the whole network against a twin of `ann` J per inference, of which `growing` grows with T."""
    neurons = sum(layer.neurons for layer in counts.layers if layer.spikes)
    rate = counts.total("spikes") / (counts.samples * counts.timesteps * neurons) if neurons else 0.0
    return _solve(name, energy, None, ann, growing, rate, counts.timesteps)


def break_even_layers(counts: NetworkCounts, energy: EnergyEstimate, ann: Mapping[str, Range]) -> tuple[BreakEven, ...]:
    """Per layer that the twin has, with the rate of the spikes that arrive in it."""
    found, growing = [], growing_part(counts, ann)
    for layer in counts.layers:
        if layer.name in ann:
            pairs = layer.dense_macs // layer.passes if layer.kind == "product" else layer.synapses  # that can meet
            slots = counts.samples * counts.timesteps * pairs
            rate = layer.unit_synops / slots if slots else 0.0
            twin = ann[layer.name], growing[layer.name]
            found.append(_solve(layer.name, energy, layer.name, *twin, rate, counts.timesteps))
    return tuple(found)


def growing_part(counts: NetworkCounts, ann: Mapping[str, Range]) -> dict[str, Range]:
    """By layer, what of the twin's J per inference grows with T.

    Where the twin computes some synapses of a layer once and others at every step, their multiply-accumulates share out
    all that the layer costs. What is no layer, such as a twin that was measured as a whole, all of them share out.
    """
    macs = counts.total("dense_macs")
    whole = sum(layer.repeated_macs for layer in counts.layers) / macs if macs else 0.0
    shares = dict.fromkeys((layer.name for layer in counts.layers), 0.0) | {
        layer.name: layer.repeated_macs / layer.dense_macs for layer in counts.layers if layer.dense_macs
    }
    return {name: found.scaled(shares.get(name, whole)) for name, found in ann.items()}


def _solve(
    name: str, energy: EnergyEstimate, layer: str | None, ann: Range, growing: Range, rate: float, steps: int
) -> BreakEven:
    terms = [term for term in energy.terms if layer is None or term.layer == layer]
    snn = Range.total(term.energy for term in terms)
    moving = Range.total(term.energy for term in terms if term.by_spikes)
    fixed = Range.total(term.energy for term in terms if not term.by_spikes)
    worst, usual, best = (
        rate * (twin - steady) / spent if spent else (math.inf if twin >= steady and rate else 0.0)
        for twin, steady, spent in zip(ann.ends, reversed(fixed.ends), reversed(moving.ends), strict=True)
    )
    at = usual if rate > 0 and ann.typical >= fixed.typical else None
    scaled = [
        _steps(steps, spent - grows, twin - grows if twin - grows > ROUNDED * twin else 0.0)
        for twin, grows, spent in zip(ann.ends, growing.ends, reversed(snn.ends), strict=True)
    ]
    rates = Range(max(0.0, worst), max(0.0, usual), max(0.0, best))
    return BreakEven(name, snn, ann, rate, at, scaled[1], rates, Range(*scaled))


def _steps(steps: int, dearer_by: float, once: float) -> float:
    """T at which the part of the twin that it pays `once` equals what the network pays more in as many steps."""
    return steps * once / dearer_by if dearer_by > 0 else math.inf


def matched_bits(levels: int, timesteps: int) -> int:
    """Bits of the quantised twin that tells apart as many values: ceil(log2(K*T + 1)).

    Yan, Bai, Wong (arXiv:2409.08290) for K = 1; K levels extend it.
    """
    if levels < 1 or timesteps < 1:
        raise InputError(
            f"A unit of {levels} levels and {timesteps} steps tells nothing apart; give at least 1 of each."
        )
    return (levels * timesteps).bit_length()


@dataclass(frozen=True)
class Bound:
    """A published bound and where the network stands."""

    name: str
    value: float
    source: str
    measured: float

    @property
    def kept(self) -> bool:
        """Whether the network stays below."""
        return self.measured < self.value

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "kept": self.kept}


def spikes_per_synapse(counts: NetworkCounts) -> float:
    """Unit synops per synapse and inference, over the layers that spikes drive; products have no synapses."""
    layers = [layer for layer in counts.layers if layer.kind != "product"]
    synapses, synops = (sum(getattr(layer, key) for layer in layers) for key in ("synapses", "unit_synops"))
    return synops / (synapses * counts.samples) if synapses else 0.0


def published_bounds(counts: NetworkCounts) -> tuple[Bound, ...]:
    """Spikes per synapse and inference against each published bound."""
    measured = spikes_per_synapse(counts)
    data = read_toml(BOUNDS, "list of bounds", "install snnhw again")
    return tuple(Bound(b["name"], b["value"], b["source"], measured) for b in data["bound"])
