"""Tables of a report: layers, energies, the ANN twins, break-even, several models side by side."""

from __future__ import annotations

from rich.table import Table

from snnhw.analysis.digits import range_text, significant
from snnhw.analysis.report.bill import PACES, bills
from snnhw.analysis.report.comparison import Comparison
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.verdict import lines, precision_name, rate_text, steps_text, twin_sentence
from snnhw.verbs.tables.findings import finding_lines
from snnhw.verbs.terminal import table
from snnhw.workflows.compare import Compared


def report_tables(report: Report) -> tuple[Table | str, ...]:
    """Layers and energies, for the terminal."""
    counts = report.counts
    rows = [
        (
            layer.name,
            layer.neurons,
            sum(layer.spikes),
            layer.events,
            layer.unit_synops,
            layer.replicated_synops,
            layer.macs,
        )
        for layer in counts.layers
    ]
    titles = ("layer", ">neurons", ">spikes sent", ">events e", ">synops u", ">synops K*u", ">MACs")
    samples, steps = _several(counts.samples, "sample"), _several(counts.timesteps, "step")
    layers = table(f"Exact sums over {samples} of {steps}", titles, rows)
    return (
        bill_table(report),
        *advice_table(report),
        *_bounds(report),
        layers,
        _twins_table(report),
        twin_sentence(report),
    )


def bill_table(report: Report) -> Table:
    """Energy without and with static power, side by side: the first thing on the terminal."""
    cells = []
    for bill in bills(report.energy, report.static, report.floorline):
        paces = [bill.with_static.get(pace, bill.with_static.get("")) for pace in PACES]
        shown = [range_text(energy, "J") if energy else "" for energy in paces]
        without = "not known apart" if bill.without is None else range_text(bill.without, "J")
        said = "".join(f"; {bill.paces[pace]}" for pace in bill.late)
        cells.append((bill.profile, without, *shown, bill.note or f"work alone: {bill.covers}{said}"))
    columns = ("profile", ">its work alone", ">with waiting, own pace", ">in fixed steps", "what that is")
    return table("Energy per inference, without and with what the chip draws while it waits", columns, cells)


def advice_table(report: Report) -> tuple[Table | str, ...]:
    """What would help on the first profile, and how it is done; empty where nothing would."""
    name, actions = next(iter(report.advice.items()), ("", ()))
    if not actions:
        return ()
    rows = [(n, action.text, action.worth, action.accuracy) for n, action in enumerate(actions, start=1)]
    columns = (">", "what to do", "saves", "accuracy")
    commands = [f"{n}: {action.command}" for n, action in enumerate(actions, start=1)]
    return table(f"What would help on {name}", columns, rows), *commands


def _bounds(report: Report) -> tuple[str, ...]:
    """A line for each profile that bounds the time."""
    return tuple(
        f"{name}: at least {range_text(floor.sample, 's')} per inference; {floor.sentence}"
        for name, floor in report.floorline.items()
    )


def twin_tables(report: Report) -> tuple[Table | str, ...]:
    """The network against its ANN twins, and where both cost the same, for the terminal."""
    cells = []
    for profile, points in report.breakeven.items():
        for key, point in points.items():
            rate, steps = rate_text(point), steps_text(point)
            cells.append((profile, precision_name(key), significant(point.rate), rate, report.counts.timesteps, steps))
    columns = ("profile", "ANN twin", ">measured rate", ">break-even rate", ">measured T", ">break-even T")
    bounds = [
        (bound.name, bound.value, significant(bound.measured), "below" if bound.kept else "above")
        for bound in report.bounds
    ]
    accuracies = [(stage, f"{share:.2%}") for stage, share in report.accuracy.items()]
    return (
        *([table("Accuracy", ("network", ">accuracy"), accuracies)] if accuracies else []),
        _twins_table(report),
        twin_sentence(report),
        table("Break-even: spikes per neuron and step, and T", columns, cells),
        table("Spikes per synapse and inference", ("bound", ">value", ">measured", "this network"), bounds),
    )


def comparison_tables(made: Compared) -> tuple[Table | str, ...]:
    """One model against its twins or several side by side, where the page is, and what was assumed."""
    if made.comparison is not None:
        where = () if made.page is None else (f"comparison: {made.page}",)
        told = (line for label, report in made.reports.items() for line in finding_lines(report.findings, label))
        return (comparison_table(made.comparison), *where, *finding_lines(made.comparison.findings), *told)
    (report,) = made.reports.values()
    page = () if made.page is None else (f"report: {made.page}",)
    return (*twin_tables(report), *page, *finding_lines(report.findings))


def comparison_table(found: Comparison) -> Table:
    """Accuracy and energy of several models, for the terminal."""
    fronts = {name: found.front(name) for name in found.profiles}
    rows = []
    for label in found.reports:
        share = found.accuracy(label)
        energies = [
            range_text(found.energy(label, name), "J") + (" *" if label in fronts[name] else "")
            for name in found.profiles
        ]
        rows.append((label, "" if share is None else f"{share:.2%}", *energies))
    columns = ("model", ">accuracy", *(f">{name}" for name in found.profiles))
    star = "; * nobody is more accurate for less energy" if found.ranked else ""
    return table(f"Energy per inference{star}", columns, rows)


def _twins_table(report: Report) -> Table:
    cells: list[tuple[str, ...]] = []
    for line in lines(report):
        first = [line.profile, line.energy]
        if not line.rivals:
            cells.append((*first, "", "", "", ""))
        for rival in line.rivals:
            word = f"{rival.verdict}: {rival.why}" if rival.why else rival.verdict
            cells.append((*first, f"{rival.precision}, {rival.covers}", rival.energy, rival.ratio, word))
            first = ["", ""]
    columns = ("profile", ">SNN", "ANN twin", ">its energy", ">SNN over ANN", "the SNN is")
    return table("Energy per inference, low to high", columns, cells)


def _several(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"
