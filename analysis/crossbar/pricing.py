"""Energy of the reads of a network on crossbars, term by term: a whole number times a constant with its source.

Takes a mapping, how often its word lines are driven, and a profile; gives a `CrossbarEstimate`. "all" prices every
read whole, as a controller that never looks does, and then sparsity saves nothing; "silent skipped" leaves out the
reads of groups of word lines without a pulse, and devices and drivers of lines without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.costs import conversion
from snnhw.analysis.crossbar.digital import Adders
from snnhw.analysis.crossbar.mapping import CrossbarMapping, LayerMapping
from snnhw.analysis.crossbar.reads import Reads
from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range

Accounting = Literal["all", "silent skipped"]
ACCOUNTINGS: tuple[Accounting, ...] = ("all", "silent skipped")
PARTS = ("crossbar", "drivers", "adc", "shift_add", "buffers", "adds", "neurons")
SAID: Mapping[Accounting, str] = {
    "all": "every read is done and priced whole, so sparsity saves nothing",
    "silent skipped": "reads whose word lines are all without a pulse are skipped, which takes a controller that looks",
}


@dataclass(frozen=True)
class CrossbarEstimate:
    """J per inference on crossbars."""

    what: str
    accounting: Accounting
    profile: Profile
    terms: tuple[Term, ...]

    @property
    def per_inference(self) -> Range:
        """Sum of all terms, J."""
        return Range.total(term.energy for term in self.terms)

    @property
    def split(self) -> dict[str, Range]:
        """J by part, in the order of PARTS, parts without terms left out."""
        return _sums(self.terms, lambda term: term.part, PARTS)

    @property
    def layers(self) -> dict[str, Range]:
        """J by layer."""
        return _sums(self.terms, lambda term: term.layer, dict.fromkeys(term.layer for term in self.terms))

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "unit": "J",
            "what": self.what,
            "reads": self.accounting,
            "said": SAID[self.accounting],
            "profile": self.profile.name,
            "scope": self.profile.scope,
            "technology_nm": self.profile.technology_nm,
            "per_inference": self.per_inference.to_dict(),
            "split": {part: energy.to_dict() for part, energy in self.split.items()},
            "layers": {name: energy.to_dict() for name, energy in self.layers.items()},
            "terms": [term.to_dict() for term in self.terms],
            "constants": {name: constant.to_dict() for name, constant in self.profile.constants.items()},
            "assumes": list(self.profile.assumes),
            "excludes": list(self.profile.excludes),
        }


@dataclass(frozen=True)
class Driven:
    """One layer as it is driven: by the network, or by its ANN twin, whose inputs may be coded otherwise."""

    layer: LayerMapping
    coding: Coding
    reads: Reads  # of all samples


def price(
    what: str,
    driven: Iterable[Driven],
    adders: Iterable[Adders],
    samples: int,
    costs: Profile,
    accounting: Accounting,
) -> CrossbarEstimate:
    """Energy per inference.

    Args:
        what: the network in words.
        driven: its layers.
        adders: its digital logic, of one inference.
        samples: whose reads `driven` holds.
        costs: a profile of the model "crossbar".
        accounting: which reads are done.
    """
    terms = [term for each in driven for term in layer_terms(each, samples, costs, accounting)]
    terms += [term for each in adders for term in digital_terms(each, costs)]
    return CrossbarEstimate(what, accounting, costs, tuple(term for term in terms if term.count.high > 0))


def layer_terms(driven: Driven, samples: int, costs: Profile, accounting: Accounting) -> Iterator[Term]:
    """What the reads of one layer cost per inference."""
    layer, reads, skips = driven.layer, driven.reads, accounting != "all"
    groups = reads.active_groups if skips else reads.groups
    lines = reads.active_lines if skips else reads.lines
    blocks, bits = len(layer.output_spans), bits_of(driven)
    conversions = groups * layer.columns

    def term(part: str, quantity: str, count: int, constant: Constant) -> Term:
        return Term(layer.name, part, quantity, Range.exact(count / samples), constant, skips)

    yield term("crossbar", "devices under driven lines", lines * layer.columns, costs["device_read"])
    yield term("drivers", "driven word lines", lines * blocks, costs["driver"])
    yield term("adc", "conversions", conversions, conversion(costs, bits))
    yield term("shift_add", "codes shifted and added", conversions, costs["shift_add"])
    fetched = reads.vectors * layer.matrix.inputs * driven.coding.width
    yield term("buffers", "bits fetched", fetched, costs["buffer_bit"])
    yield term("buffers", "bits on the bus", fetched, costs["bus_bit"])


def digital_terms(adders: Adders, costs: Profile) -> Iterator[Term]:
    """What the logic behind and between the tiles costs per inference."""
    counts = (
        ("adds", "residual, current, window and bias adds", adders.adds, "add"),
        ("neurons", "updates", adders.updates, "neuron_update"),
        ("buffers", "bits written", adders.written_bits, "buffer_bit"),
    )
    for part, quantity, count, name in counts:
        yield Term(adders.name, part, quantity, Range.exact(count), costs[name], by_spikes=False)


def bits_of(driven: Driven) -> int:
    """Bits of the converters behind a layer that is driven so."""
    fixed = driven.layer.crossbar.adc_bits
    return driven.layer.lossless_bits_for(driven.coding) if fixed is None else fixed


def read_layers(mapping: CrossbarMapping, reads: Mapping[str, Reads]) -> tuple[Driven, ...]:
    """The layers of a network as it drives them itself."""
    return tuple(Driven(layer, layer.coding, reads[layer.name]) for layer in mapping.layers)


def _sums(terms: Iterable[Term], key: Callable[[Term], str], order: Iterable[str]) -> dict[str, Range]:
    groups: dict[str, list[Range]] = {name: [] for name in order}
    for term in terms:
        groups[key(term)].append(term.energy)
    return {name: Range.total(parts) for name, parts in groups.items() if parts}
