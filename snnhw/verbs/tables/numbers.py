"""Tables of hardware profiles and of the mapping on a chip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.hardware.scopes import scope_words
from snnhw.verbs.terminal import table

if TYPE_CHECKING:  # `profiles` needs no torch
    from snnhw.analysis.hardware.mapping import ChipMapping
    from snnhw.analysis.hardware.profiles import Profile


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
