"""Verbs around the numbers: demo, map, profiles."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from snnhw.analysis.crossbar.array import is_crossbar
from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.crossbars import Given, map_on_crossbars
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Dt,
    Force,
    Json,
    Kind,
    Model,
    OutDir,
    Quiet,
    Reset,
    Samples,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
)
from snnhw.verbs.terminal import PREPARING, err, progress_bars, show

ACTIONS = ("list", "show", "validate")  # of `snnhw profiles`


def demo(
    out_dir: OutDir = Path("demo"),
    lava: Annotated[bool, typer.Option("--lava/--no-lava", help="also run images in Lava")] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train on handwritten digits, export, simulate, verify, count and report."""
    from snnhw.train.fit import Shown, fit
    from snnhw.verbs.tables.demo import demo_tables
    from snnhw.workflows.demo import run_demo

    with_progress = partial(fit, shown=Shown(None if quiet else err))
    with progress_bars(quiet) as tick:
        made = run_demo(out_dir, lava=lava, fit=with_progress, progress=tick)
    show(made.to_dict(), as_json, *demo_tables(made))
    raise typer.Exit(0 if made.agrees else 1)


def profiles(
    action: Annotated[str, typer.Argument(help="list, show or validate")] = "list",
    name: Annotated[
        str | None, typer.Argument(help="profile name or TOML file", autocompletion=completing.profiles)
    ] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="hold all profiles, or NAME, against measurements of chips")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="with --measured: draw the comparison to this .svg, .png or .pdf")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Hardware profiles: every constant with its range and source; --measured holds them against chips."""
    from snnhw.analysis.hardware.profiles import available_profiles, load_profile
    from snnhw.analysis.hardware.scopes import scope_words
    from snnhw.verbs.tables.numbers import profile_tables, profiles_table

    if measured and name is None and action not in ACTIONS:
        name = action  # as the help says it: snnhw profiles --measured NAME
    elif action not in ACTIONS:
        raise InputError(f"There is no action {action!r}; use list, show NAME or validate FILE.")
    if plot is not None and not measured:
        raise InputError("--plot draws the comparison with measurements; add --measured.")
    if measured:
        _held_against_chips(name, plot, as_json, force=force)
        return
    if action == "list":
        if name is not None:
            raise InputError(f"profiles list shows all of them and takes no name; use profiles show {name}.")
        known = [load_profile(n) for n in available_profiles()]
        listed = [{"name": p.name, "title": p.title, "model": p.model, "scope": p.scope} for p in known]
        show({"profiles": listed}, as_json, profiles_table(known))
        return
    if name is None:
        raise InputError(f"profiles {action} needs a name; snnhw profiles list shows them.")
    profile = load_profile(name)
    result: dict[str, object] = {"name": profile.name, "title": profile.title, "model": profile.model}
    result["constants"] = {key: constant.to_dict() for key, constant in profile.constants.items()}
    result |= {"scope": profile.scope, "covers": scope_words(profile.scope), "chip": profile.chip}
    result |= {key: list(getattr(profile, key)) for key in ("assumes", "excludes", "misses")}
    show(result, as_json, *profile_tables(profile, action == "validate"))


def _held_against_chips(name: str | None, plot: Path | None, as_json: bool, *, force: bool) -> None:
    """The measured bench: of one profile, or of all that come with the package."""
    from snnhw.analysis.hardware.profiles import available_profiles, load_profile
    from snnhw.analysis.measured.bench import goal, hold, misses, scores
    from snnhw.analysis.measured.points import measured_points
    from snnhw.verbs.tables.measured import measured_tables

    chosen = [load_profile(known) for known in ((name,) if name else available_profiles())]
    points = [point for point in measured_points() if name is None or point.chip == chosen[0].chip]
    if not points:
        raise InputError(f"No measurement is of the chip of {name}; leave the name out or add `chip` to the profile.")
    rows = hold(points, chosen)
    result: dict[str, object] = {"points": [row.to_dict() for row in rows]}
    result["scores"] = {label: score.to_dict() for label, score in scores(rows).items()}
    result |= {"goal": goal(rows), "misses": list(misses(rows))}
    if plot is not None:
        from snnhw.analysis.report.measured_chart import measured_chart, save_chart

        result["plot"] = str(save_chart(measured_chart(rows), plot, force=force))
    show(result, as_json, *measured_tables(rows))


def map_to_chip(
    model: Model,
    chip: Annotated[
        str, typer.Option("--chip", help="loihi1, loihi2, rram, rram64 or a TOML file", autocompletion=completing.chips)
    ] = "loihi1",
    deployment: Annotated[
        str, typer.Option("--deployment", help="channels, shared or graded; on crossbars channels, slots or graded")
    ] = "channels",
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="samples whose spikes count for the least time of the busiest core",
            autocompletion=completing.data,
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            help="whose times are used; without it all of the chip",
            autocompletion=completing.profiles,
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option("--trace", help="JSON file for Perfetto: the first sample, cores as tracks, steps as time"),
    ] = None,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cores and chips that a model takes, which limit binds in each layer, and the least time on the busiest core.

    On RRAM crossbars: tiles, devices and utilisation; with --input also the energy, the time and the area of the reads.
    """
    if source is None and (data is not None or samples is not None or kind is not None):
        raise InputError("--data, --samples and --kind belong to --input; name the samples with it.")
    if trace is not None and source is None:
        raise InputError("--trace shows the run of a sample; name samples with --input.")
    check_data(data, source or "")
    reading = Reading(dt, written_by, reset, timesteps, frame(shape))
    if is_crossbar(chip):
        if trace is not None:
            raise InputError("--trace shows cores, and crossbars have none; leave it out.")
        check_names([model], [source], (), [chip], quiet=True)
        given = Given(source, data, samples, kind)
        map_on_crossbars(model, chip, deployment, profile or (), reading, given, as_json=as_json, quiet=quiet)
        return
    check_names([model], [source], profile or (), [chip], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.analysis.report.place import check_replaceable
        from snnhw.analysis.sharing.chip_trace import SIGN
        from snnhw.data.inputs import load_inputs
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.verbs.tables.numbers import mapping_table, time_tables
        from snnhw.workflows.load import load_model
        from snnhw.workflows.map import bound_on_chip

        if trace is not None:
            check_replaceable(trace, SIGN, "trace of this program", force=force)
        loaded = load_model(model, reading)
        inputs = None if source is None else load_inputs(source, data, loaded.timesteps, kind).first(samples)
        made = bound_on_chip(loaded, chip, deployment, profiles=profile or (), inputs=inputs, progress=tick)
    shown = (mapping_table(loaded.name, made.mapping), *time_tables(made))
    result = made.to_dict()
    if trace is not None and inputs is not None:
        from snnhw.workflows.trace_on_chip import trace_on_chip

        result["trace"] = str(trace_on_chip(loaded, inputs, trace, chip, deployment, profile or (), force=force))
        shown = (*shown, f"trace of one sample: {trace}")
    show(result, as_json, *shown, *finding_lines(made.findings))
