"""Tables of a pruning: before and after, round by round, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.verbs.tables.findings import finding_lines
from snnhw.verbs.terminal import table

if TYPE_CHECKING:
    from snnhw.workflows.pruning_result import Pruned, Standing

NJ = 1e3  # pJ in a nJ


def prune_tables(made: Pruned) -> tuple[Table | str, ...]:
    """Energies at the high end of the profile's range."""
    about = made.run.card.pruned
    rows = [("before", *_standing(made.before)), ("after", *_standing(made.after))]
    standing = table(
        f"Pruned by {about['profile']}, {about['deployment']} deployment",
        (
            "",
            f">nJ, {made.priced[0]} of calibration",
            f">nJ, first {made.priced[1]} of test",
            ">held out",
            ">test accuracy",
        ),
        rows,
    )
    rounds = table(
        "Rounds",
        (">round", ">channels", ">nJ predicted", ">nJ counted", ">nJ then", ">held out", ""),
        [
            (
                one.number,
                one.channels,
                *(f"{energy / NJ:,.1f}" for energy in (one.predicted_pj, one.counted_pj, one.energy_pj)),
                _share(one.validation_accuracy),
                "" if one.kept else "taken back",
            )
            for one in made.rounds
        ],
    )
    units = table(
        "Channels",
        ("unit", ">removed", ">of"),
        [(unit, len(made.gone.get(unit, ())), size) for unit, size in made.sizes.items()],
    )
    after = f"{made.run.path}: its silent channels are gone after snnhw export with --prune-dead"
    return standing, rounds, units, *finding_lines(made.findings), after


def _standing(one: Standing) -> tuple[str, ...]:
    energies = (one.energy_pj, one.test_energy_pj)
    return (
        *(f"{energy / NJ:,.1f}" for energy in energies),
        _share(one.validation_accuracy),
        f"{one.test_accuracy:.2%}",
    )


def _share(accuracy: float | None) -> str:
    return "none" if accuracy is None else f"{accuracy:.2%}"
