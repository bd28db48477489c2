"""The ANN twin: the same topology, priced in the technologies a profile names; `twin_passes` says how often it runs.

Counts in-bounds taps only and every weight, zero or not: FP32, INT8 with INT32 accumulation, and the quantised network
that tells apart as many values. A twin is priced by its arithmetic alone, as most papers do, and, where the profile of
the spiking network counts memory or movement, also with the memory after Lemaire et al. 2022 or the movement after Yan
et al. 2024, so that like is compared with like.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.energy.breakeven import matched_bits
from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.energy.machine import MEASURED, measured_twin
from snnhw.analysis.energy.memory import access_constant
from snnhw.analysis.energy.models import HOPS, synaptic_part
from snnhw.analysis.energy.twin_assumes import (
    ARITHMETIC,
    DENSE,
    MEMORY,
    MOVEMENT,
    PROCESSOR,
    assumed,
    computes,
)
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.constants import CONFIDENCES, Constant
from snnhw.analysis.hardware.profiles import TWIN_BITS, Profile, load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError

BEYOND = {"memory": MEMORY, "events": MEMORY, "power": MEMORY, "movement": MOVEMENT}  # by model of the SNN's profile
FULL = 8  # bits of the multiplier that a matched twin's is scaled from


@dataclass(frozen=True)
class Arithmetic:
    """Numbers of one precision: how wide, and what a multiply-accumulate costs."""

    bits: int
    mac: Constant
    add: Constant
    meets: float = 1.0  # share of the multiply-accumulates that meet no zero


def ann_estimate(counts: NetworkCounts, profile: Profile, precision: str, scope: str | None = None) -> AnnEstimate:
    """Energy of the twin in a precision that the profile names.

    Args:
        counts: of the SNN; only what describes the twin is used.
        profile: of the SNN; its `twins` name the technologies that price the ANN.
        precision: "fp32" or "int8".
        scope: one of `scopes(profile, precision)`; None: the first of them.

    Raises:
        InputError: the profile names no twin of that precision.
    """
    same = _arithmetic(profile, precision)
    scope = scopes(profile, precision)[0] if scope is None else scope
    terms = _terms(counts, profile, precision, scope, lambda layer: same)
    macs, assumes = counts.total("dense_macs"), (DENSE, *assumed(counts, scope))
    return AnnEstimate(precision, scope, profile.twins[precision], macs, terms, assumes, computes(counts))


def matched_estimate(counts: NetworkCounts, profile: Profile, sparsity: float, scope: str = ARITHMETIC) -> AnnEstimate:
    """The quantised network that tells apart as many values: ceil(log2(K*T + 1)) bits, zeros skipped.

    Where the twin computes every layer at every step, T is 1 here: the values of one step are told apart.

    Its multiplier is the INT8 one, scaled by bits/8; the first layer is INT8 and dense. K = 1: Yan, Bai, Wong,
    arXiv:2409.08290; K levels extend it.

    Args:
        counts: of the SNN.
        profile: of the SNN, with an "int8" twin.
        sparsity: gamma, share of MACs that meet a zero activation, from `activation_sparsity` of the ReLU twin.
        scope: one of `scopes(profile, "int8")`.

    Raises:
        InputError: gamma is not in 0..1, or the profile names no INT8 twin.
    """
    if not 0 <= sparsity <= 1:
        raise InputError(f"Activation sparsity {sparsity} is no share; give a number in 0..1.")
    steps = max((counts.timesteps // layer.passes for layer in counts.layers if layer.spikes), default=1)
    bits, full = matched_bits(counts.max_levels, steps), _arithmetic(profile, "int8")
    ends = (
        (m - a) * bits / FULL + a
        for m, a in zip(full.mac.range.ends, _span(profile, "int8", "ac").range.ends, strict=True)
    )
    mac = dataclasses.replace(
        full.mac,
        name="mac of the matched twin",
        range=Range(*sorted(ends)),
        table=f"{full.mac.table}; multiplier times {bits}/{FULL}",
        kind="convention",
        confidence="low",
    )
    mac = dataclasses.replace(mac, printed=mac.typical * full.mac.printed / full.mac.typical)
    narrow = Arithmetic(bits, mac, full.add, 1 - sparsity)
    assumes: tuple[str, ...] = (
        f"Activations of {bits} bits, as many values as {counts.max_levels} levels and {steps} "
        f"{'step' if steps == 1 else 'steps'}; "
        f"{100 * sparsity:.0f} % of the MACs behind the first layer meet a zero and are skipped, "
        "a share of their sum that is taken alike in all layers.",
        "The multiplier's energy is taken to be proportional to the width of the activation.",
    )
    if any(layer.kind == "product" for layer in counts.layers):
        assumes += ("Products of two activations are taken to meet a zero as often as the layers with weights.",)
    terms = _terms(counts, profile, "int8", scope, lambda layer: full if _is_first(layer) else narrow)
    macs, all_assumed = counts.total("dense_macs"), (*assumes, *assumed(counts, scope))
    twins = profile.twins["int8"]
    return AnnEstimate(f"int{bits}, matched", scope, twins, macs, terms, all_assumed, computes(counts))


def ann_estimates(counts: NetworkCounts, profile: Profile, sparsity: float | None = None) -> dict[str, AnnEstimate]:
    """Every twin of the profile in every scope, by key; with `sparsity`, the matched quantised network is one too.

    A network without a weight has no twin: there is nothing that an ANN would multiply.
    """
    if not counts.total("dense_macs"):
        return {}
    if profile.model == MEASURED:
        twin = measured_twin(counts, profile)
        return {twin.key: twin}
    found = [
        ann_estimate(counts, profile, precision, scope)
        for precision in profile.twins
        for scope in scopes(profile, precision)
    ]
    if sparsity is not None and "int8" in profile.twins:
        found += [matched_estimate(counts, profile, sparsity, scope) for scope in scopes(profile, "int8")]
    return {twin.key: twin for twin in found}


def scopes(profile: Profile, precision: str) -> tuple[str, ...]:
    """What a twin can be priced with: arithmetic, and what the profile counts beyond, where its constants are known.

    Where a technology is a processor, its price of an operation holds everything, and that is all that can be said.
    """
    if any(technology.scope == PROCESSOR for technology in _technologies(profile, precision)):
        return (PROCESSOR,)
    beyond = BEYOND.get(profile.model)
    known = {
        MEMORY: all("sram_8k" in source for source in _memories(profile, precision)),
        MOVEMENT: "move_bit_dense" in profile,
    }
    return (ARITHMETIC, beyond) if beyond is not None and known[beyond] else (ARITHMETIC,)


def _terms(
    counts: NetworkCounts,
    profile: Profile,
    technology: str,
    scope: str,
    arithmetic: Callable[[LayerCounts], Arithmetic],
) -> tuple[Term, ...]:
    """What every layer with multiply-accumulates costs in the scope."""
    return tuple(
        term
        for layer in counts.layers
        if layer.dense_macs
        for term in TERMS[scope](layer, arithmetic(layer), profile, technology)
        if term.count.high > 0
    )


def _operations(layer: LayerCounts, numbers: Arithmetic, profile: Profile, technology: str) -> Iterator[Term]:
    part = "first_layer" if _is_first(layer) else synaptic_part(layer)
    yield _term(layer, part, "dense macs", layer.dense_macs * numbers.meets, numbers.mac)


def _is_first(layer: LayerCounts) -> bool:
    return layer.kind == "first" or layer.takes_events


def _with_memory(layer: LayerCounts, numbers: Arithmetic, profile: Profile, technology: str) -> Iterator[Term]:
    """Reads, writes and addresses of an artificial layer (Lemaire et al. 2022) on in-bounds taps."""
    yield from _operations(layer, numbers, profile, technology)

    def access(words: int, what: str) -> Constant:
        found = [access_constant(words, memory, what, numbers.bits) for memory in _memories(profile, technology)]
        return _joined(found)

    macs = layer.dense_macs * numbers.meets
    stored = layer.twin_words if layer.kind == "product" else layer.params  # of a product, the other factor
    inputs, weights = min(layer.dense_inputs, macs), min(stored, macs)
    yield _term(layer, "memory", "input reads", Range(inputs, macs, macs), access(layer.twin_words, "twin inputs"))
    yield _term(layer, "memory", "weight reads", Range(weights, macs, macs), access(stored, "twin weights"))
    outputs = math.prod(layer.shape)
    yield _term(layer, "memory", "output writes", layer.passes * outputs, access(outputs, "twin outputs"))
    yield _term(layer, "memory", "address steps", layer.dense_addresses, numbers.add)


def _with_movement(layer: LayerCounts, numbers: Arithmetic, profile: Profile, technology: str) -> Iterator[Term]:
    """Activations that travel (Yan, Bai, Wong, arXiv:2409.08290); an analogue input does on neither side."""
    yield from _operations(layer, numbers, profile, technology)
    if layer.kind != "first":
        bits = HOPS.scaled(layer.dense_inputs * numbers.bits)
        yield _term(layer, "communication", "activation bits * hops", bits, profile["move_bit_dense"])


TERMS: Mapping[str, Callable[[LayerCounts, Arithmetic, Profile, str], Iterator[Term]]] = {
    ARITHMETIC: _operations,
    PROCESSOR: _operations,
    MEMORY: _with_memory,
    MOVEMENT: _with_movement,
}


def _term(layer: LayerCounts, part: str, quantity: str, count: float | Range, constant: Constant) -> Term:
    counted = count if isinstance(count, Range) else Range.exact(float(count))
    return Term(layer.name, part, quantity, counted, constant, by_spikes=False)


def _arithmetic(profile: Profile, precision: str) -> Arithmetic:
    mac, add = _span(profile, precision, "mac"), _span(profile, precision, "ac")
    return Arithmetic(TWIN_BITS[precision], mac, add)


def _memories(profile: Profile, precision: str) -> tuple[Profile, ...]:
    """Profiles with the access energies: that of the SNN if it prices memory itself, else those of the technologies."""
    return (profile,) if profile.model == "memory" else _technologies(profile, precision)


def _technologies(profile: Profile, precision: str) -> tuple[Profile, ...]:
    names = profile.twins.get(precision, ())
    if not names:
        raise InputError(f"Profile {profile.name!r} names no {precision} twin; add it to its [twins] table.")
    return tuple(load_profile(name) for name in names)


def _span(profile: Profile, precision: str, name: str) -> Constant:
    return _joined([technology[name] for technology in _technologies(profile, precision)])


def _joined(constants: list[Constant]) -> Constant:
    """One constant over several technologies: typical of the first, range over all, every source named."""
    first, kinds = constants[0], {c.kind for c in constants}
    if len(constants) == 1:
        return first
    low, high = min(c.range.low for c in constants), max(c.range.high for c in constants)

    def texts(field: str) -> str:
        return "; ".join(dict.fromkeys(getattr(c, field) for c in constants if getattr(c, field)))

    nodes = " to ".join(f"{c.technology_nm:g}" for c in constants if c.technology_nm is not None)
    return dataclasses.replace(
        first,
        range=Range(low, first.typical, high),
        source=texts("source"),
        table=texts("table"),
        kind=first.kind if len(kinds) == 1 else "convention",
        confidence=max((c.confidence for c in constants), key=CONFIDENCES.index),
        spread="; ".join(filter(None, (f"typical of the first, range over {nodes} nm", texts("spread")))),
    )
