"""The HTML page of a report: one file with styles, script and charts inside, that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analysis import digits, plots, report_facts
from analysis.ann import AnnEstimate
from analysis.energy import EnergyEstimate, Term
from analysis.profiles import Constant, load_profile
from analysis.ranges import Range
from analysis.report import Report
from snnhw.errors import InputError
from snnhw.loihi import CURRENT_LIMIT

TEMPLATE = "report.html.j2"


@dataclass(frozen=True)
class Sources:
    """Numbered list of the constants that were used: a footnote for each (profile, constant)."""

    entries: tuple[tuple[str, Constant], ...]

    def number(self, profile: str, constant: Constant) -> int:
        """Footnote of a constant, from 1."""
        return self.entries.index((profile, constant)) + 1


@dataclass(frozen=True)
class Contribution:
    """The terms of one part, quantity and constant, summed over the layers."""

    part: str
    quantity: str
    count: Range
    constant: Constant
    energy: Range


def render(report: Report) -> str:
    """The page as text.

    Raises:
        InputError: jinja2 or matplotlib is not installed.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise InputError("The page of a report needs jinja2; pip install 'snnhw[report]'.") from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=digits.count_text,
        short=digits.short_count,
        percent=digits.percent,
        range=digits.range_text,
        typical=digits.typical_text,
        significant=digits.significant,
        constant=_constant,
    )
    page = environment.get_template(TEMPLATE).render(
        report=report,
        facts=report_facts,
        charts={name: Markup(svg) for name, svg in _charts(report)},
        sources=_sources(report),
        twins=_twins(report),
        twin_constants=_twin_constants,
        contributions={name: _contributions(found) for name, found in report.energy.items()},
        current_limit=CURRENT_LIMIT,
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _charts(report: Report) -> Iterator[tuple[str, str]]:
    drawings: dict[str, Callable[[int], Any]] = {
        "energy": lambda width: plots.energy_chart(report.energy, report.ann, width),
        "levels": lambda width: plots.levels_chart(report.counts, width),
        "rates": lambda width: plots.rates_chart(report.counts, width),
    }
    for name, draw in drawings.items():
        for size, width in (("wide", plots.WIDE), ("narrow", plots.NARROW)):
            yield f"{name}_{size}", plots.to_svg(draw(width), f"{name}_{size}")


def _sources(report: Report) -> Sources:
    used = [(name, term.constant) for name, found in report.energy.items() for term in found.terms]
    entries: list[tuple[str, Constant]] = []
    for entry in used + [entry for twin in _twins(report) for entry in _twin_constants(twin)]:
        if entry not in entries:
            entries.append(entry)
    return Sources(tuple(entries))


def _twins(report: Report) -> tuple[AnnEstimate, ...]:
    """The different twins of all profiles: profiles of one technology share theirs."""
    found = {(twin.precision, twin.profiles): twin for twins in report.ann.values() for twin in twins.values()}
    return tuple(found.values())


def _twin_constants(twin: AnnEstimate) -> tuple[tuple[str, Constant], ...]:
    return tuple((name, load_profile(name)["mac"]) for name in twin.profiles)


def _contributions(found: EnergyEstimate) -> tuple[Contribution, ...]:
    groups: dict[tuple[str, str, str], list[Term]] = {}
    for term in found.terms:
        groups.setdefault((term.part, term.quantity, term.constant.name), []).append(term)
    return tuple(
        Contribution(
            part,
            quantity,
            Range.total(term.count for term in terms),
            terms[0].constant,
            Range.total(term.energy for term in terms),
        )
        for (part, quantity, _), terms in groups.items()
    )


def _constant(found: Constant) -> str:
    """Value and range as printed in its source."""
    scale = found.printed / found.typical if found.typical else 1.0
    low, high = (f"{end * scale:.4g}" for end in (found.range.low, found.range.high))
    span = "" if low == high else f" ({low}{digits.DASH}{high})"
    return f"{found.printed:.4g}{span}{digits.THIN}{found.unit}"
