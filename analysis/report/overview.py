"""A report in one table that fits a terminal: what every layer costs, what all cost, and what the numbers rest on.

Takes a `Report` and nothing else, so that every number is one of `report.json`; nothing here counts or prices. Rows are
per inference. `Overview.text` is plain text of at most 80 columns, `html_table.py` makes the same for a notebook.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from snnhw.analysis.digits import count_text, range_text, short_count, significant
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.bill import Bill, bills
from snnhw.analysis.report.html_table import html_table
from snnhw.analysis.report.plain_table import Column, lines_of, wrapped
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.verdict import accuracies, first_sentence, lines, listed, twin_sentence

COLUMNS = (
    Column("layer", right=False, folds=True),
    Column("output", right=False),
    Column("params"),
    Column("spikes"),
    Column("rate"),
    Column("synops"),
    Column("MACs"),
    Column("energy"),
)
PER = {
    "layers": "inference, means over the samples; params and shape of the network",
    "energy": "inference, means over the samples",
    "ann": "inference, means over the samples",
    "totals": "all samples, sums; neurons, synapses, params and what begins with dense of the network",
}
SAID = ("labels-of-other-classes", "no-spikes")  # findings without which the table would be misread
ONE_MORE = "1 more finding: snnhw report lists it."
UNITS = (
    "Per inference. rate: spikes per neuron and step; synops: accumulations u that spikes cause; MACs: on analogue "
    "values, at every step."
)


@dataclass(frozen=True)
class Row:
    """One layer, per inference; what the whole chip spends is a row of its own."""

    name: str
    kind: str
    shape: tuple[int, ...]
    params: int
    spikes: float  # sent
    rate: float  # unit spikes per neuron and step
    synops: float  # u, that arrive
    macs: float
    energy: Range | None  # J; None where the profile charges the layer nothing

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it, in the order of `COLUMNS`."""
        if not self.shape:
            return (self.name, *[""] * 6, _joule(self.energy))
        fires = self.kind in ("spiking", "first")
        return (
            self.name,
            "x".join(map(str, self.shape)),
            short_count(self.params),
            _short(self.spikes) if fires else "",
            significant(self.rate) if fires else "",
            _short(self.synops),
            _short(self.macs),
            _joule(self.energy),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "params": self.params,
            "spikes": self.spikes,
            "rate": self.rate,
            "unit_synops": self.synops,
            "macs": self.macs,
            "energy": None if self.energy is None else {"unit": "J", **self.energy.to_dict()},
        }


@dataclass(frozen=True, repr=False)
class Overview:
    """The table of a report, for one of its profiles, and one line for each."""

    report: Report

    @property
    def profile(self) -> str:
        """The first one, whose energies stand in the rows."""
        return next(iter(self.report.energy))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every row of the counts, then what the chip spends as a whole."""
        counts, energy = self.report.counts, self.report.energy[self.profile].layers
        found = [
            Row(
                layer.name,
                layer.kind,
                layer.shape,
                layer.params,
                sum(layer.spikes) / counts.samples,
                layer.rate(counts.samples, counts.timesteps),
                layer.unit_synops / counts.samples,
                layer.macs / counts.samples,
                energy.get(layer.name),
            )
            for layer in counts.layers
        ]
        known = {layer.name for layer in counts.layers}
        whole = [Row(name, "", (), 0, 0, 0, 0, 0, joule) for name, joule in energy.items() if name not in known]
        return (*found, *whole)

    @property
    def run(self) -> str:
        """What it was run on."""
        counts = self.report.counts
        number = f"{counts.samples:,} sample{'s' * (counts.samples != 1)}"
        return f"{number} of {self.report.stamp.data}, T = {counts.timesteps}"

    @property
    def title(self) -> str:
        """What was run on what."""
        return f"{self.report.model.name}, {short_count(self.report.model.neurons)} neurons, on {self.run}"

    @property
    def totals(self) -> tuple[str, ...]:
        """The last row of the table."""
        counts = self.report.counts
        spikes, synops, macs = (counts.total(key) / counts.samples for key in ("spikes", "unit_synops", "macs"))
        neurons, params = self.report.model.neurons, self.report.model.parameters
        steps = neurons * counts.samples * counts.timesteps
        rate = significant(counts.total("spikes") / steps) if steps else ""
        energy = self.report.energy[self.profile].per_inference
        return "total", "", short_count(params), _short(spikes), rate, _short(synops), _short(macs), _joule(energy)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What had to be assumed, in a word or two each, with the option that settles it."""
        return tuple(dict.fromkeys(found.short for found in self.report.assumptions))

    @property
    def assumed_lines(self) -> tuple[str, ...]:
        """What had to be assumed, a sentence each, with what would say it."""
        return tuple(f"assumed {found.subject}: {found.text}; {found.remedy}" for found in self.report.assumptions)

    @property
    def answers(self) -> tuple[str, ...]:
        """One line for each profile: how much, of what, by whose constants, and what was assumed."""
        report = self.report
        found = bills(report.energy, report.static, report.floorline)
        ends = f"; assumed {listed(self.assumed)}" if self.assumed else ""
        return tuple(f"{_answer(bill, report.energy[bill.profile].profile.title)}{ends}" for bill in found)

    @property
    def notes(self) -> tuple[str, ...]:
        """Below the table: levels, twin, verdict, accuracy, other findings; each a sentence."""
        report, counts = self.report, self.report.counts
        found = [UNITS]
        if counts.max_levels > 1:
            e, u, ku = (counts.total(key) / counts.samples for key in ("events", "unit_synops", "replicated_synops"))
            found.append(
                f"Up to K = {counts.max_levels} levels: {count_text(e)} graded events e, {count_text(u)} synops u, "
                f"{count_text(ku)} K*u with synapses of each level's own."
            )
        found += [text for text in (twin_sentence(report), *_ratios(report), first_sentence(report)) if text]
        found += [f"Accuracy, {stage}: {share}." for stage, share in accuracies(report)]
        said = [finding for finding in report.other_findings if finding.code in SAID]
        found += [f"{finding.message[0].upper()}{finding.message[1:]}; {finding.remedy}." for finding in said]
        other = len(report.other_findings) - len(said)
        if other:
            found.append(f"{other} more findings: snnhw report lists them." if other > 1 else ONE_MORE)
        return tuple(found)

    @cached_property
    def text(self) -> str:
        """All of it in lines of at most 80 columns."""
        shown = [*wrapped(self.title), *wrapped(f"joules: {self.profile}"), ""]
        shown += lines_of(COLUMNS, [row.cells for row in self.rows], self.totals)
        for paragraph in (*self.answers, *self.notes, *self.assumed_lines):
            shown += wrapped(paragraph)
        return "\n".join(shown)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        below = (*self.answers, *self.notes, *self.assumed_lines)
        cells = [row.cells for row in self.rows]
        return html_table(f"{self.title}; joules: {self.profile}", COLUMNS, cells, self.totals, below)

    def to_dict(self) -> dict[str, object]:
        """The table for JSON; totals, energies, twins and findings are those of `report.json`, under its names.

        `per` says of each what it is of: layers and energies are means over the samples, totals are sums.
        """
        whole = self.report.to_dict()
        same = ("model", "samples", "timesteps", "accuracy_by_stage", "totals", "headline", "findings", "assumed")
        return {
            "data": self.report.stamp.data,
            "profile": self.profile,
            "per": dict(PER),
            **{key: whole[key] for key in same},
            "layers": [row.to_dict() for row in self.rows],
            "energy": {
                name: {"unit": "J", "scope": found.scope, **found.per_inference.to_dict()}
                for name, found in self.report.energy.items()
            },
            "ann": {
                name: {key: {"unit": "J", **twin.per_inference.to_dict()} for key, twin in twins.items()}
                for name, twins in self.report.ann.items()
            },
            "verdict": first_sentence(self.report),
            "answers": list(self.answers),
        }


def _answer(bill: Bill, title: str) -> str:
    """Joules, scope and source of one profile."""
    if bill.without is None:
        always = bill.with_static[""]
        return f"{range_text(always, 'J')} per inference, {title}, {bill.covers_static}"
    with_static = [f"{range_text(joule, 'J')} {bill.paces[pace]}" for pace, joule in bill.with_static.items()]
    more = f" (with what it draws while it waits, {'; '.join(with_static)})" if with_static else ""
    return f"{range_text(bill.without, 'J')} per inference, {title}, {bill.covers}{more}"


def _ratios(report: Report) -> tuple[str, ...]:
    """The network over its closest twins, a sentence for each profile."""
    found = []
    for line in lines(report):
        parts = [f"{rival.ratio} its {rival.precision} twin ({rival.energy}, {rival.covers})" for rival in line.closest]
        if parts:
            found.append(f"{line.profile}: {listed(parts)}.")
    return tuple(found)


def _short(value: float) -> str:
    return short_count(value) if value else "0"


def _joule(found: Range | None) -> str:
    return "" if found is None else range_text(found, "J")
