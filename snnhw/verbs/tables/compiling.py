"""Tables of the compiler's verbs: what was written, quantised, simulated, checked, and the fidelity certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.graph.assumptions import assumed, not_assumed
from snnhw.verbs.tables.findings import finding_lines
from snnhw.verbs.terminal import table

if TYPE_CHECKING:  # `check` of a NIR file needs no torch
    from snnhw.graph.finding import Finding
    from snnhw.simulation.certificate import Certificate
    from snnhw.simulation.compare import Agreement
    from snnhw.workflows.check import Checked
    from snnhw.workflows.export import Exported
    from snnhw.workflows.quantise import Quantisation
    from snnhw.workflows.simulate import Simulated


def export_tables(made: Exported, pruned: bool) -> tuple[Table, ...]:
    """The file, what was removed where that was asked for, and what was assumed."""
    artifact = made.artifact
    row = (artifact.target, str(artifact.path), artifact.size_bytes)
    tables = [table("Exported", ("target", "path", ">bytes"), [row])]
    if pruned:
        gone = [(r.what, r.name, r.level or "", "" if r.channel < 0 else r.channel, r.reason()) for r in made.removed]
        columns = ("removed", "unit", ">level", ">channel", "because")
        tables.append(table(f"{len(gone)} parts that never fire", columns, gone))
    return (*tables, *finding_lines(made.findings))


def quantise_tables(made: Quantisation) -> tuple[Table | str, ...]:
    """One row per layer, what is clipped, how often the class is that of the floats, and what was assumed."""
    loss = made.loss
    lost = {layer.name: layer for layer in loss.layers}
    each_layer = any(layer.alone is not None for layer in loss.layers)
    rows = []
    for s in made.quantised.layers:
        change, alone = lost[s.name].spike_change, lost[s.name].alone
        row = [s.name, f"{s.scale:.4g}", f"{s.weight_error:.2%}", s.saturated, s.current_bound]
        row.append("" if change is None else f"{change:+.2%}")
        rows.append((*row, _share(alone.same_class)) if alone else tuple(row))
    columns = ["layer", ">scale", ">weight error", ">saturated", ">largest current", ">spikes"]
    columns += [">same class, it alone"] if each_layer else []
    tables: list[Table | str] = [table(f"Loihi integers in {made.path}", columns, rows)]
    if made.quantised.findings:
        tables.append(_findings("What is clipped, or may be", "layer", made.quantised.findings))
    if loss.integers.same_class is None:
        ends = f"measured on {loss.samples} samples; the network's output is no row of classes, so none are compared"
    else:
        ends = f"the class of the floats on {loss.integers.same_class:.2%} of {loss.samples} samples"
    if loss.float_accuracy is not None:
        ends += f"; accuracy {loss.float_accuracy:.2%} in floats, {loss.integers.accuracy:.2%} in integers"
    return (*tables, ends, *finding_lines(made.findings))


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def simulate_tables(made: Simulated) -> tuple[Table | str, ...]:
    """Spikes of every unit by level, the events that entered, the accuracy, and what was assumed."""
    units = {name: unit for name, unit in made.record.units.items() if name != made.input}
    deepest = max((len(unit.levels) for unit in units.values()), default=0)
    rows = []
    for name, unit in units.items():
        levels = [int(k.sum()) for k in unit.levels]
        rows.append((name, *levels, *("" for _ in range(deepest - len(levels))), int(unit.graded_spikes.sum())))
    columns = ["unit", *(f">level {k + 1}" for k in range(deepest)), ">graded events"]
    title = f"Spikes of {made.record.samples} samples on {made.backend}, in {made.path}"
    notes = []
    if made.input in made.record.units:
        entered = made.record.units[made.input]
        notes.append(f"{int(entered.spikes.sum()):,} events entered in {int(entered.graded_spikes.sum()):,} messages")
    notes += [] if made.accuracy is None else [f"accuracy {made.accuracy:.2%}"]
    return (table(title, columns, rows), *notes, *finding_lines(made.findings))


def check_tables(made: Checked) -> tuple[Table, ...]:
    """One row per finding, and what was assumed."""
    found = not_assumed(made.findings)
    title = f"{len(found)} findings for {made.target}" if found else f"No findings for {made.target}"
    return (_findings(title, "node", found), *finding_lines(assumed(made.findings)))


def certificate_table(certificate: Certificate) -> Table:
    """One row per comparison, the first divergence below where there is one."""
    rows: list[tuple[object, ...]] = []
    for a in certificate.agreements:
        rows.append((f"{a.reference} = {a.candidate}", a.samples, a.spikes, a.differing, a.near_ties, _verdict(a)))
    if certificate.quantisation is not None:
        q = certificate.quantisation
        share = f"{q.differing / q.compared:.2%} of the slots differ (measured)"
        rows.append((f"{q.reference} ~ {q.candidate}", q.samples, q.spikes, q.differing, "", share))
    rows += [(missing.stage, "", "", "", "", f"not made: {missing.reason}") for missing in certificate.missing]
    columns = ("stages", ">samples", ">spikes", ">differing", ">near-ties", "verdict")
    made = table(f"Fidelity certificate: {certificate.verdict}", columns, rows)
    if certificate.accuracy:
        made.caption = ", ".join(f"accuracy {name} {share:.2%}" for name, share in certificate.accuracy.items())
        made.caption_justify = "left"
    return made


def _findings(title: str, place: str, findings: tuple[Finding, ...]) -> Table:
    rows = [(f.severity, f.node, f.message, f.remedy) for f in findings]
    return table(title, ("severity", place, "finding", "remedy"), rows)


def _verdict(a: Agreement) -> str:
    if not a.differing:
        return "equal" if a.agrees else f"LOGITS DIFFER by {a.logits_difference:g}"
    if not a.agrees:
        return f"DIFFERS at {a.first}"
    listed = "; ".join(str(tie) for tie in a.ties)
    return f"near-ties only: {listed}" + ("; ..." if a.near_ties > len(a.ties) else "")
