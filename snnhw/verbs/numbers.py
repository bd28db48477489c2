"""Verbs around the numbers: demo, map, profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from snnhw.errors import InputError
from snnhw.verbs.options import Dt, Json, Model, OutDir, Quiet, Reset, Timesteps, WrittenBy
from snnhw.verbs.terminal import show, table


def demo(
    out_dir: OutDir = Path("demo"),
    lava: Annotated[bool, typer.Option("--lava/--no-lava", help="also run images in Lava")] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train on handwritten digits, export, simulate, verify, count and report."""
    from snnhw.workflows.demo import run_demo

    result = run_demo(out_dir, lava=lava, quiet=quiet)
    show(result.to_dict(), as_json, *result.tables())
    raise typer.Exit(0 if result.agrees else 1)


def profiles(
    action: Annotated[str, typer.Argument(help="list, show or validate")] = "list",
    name: Annotated[str | None, typer.Argument(help="profile name or TOML file")] = None,
    as_json: Json = False,
) -> None:
    """Hardware profiles: every constant with its range and source."""
    from snnhw.analysis.hardware.profiles import available_profiles, load_profile

    if action not in ("list", "show", "validate"):
        raise InputError(f"There is no action {action!r}; use list, show NAME or validate FILE.")
    if action == "list":
        found = [load_profile(n) for n in available_profiles()]
        rows = [(p.name, p.title, p.model, len(p.constants)) for p in found]
        result: dict[str, Any] = {"profiles": [{"name": p.name, "title": p.title, "model": p.model} for p in found]}
        show(result, as_json, table("Profiles", ("name", "title", "model", ">constants"), rows))
        return
    if name is None:
        raise InputError(f"profiles {action} needs a name; snnhw profiles list shows them.")
    profile = load_profile(name)
    constants = {key: constant.to_dict() for key, constant in profile.constants.items()}
    cells = [
        (key, f"{c.range.low:.3g}", f"{c.range.typical:.3g}", f"{c.range.high:.3g}", c.dimension, c.kind, c.source)
        for key, c in profile.constants.items()
    ]
    columns = ("constant", ">low", ">typical", ">high", "unit", "kind", "source")
    title = f"{profile.title} ({profile.name})" + (": valid" if action == "validate" else "")
    told = [f"{verb}: {text}" for verb in ("assumes", "excludes") for text in getattr(profile, verb)]
    result = {"name": profile.name, "title": profile.title, "model": profile.model, "constants": constants}
    result |= {"assumes": list(profile.assumes), "excludes": list(profile.excludes)}
    show(result, as_json, table(title, columns, cells), *told)


def map_to_chip(
    model: Model,
    chip: Annotated[str, typer.Option("--chip", help="loihi1, loihi2 or a TOML file")] = "loihi1",
    deployment: Annotated[str, typer.Option("--deployment", help="channels, shared or graded")] = "channels",
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
) -> None:
    """Cores and chips that a model takes, and which limit binds in each layer."""
    from snnhw.analysis.hardware.chips import load_chip
    from snnhw.analysis.hardware.mapping import map_network
    from snnhw.passes.fold_pool import fold_pool
    from snnhw.workflows.load import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    found = map_network(fold_pool(loaded.graph), load_chip(chip), deployment)
    rows = [
        (layer.name, layer.cores, "x".join(map(str, layer.tiles)), layer.binds, f"{layer.use:.0%}")
        for layer in found.layers
    ]
    title = f"{loaded.name} on {found.chip.title}: {found.cores} cores, {found.chips} chip{'s' * (found.chips != 1)}"
    columns = ("layer", ">cores", ">tiles", "what binds", ">full to")
    show(found.to_dict(), as_json, table(title, columns, rows))
