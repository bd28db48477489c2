"""A difference as text: a table of at most 80 columns, what it costs on each profile, and why, layer by layer.

Takes a `Difference` and nothing else, so that every number is one of diff.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from snnhw.analysis.difference.certain import ORDERS, ROUNDING, order
from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.matching import HOW, ONLY_A, ONLY_B, Pair
from snnhw.analysis.difference.reasons import because
from snnhw.analysis.difference.said import SUMS_ALONE, WEIGHTS_UNKNOWN
from snnhw.analysis.difference.side import Price
from snnhw.analysis.digits import THIN, range_text, short_count, significant
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.plain_table import Column, lines_of, wrapped

COLUMNS = (
    Column("layer", right=False, folds=True),
    Column("spikes"),
    Column("synops"),
    Column("MACs"),
    Column("energy"),
)
SHOWN = ("spikes", "unit_synops", "macs")
SAME = "="
ALL_THE_SAME = "Nothing differs: layers, weights, counts and energies are the same."
LEAST = 0.1  # per cent; what is less is shown as that
MANY = 10  # times as much, from which on a share says less than a factor
COUNT_WORDS = {"spikes": "spikes sent", "unit_synops": "synops"}


def cells(found: Difference, pair: Pair) -> tuple[str, ...]:
    """A row of the table, in the order of `COLUMNS`."""
    counts = []
    for key in SHOWN:
        a, b = found.value(pair.a, found.a, key), found.value(pair.b, found.b, key)
        counts.append(change_text(a, b) if key in found.counts else "")
    return (_name(pair), *counts, _energy(found, pair))


def values(found: Difference, pair: Pair) -> tuple[float, ...]:
    """The numbers of a row behind its name, by which a page sorts."""
    prices = next(iter(found.prices.values()), None)
    energy = 0.0 if prices is None else found.energy(pair, prices)[2].typical
    return (*(float(found.change(pair, key)) for key in SHOWN), energy)


def totals(found: Difference) -> tuple[str, ...]:
    """The last row of the table."""
    counts = [
        change_text(found.total(found.a, key), found.total(found.b, key)) if key in found.counts else ""
        for key in SHOWN
    ]
    prices = next(iter(found.prices.values()), None)
    energy = "" if prices is None else joule_text(prices[0].per_inference, prices[1].per_inference)
    return ("total", *counts, energy)


def heading(found: Difference) -> tuple[str, ...]:
    """Which runs, how their layers were matched, and what the numbers of the table are."""
    ways = [f"{number} {HOW[how]}" for how, number in found.matched.items() if number]
    ways += [f"{number} {how}" for how in (ONLY_A, ONLY_B) if (number := sum(p.how == how for p in found.pairs))]
    joules = next(iter(found.prices), "")
    energy = f"; typical joules: {joules}" if joules else ""
    return (
        f"A: {found.a.run}",
        f"B: {found.b.run}",
        f"Layers matched: {', '.join(ways)}.",
        f"B less A, per {found.per}{energy}",
    )


def answers(found: Difference) -> tuple[str, ...]:
    """A sentence for each profile; that nothing differs, where nothing does."""
    if found.is_empty:
        untold = any(finding.code in (SUMS_ALONE, WEIGHTS_UNKNOWN) for finding in found.findings)
        return ("Nothing differs in what both say." if untold else ALL_THE_SAME,)
    return tuple(_answer(name, *prices) for name, prices in found.prices.items())


def why(found: Difference) -> tuple[str, ...]:
    """A line for each layer in which something differs, with what is due to what."""
    lines = []
    for pair in found.pairs:
        texts = [reason.text for reason in found.reasons[pair.name]]
        if texts:
            lines.append(f"{pair.name}: {'; '.join((*texts, *_due(found, pair)))}")
    return tuple(lines)


def notes(found: Difference) -> tuple[str, ...]:
    """What has to be said of the comparison."""
    return tuple(f"{finding.message[0].upper()}{finding.message[1:]}; {finding.remedy}." for finding in found.findings)


def text(found: Difference) -> str:
    """All of it in lines of at most 80 columns."""
    shown = [line for paragraph in heading(found) for line in wrapped(paragraph)]
    shown += ["", *lines_of(COLUMNS, [cells(found, pair) for pair in found.pairs], totals(found)), ""]
    for paragraph in (*answers(found), *why(found), *notes(found)):
        shown += wrapped(paragraph)
    return "\n".join(shown)


def change_text(a: Fraction, b: Fraction) -> str:
    """What B has more, and the share of A: "+1.2 k (+8 %)"; "=" where nothing differs."""
    if a == b:
        return SAME
    return _signed(float(b - a), short_count(abs(float(b - a))), share_text(float(a), float(b)))


def joule_text(a: Range | None, b: Range | None) -> str:
    """The same of two energies at typical constants."""
    before, after = (0.0 if found is None else found.typical for found in (a, b))
    if abs(after - before) <= ROUNDING * max(before, after):
        return SAME
    return _signed(after - before, range_text(Range.exact(abs(after - before)), "J"), share_text(before, after))


def share_text(a: float, b: float) -> str:
    """B over A less 1 in per cent, or as a factor where it is many times; empty where A has none."""
    if a <= 0:
        return ""
    if b >= MANY * a:
        return f"x{THIN}{significant(b / a)}"
    share = 100 * (b / a - 1)
    if abs(share) < LEAST:
        return f"<{THIN}{LEAST}{THIN}%"
    digits = f"{share:+.0f}" if abs(share) >= 1 else f"{share:+.1f}"
    return f"{digits}{THIN}%"


def _signed(change: float, size: str, share: str) -> str:
    return f"{'+' if change > 0 else '-'}{size}" + (f" ({share})" if share else "")


def _name(pair: Pair) -> str:
    return f"{pair.name} ({pair.how})" if pair.a is None or pair.b is None else pair.name


def _energy(found: Difference, pair: Pair) -> str:
    prices = next(iter(found.prices.values()), None)
    if prices is None:
        return ""
    a, b, _ = found.energy(pair, prices)
    return "" if a is None and b is None else joule_text(a, b)


def _answer(name: str, a: Price, b: Price) -> str:
    before, after = a.per_inference, b.per_inference
    certain = order(a, b)
    if certain == "same":
        return f"{name}: {range_text(before, 'J')} per inference, {scope_words(a.scope)}; {ORDERS[certain]}."
    share = share_text(before.typical, after.typical)
    ends = f"{range_text(before, 'J')} -> {range_text(after, 'J')} per inference"
    typical = f", typical {share}" if share else ""
    return f"{name}: {ends}, {scope_words(a.scope)}{typical}; {ORDERS[certain]}."


def _due(found: Difference, pair: Pair) -> Iterator[str]:
    """How much of a count is due to what, where several causes work."""
    for key, parts in because(pair, found.a, found.b).items():
        several = {cause: part for cause, part in parts.items() if part}
        if len(several) > 1:
            sizes = {cause: _signed(float(part), short_count(abs(float(part))), "") for cause, part in several.items()}
            said = [f"{size} by {cause}" for cause, size in sizes.items()]
            yield f"{COUNT_WORDS[key]} {', '.join(said)}"
