"""The HTML page of a report: one file with styles, script and charts inside, that asks nothing of any network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnhw.analysis import digits
from snnhw.analysis.energy.attribution import Attribution
from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.references import Piece, pieces
from snnhw.analysis.ranges import Range
from snnhw.analysis.report import plots, verdict
from snnhw.analysis.report.bill import bills
from snnhw.analysis.report.chapters import chapters
from snnhw.analysis.report.comparison import Comparison
from snnhw.analysis.report.comparison_chart import pareto_charts
from snnhw.analysis.report.graph_picture import Heat, graph_svg
from snnhw.analysis.report.heat_map import heat_map, shares
from snnhw.analysis.report.raster import COLUMNS, ROWS, raster_strips, time_runs_right
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.said_once import said_once
from snnhw.analysis.report.sections import NEEDED
from snnhw.analysis.report.svg import to_svg
from snnhw.analysis.report.ticks import step_ticks
from snnhw.analysis.report.undrawn import NO_CHART, draws, no_page
from snnhw.errors import InputError
from snnhw.graph.loihi import CURRENT_LIMIT
from snnhw.passes import DEPLOYMENTS

if TYPE_CHECKING:
    from markupsafe import Markup

PICTURE = 640  # CSS pixels
MOST_STEPS = 7  # that are named below the raster of a sample
PRINTED = 3  # digits of a constant, as its source prints it


@dataclass(frozen=True)
class Family:
    """Constants of one profile that differ in nothing but a size, such as accesses to memories of several lengths."""

    profile: str
    name: str
    members: tuple[Constant, ...]

    @property
    def text(self) -> str:
        """Value and range, as printed in the source or with the digits that a derived value bears."""
        first = self.members[0]
        scale = first.printed / first.typical if first.typical else 1.0
        places = digits.DIGITS if first.follows else PRINTED  # a derived constant is no better than its range
        typical = sorted({f"{c.typical * scale:.{places}g}" for c in self.members}, key=float)
        low, high = min(c.range.low for c in self.members) * scale, max(c.range.high for c in self.members) * scale
        value = typical[0] if len(typical) == 1 else f"{typical[0]} to {typical[-1]}"
        span = "" if low == high else f" ({low:.{places}g}{digits.DASH}{high:.{places}g})"
        return f"{value}{span}{digits.THIN}{first.unit}"


@dataclass(frozen=True)
class Sources:
    """Numbered list of the constants that were used: a footnote for each family."""

    entries: tuple[Family, ...]

    def family(self, profile: str, name: str) -> Family:
        """The family that the constant `name` of `profile` belongs to."""
        return next(f for f in self.entries if (f.profile, f.name) == (profile, family_name(name)))

    def number(self, family: Family) -> int:
        """Footnote, from 1."""
        return self.entries.index(family) + 1


def family_name(constant: str) -> str:
    """Name of a constant without the sizes in it."""
    return re.sub(r"\d+ ", "", constant).replace("_", " ")


@dataclass(frozen=True)
class Contribution:
    """The terms of one part, quantity and family of constants, summed over the layers."""

    part: str
    quantity: str
    constant: str
    count: Range
    energy: Range


def render(report: Report) -> str:
    """The page of a report; without matplotlib a sentence stands where a chart would.

    Raises:
        InputError: jinja2 is not installed.
    """
    steps = report.counts.timesteps
    return _page(
        "report.html.j2",
        _charts(report),
        report=report,
        chapters=chapters(report),
        rows_of=_rows_of(report),
        heat_maps=[heat_map(found) for found in report.energy.values()],
        level_rows=_level_rows,
        constant_rows=_constant_rows,
        assumes=said_once({found.profile.title: found.assumes for found in report.energy.values()}),
        excludes=said_once({found.profile.title: found.excludes for found in report.energy.values()}),
        twin_assumes=said_once(_said_of_twins(_twins(report))),
        chip_assumes=said_once({found.chip.title: found.chip.assumes for found in report.mapping.values()}),
        facts=verdict,
        bills={bill.profile: bill for bill in bills(report.energy, report.static, report.floorline)},
        weight_bits=max(
            (layer.weight_bits // layer.params for layer in report.counts.layers if layer.params), default=0
        ),
        sources=_sources(report),
        twins=_twins(report),
        twin_constants=_twin_constants,
        technology=_technology,
        columns=COLUMNS,
        rows=ROWS,
        time_right=time_runs_right(steps),
        time_ticks=[(step, (step - 0.5) / steps) for step in step_ticks(steps, MOST_STEPS)],
        strips=() if report.example is None else raster_strips(report.example),
        contributions={name: _contributions(found.terms) for name, found in report.energy.items()},
        twin_contributions={
            name: {key: _contributions(twin.terms) for key, twin in twins.items()} for name, twins in report.ann.items()
        },
        current_limit=CURRENT_LIMIT,
        needed=NEEDED,
        deployments=DEPLOYMENTS,
    )


def render_comparison(comparison: Comparison) -> str:
    """The page of a comparison; without matplotlib a sentence stands where a chart would.

    Raises:
        InputError: jinja2 is not installed.
    """
    return _page("compare.html.j2", _fronts(comparison), comparison=comparison)


def render_tables(template: str, drawings: Iterable[tuple[str, str]] = (), **content: Any) -> str:
    """A page from one of the templates of this room, by default without charts.

    Raises:
        InputError: jinja2 is not installed.
    """
    return _page(template, iter(drawings), **content)


def _page(template: str, charts: Iterator[tuple[str, str]], **content: Any) -> str:
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as error:
        raise InputError(no_page()) from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("snnhw.analysis.report", "templates"),
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
        joule=lambda value: digits.range_text(Range.exact(value), "J"),
        seconds=lambda value: digits.range_text(Range.exact(value), "s") if value else "",
        cite=lambda source: Markup("").join(_link(Markup, piece) for piece in pieces(source)),
    )
    drawn = {name: Markup(svg) for name, svg in charts}
    page = environment.get_template(template).render(charts=drawn, **content)
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _link(markup: type[Markup], piece: Piece) -> Markup:
    """A part of the prose of a source as HTML, which leads to the publisher where its address is known."""
    link = markup('<a href="{}" rel="noreferrer">{}</a>')
    return link.format(piece.address, piece.text) if piece.address else markup.escape(piece.text)


def _rows_of(report: Report) -> dict[str, str]:
    """Layer -> id of its row in the table of layers."""
    return {layer.name: f"layer-{i}" for i, layer in enumerate(report.counts.layers, 1)}


def _level_rows(parts: Attribution) -> list[tuple[str, Range]]:
    levels = [(f"spikes of level {k}", energy) for k, energy in enumerate(parts.levels, 1)]
    return [*levels, ("events of the input", parts.input), ("not from spikes, or of no level", parts.fixed)]


def _constant_rows(parts: Attribution) -> list[tuple[str, Range]]:
    return [(name.replace("_", " "), energy) for name, energy in parts.constants.items()]


def _fronts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    for profile in comparison.profiles if comparison.ranked else ():  # points of one chart are ranked by the eye
        points = {
            label: (accuracy, comparison.energy(label, profile))
            for label in comparison.reports
            if (accuracy := comparison.accuracy(label)) is not None
        }
        yield from pareto_charts(profile, points, comparison.front(profile))


CHARTS = ("energy", "levels", "rates", "tornado", "breakeven")  # names that `drawings` can give


def drawings(report: Report) -> dict[str, Callable[[int], Any]]:
    """Name of a chart -> the figure of a width in CSS pixels, for every chart of the page that matplotlib draws."""
    found: dict[str, Callable[[int], Any]] = {
        "energy": lambda width: plots.energy_chart(report.energy, report.ann, width),
        "levels": lambda width: plots.levels_chart(report.counts, width),
        "rates": lambda width: plots.rates_chart(report.counts, width),
    }
    if any(swing.width > 0 for found in report.sensitivity.values() for swing in found):
        typical = {name: found.per_inference.typical for name, found in report.energy.items()}
        found["tornado"] = lambda width: plots.tornado_chart(report.sensitivity, typical, width)
    if any(report.breakeven.values()):
        found["breakeven"] = lambda width: plots.breakeven_chart(report.breakeven, report.model.levels, width)
    return found


def _charts(report: Report) -> Iterator[tuple[str, str]]:
    for name, draw in drawings(report).items():
        for size, width in (("wide", plots.WIDE), ("narrow", plots.NARROW)):
            yield f"{name}_{size}", to_svg(draw(width), f"{name}_{size}") if draws() else NO_CHART
    if report.graph is not None:
        heats = [Heat(name, shares(found), shown=i == 0) for i, (name, found) in enumerate(report.energy.items())]
        for size, width in (("wide", PICTURE), ("narrow", plots.NARROW)):
            yield f"graph_{size}", graph_svg(report.graph, report.counts, width, heats, _rows_of(report))


def _sources(report: Report) -> Sources:
    used = [(name, term.constant) for name, found in report.energy.items() for term in found.terms]
    used += [
        (name, found.profile["step_time"]) for name, found in report.energy.items() if found.profile.model == "power"
    ]
    for name, cases in report.static.items():
        constants = report.energy[name].profile
        used += [(name, constants[constant]) for mode in cases for constant in NEEDED[mode]]
    families: dict[tuple[str, str], dict[Constant, None]] = {}
    used += [(_technology(twin), term.constant) for twin in _twins(report) for term in twin.terms]
    for profile, constant in used:
        families.setdefault((profile, family_name(constant.name)), {})[constant] = None
    return Sources(tuple(Family(profile, name, tuple(found)) for (profile, name), found in families.items()))


def _twins(report: Report) -> tuple[AnnEstimate, ...]:
    """The different twins of all profiles: profiles of one technology share theirs."""
    found = {(twin.key, twin.terms): twin for twins in report.ann.values() for twin in twins.values()}
    return tuple(found.values())


def _said_of_twins(twins: Iterable[AnnEstimate]) -> dict[str, list[str]]:
    """Twin, as in print -> how often it computes, what it takes for granted, and what it leaves out."""
    found: dict[str, list[str]] = {}
    for twin in twins:
        said = found.setdefault(verdict.precision_name(twin.key), [])
        said += [f"Its multiply-accumulates are those of {twin.computes}.", *twin.assumes]
        said.append(f"It leaves out {', '.join(twin.excludes)}.")
    return found


def _technology(twin: AnnEstimate) -> str:
    """Where the constants of a twin come from, as footnotes name it."""
    return " to ".join(twin.profiles)


def _twin_constants(twin: AnnEstimate) -> tuple[tuple[str, Constant], ...]:
    """(technology, constant), one for each family."""
    found = {family_name(term.constant.name): term.constant for term in twin.terms}
    return tuple((_technology(twin), constant) for constant in found.values())


def _contributions(found: Iterable[Term]) -> tuple[Contribution, ...]:
    groups: dict[tuple[str, str, str], list[Term]] = {}
    for term in found:
        groups.setdefault((term.part, term.quantity, family_name(term.constant.name)), []).append(term)
    return tuple(
        Contribution(part, quantity, name, Range.total(t.count for t in terms), Range.total(t.energy for t in terms))
        for (part, quantity, name), terms in groups.items()
    )
