"""Tables of the demo: what was trained, whether all stages agree, and what it costs."""

from __future__ import annotations

from rich.table import Table

from snnhw.verbs.tables.compiling import certificate_table
from snnhw.verbs.tables.reports import report_tables
from snnhw.verbs.terminal import table
from snnhw.workflows.demo import DemoResult


def demo_tables(made: DemoResult) -> tuple[Table | str, ...]:
    """Accuracy, certificate, layers and energies, and where everything is."""
    accuracy = made.certificate.accuracy
    rows = [(made.card.model, made.card.parameters, *(f"{share:.2%}" for share in accuracy.values()))]
    columns = ("network", ">parameters", *(f">accuracy, {name}" for name in accuracy))
    return (
        table("Handwritten digits, held-out test split", columns, rows),
        certificate_table(made.certificate),
        *report_tables(made.report),
        f"run folder: {made.run}",
        f"report: {made.page}",
    )
