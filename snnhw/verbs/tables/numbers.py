"""Tables of hardware profiles and of the mapping on a chip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range
from snnhw.verbs.terminal import table

if TYPE_CHECKING:  # `profiles` needs no torch
    from snnhw.analysis.hardware.mapping import ChipMapping
    from snnhw.analysis.hardware.profiles import Profile
    from snnhw.workflows.map import Mapped


def profiles_table(profiles: Sequence[Profile]) -> Table:
    """One row per profile."""
    rows = [(p.name, p.title, p.model, p.scope, len(p.constants)) for p in profiles]
    return table("Profiles", ("name", "title", "model", "scope", ">constants"), rows)


def profile_tables(profile: Profile, valid: bool) -> tuple[Table | str, ...]:
    """Every constant with its range and source, then what the profile assumes and excludes."""
    cells = [
        (key, f"{c.range.low:.3g}", f"{c.range.typical:.3g}", f"{c.range.high:.3g}", c.dimension, c.kind, c.source)
        for key, c in profile.constants.items()
    ]
    columns = ("constant", ">low", ">typical", ">high", "unit", "kind", "source")
    title = f"{profile.title} ({profile.name})" + (": valid" if valid else "")
    said = {
        "covers": (scope_words(profile.scope),),
        "assumes": profile.assumes,
        "excludes": profile.excludes,
        "misses": profile.misses,
    }
    return (table(title, columns, cells), *(f"{verb}: {text}" for verb, texts in said.items() for text in texts))


def mapping_table(model: str, found: ChipMapping) -> Table:
    """One row per layer."""
    rows = [
        (layer.name, layer.cores, "x".join(map(str, layer.tiles)), layer.binds, f"{layer.use:.0%}")
        for layer in found.layers
    ]
    title = f"{model} on {found.chip.title}: {found.cores} cores, {found.chips} chip{'s' * (found.chips != 1)}"
    return table(title, ("layer", ">cores", ">tiles", "what binds", ">full to"), rows)


def time_tables(made: Mapped) -> tuple[Table | str, ...]:
    """The least time by profile, the busiest core of every layer, and what both rest on."""
    bounds = [
        (f.profile, range_text(f.step, "s"), f.steps, range_text(f.sample, "s"), f.sentence) for f in made.floorlines
    ]
    columns = ("profile", ">a step", ">steps", ">a sample", "what binds")
    tables: list[Table | str] = []
    if bounds:
        tables.append(table("Least time, by the busiest core", columns, bounds))
    for found in made.floorlines:
        rows = [
            (row.place.layer, row.place.core + 1, *(_seconds(s) for s in (row.compute, row.memory, row.traffic)))
            for row in found.layers
        ]
        if rows:
            names = ("layer", ">core", ">compute", ">memory", ">traffic")
            tables.append(table(f"Busiest core of each layer, a typical step: {found.profile}", names, rows))
        if found.lacking:
            unknown = ", ".join(found.lacking).replace("_", " ")
            tables.append(f"{found.profile}: not known, and taken as none: {unknown}")
    return (*tables, *made.notes)


def _seconds(value: float) -> str:
    return range_text(Range.exact(value), "s") if value else ""
