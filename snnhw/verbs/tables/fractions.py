"""Tables of a study of data fractions: accuracies, differences that can be claimed, energies at an accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.digits import DASH, range_text
from snnhw.verbs.terminal import table

if TYPE_CHECKING:
    from snnhw.studies.interval import Interval
    from snnhw.studies.result import DataStudy


def points_text(found: Interval) -> str:
    """Mean and half of the interval in per cent: "93.1 ± 0.4"."""
    return f"{100 * found.mean:.1f} ± {100 * found.half:.1f}"


def accuracy_tables(study: DataStudy) -> list[Table]:
    """One table per recipe: a row for each network, a column for each fraction."""
    from snnhw.studies.plan import NETWORKS

    found = []
    for recipe in study.plan.recipes:
        rows = []
        for name, network in NETWORKS.items():
            cells = [study.cells[recipe, name, fraction] for fraction in study.plan.fractions]
            rows.append((network.title, *(points_text(cell.accuracy) for cell in cells)))
        first = study.cells[recipe, "mlf1", study.plan.fractions[0]].runs[0]
        title = (
            f"{recipe}: test accuracy in %, {study.plan.seeds} seeds, {first.steps} steps of {first.batch} samples, "
            f"{first.parameters:,} parameters"
        )
        columns = [f">{100 * fraction:g} % of the data" for fraction in study.plan.fractions]
        found.append(table(title, ("network", *columns), rows))
    return found


def difference_table(study: DataStudy) -> Table:
    """Every difference that is not open."""
    from snnhw.studies.plan import NETWORKS
    from snnhw.studies.result import OPEN

    claimed = [one for one in study.differences if one.verdict != OPEN]
    rows = [
        (
            one.a.recipe,
            f"{100 * one.a.fraction:g} %",
            f"{NETWORKS[one.a.network].title} {one.verdict} than {NETWORKS[one.b.network].title}",
            points_text(one.paired),
        )
        for one in claimed
    ]
    title = f"{len(claimed)} of {len(study.differences)} differences whose intervals do not overlap"
    return table(title, ("recipe", ">data", "networks", ">points, by seed"), rows)


def reached_table(study: DataStudy) -> Table:
    """The least data with which a network surely reaches an accuracy, and the energy of an inference then."""
    from snnhw.studies.plan import NETWORKS

    rows = []
    for one in study.reached:
        if one.cell is None:
            continue
        energy, twin = one.cell.energy, study.twin(one.recipe)
        rows.append(
            (
                one.recipe,
                f"{100 * one.target:g} %",
                NETWORKS[one.network].title,
                f"{100 * one.cell.fraction:g} %",
                DASH if energy is None else range_text(energy, "J"),
                DASH if twin is None else f"{range_text(twin[1], 'J')}",
            )
        )
    keys = {twin[0] for recipe in study.plan.recipes if (twin := study.twin(recipe)) is not None}
    columns = ("recipe", ">accuracy", "network", ">from data", f">SNN on {study.plan.profile}", ">ANN twin")
    return table(f"Energy of an inference at an accuracy; twin: {', '.join(sorted(keys))}", columns, rows)
