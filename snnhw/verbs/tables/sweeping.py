"""What the verb sweep prints for people: the front, what mattered, and what failed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from snnhw.analysis.digits import percent, range_text
from snnhw.sweeps.result import FAILED, SweepResult, Tried
from snnhw.verbs.terminal import table

FAILURES = 5  # that are shown


def sweep_tables(result: SweepResult) -> Iterator[Table | str]:
    """The headline, the front, the winners, importances and failures."""
    yield result.headline
    keys = [dimension.key for dimension in result.spec.space]
    if result.front:
        named = (key.removeprefix("arguments.") for key in keys)
        columns = ("trial", ">accuracy", ">energy", ">least time", ">chips", ">test", *named)
        title = f"Beaten by none on {result.profile}; accuracy of held-out samples, energy per inference"
        yield table(title, columns, [_row(result, one) for one in result.front])
    for objective, one in result.winners.items():
        yield f"best {objective}: {one.folder}"
    if result.importances:
        rows = [
            (key, *(percent(found[key]) if key in found else "" for found in result.importances.values()))
            for key in keys
        ]
        columns = ("key", *(f">{objective}" for objective in result.importances))
        yield table("What mattered (shares, PED-ANOVA)", columns, rows)
    failed = [one for one in result.tried if one.state == FAILED]
    for one in failed[:FAILURES]:
        yield f"trial {one.root:04d} failed: {one.error}"
    if failed[FAILURES:]:
        yield f"{len(failed) - FAILURES} more failed; sweep.csv has their sentences"
    yield from result.notes


def _row(result: SweepResult, one: Tried) -> tuple[str, ...]:
    found, values = one.outcome, result.values(one)
    assert found is not None  # it is on the front
    return (
        f"{one.root:04d}",
        percent(found.accuracy),
        range_text(found.energy, "J"),
        "" if found.latency is None else range_text(found.latency, "s"),
        "" if found.chips is None else str(found.chips),
        "" if found.test_accuracy is None else percent(found.test_accuracy),
        *(str(values.get(dimension.key, "")) for dimension in result.spec.space),
    )
