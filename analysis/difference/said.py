"""What has to be said of a difference before anybody reads its numbers: what of it is no difference of the networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from snnhw.analysis.difference.certain import same_constants
from snnhw.analysis.difference.energies import apart
from snnhw.analysis.difference.side import Price, Side
from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.report.sample_set import other_samples
from snnhw.graph.finding import Finding

SUMS_ALONE, WEIGHTS_UNKNOWN = "sums-alone", "weights-unknown"
AT_REPORT = "say it where the report is made"  # options of this command reach no report that is read
CONSTANTS = 4  # constants of two profiles that are named


def said(a: Side, b: Side, prices: Mapping[str, tuple[Price, Price]]) -> tuple[Finding, ...]:
    """Findings, the gravest first."""
    return (*_samples(a, b), *_scopes(a, b), *_prices(a, b, prices), *_parameters(a, b), *_assumed(a, b))


def _samples(a: Side, b: Side) -> Iterator[Finding]:
    tables = [side for side in (a, b) if side.samples is None]
    if tables:
        message = f"neither samples nor T are said in {_names(tables)}, so counts are sums and no energies are compared"
        yield Finding(SUMS_ALONE, "warning", "", message, "name the folder of the report in its place")
    else:
        yield from other_samples({"A": a.sample_set, "B": b.sample_set})


def _scopes(a: Side, b: Side) -> Iterator[Finding]:
    for name, (first, second) in apart(a, b).items():
        covers = f"A: {scope_words(first.scope)}; B: {scope_words(second.scope)}"
        message = f"energies of two scopes are no difference, so {name} is not subtracted ({covers})"
        yield Finding("other-scope", "warning", "", message, "price both with profiles of one scope")


def _prices(a: Side, b: Side, prices: Mapping[str, tuple[Price, Price]]) -> Iterator[Finding]:
    for name, (first, second) in prices.items():
        if not same_constants(first, second):
            message = f"the two are priced with other constants on {name}{_named(first, second)}"
            yield Finding("other-constants", "warning", "", message, "price both with one profile")
        if first.deployment != second.deployment:
            message = f"on {name} A runs its levels as {first.deployment}, B as {second.deployment}"
            yield Finding("other-deployment", "info", "", message, "choose profiles of one deployment")
    alone = [f"{n} in {w} alone" for w, s, o in (("A", a, b), ("B", b, a)) for n in s.prices if n not in o.prices]
    if alone and a.prices and b.prices:
        message = f"priced on {', '.join(alone)}"
        yield Finding("one-profile-alone", "info", "", message, "price both on the same profiles with --profile")


def _names(sides: Sequence[Side]) -> str:
    return " and ".join(dict.fromkeys(side.label for side in sides))


def _named(a: Price, b: Price) -> str:
    """Constants of one name that differ, the first few."""
    both = [key for key in a.constants if key in b.constants and a.constants[key] != b.constants[key]]
    shown = [f"{key} {range_text(a.constants[key])} -> {range_text(b.constants[key])}" for key in both[:CONSTANTS]]
    more = f" and {len(both) - CONSTANTS} more" if len(both) > CONSTANTS else ""
    return f" (in SI units {', '.join(shown)}{more})" if shown else ""


def _parameters(a: Side, b: Side) -> Iterator[Finding]:
    lacking = [s for s in (a, b) if all(row.parameters is None for row in s.rows)]
    if lacking and not a.weights_checksum == b.weights_checksum != "":
        message = f"weights and neurons are not told by layer in {_names(lacking)}, so whether they differ is open"
        yield Finding(WEIGHTS_UNKNOWN, "info", "", message, "make the report anew, or name the model")


def _assumed(a: Side, b: Side) -> Iterator[Finding]:
    for which, side in (("A", a), ("B", b)):
        for text, remedy in side.assumed.items():
            yield Finding(
                "assumed", "warning", "", f"{which} assumes: {text}", remedy if side.ran_here and remedy else AT_REPORT
            )
