"""Verbs of the compiler: check, export, quantise, simulate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Calibrate,
    ConstantOptions,
    Data,
    Deploy,
    Device,
    Dialect,
    Dt,
    Force,
    InputOption,
    Json,
    Kind,
    Model,
    Quiet,
    Reset,
    Samples,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    constants_of,
    frame,
)
from snnhw.verbs.terminal import PREPARING, progress_bars, show

OPTIONS_OF_TARGETS = {
    "--dialect": "dialect",
    "--input": "inputs",
    "--event-driven": "events",
    "--force": "force",
}  # as typed -> as in the exporter's `Options`


def export(
    model: Model,
    path: Annotated[Path, typer.Option("--output", "-o", help="file or folder to write")],
    target: Annotated[
        str, typer.Option("--target", help="nir, lava (a folder beside lava-nc), sanafe, c or bundle")
    ] = "nir",
    dialect: Dialect = None,
    calibrate: Calibrate = None,
    deployment: Deploy = "channels",
    prune_dead: Annotated[bool, typer.Option("--prune-dead", help="remove what provably never fires")] = False,
    input_range: Annotated[
        tuple[float, float] | None,
        typer.Option("--input-range", metavar="LOW HIGH", help="lowest and highest input, for the proof"),
    ] = None,
    drop_level: Annotated[
        int | None, typer.Option("--drop-level", help="a level, 1 to K, that every unit goes without")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="samples: the example of lava and c, stimuli of a bundle; the first is part of a SANA-FE file",
            autocompletion=completing.data,
        ),
    ] = None,
    kind: Kind = None,
    data: Data = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    constants: ConstantOptions = None,
    event_driven: Annotated[
        bool, typer.Option("--event-driven", help="of c: layers run through what is not 0 alone")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a model for another simulator, K binary channels per unit; Loihi integers with --calibrate."""
    check_data(data, calibrate, source)
    check_names([model], [calibrate, source], quiet=True)
    with progress_bars(as_json, PREPARING):
        from snnhw.data.inputs import load_inputs
        from snnhw.verbs.tables.compiling import export_tables
        from snnhw.workflows.export import Preparation
        from snnhw.workflows.export import export as run
        from snnhw.workflows.for_data import for_data
        from snnhw.workflows.load import load_model

        if kind is not None and calibrate is None and source is None:
            raise InputError(
                "--input-kind says what samples are; name them with --input or --calibrate, or leave it out."
            )
        flags = {"--event-driven": event_driven or None, "--force": force or None}
        _check_target(target, {"--dialect": dialect, "--input": source, **flags})
        loaded = load_model(
            model, Reading(dt, written_by, reset, timesteps, frame(shape)), constants=constants_of(constants)
        )
        t = loaded.timesteps
        calibration = load_inputs(calibrate, data, t, kind).first(CALIBRATION_SAMPLES) if calibrate else None
        example = load_inputs(source, data, t, kind) if source else None
        declared = for_data(loaded, *(samples for samples in (calibration, example) if samples is not None))
        values = None if example is None else example.values
        chosen = {"dialect": dialect, "inputs": values, "events": event_driven or None, "force": force or None}
        options = {name: value for name, value in chosen.items() if value is not None}
        fixing = None if calibration is None else calibration.values
        made = run(
            declared, path, target, Preparation(fixing, prune_dead, input_range, deployment, drop_level), options
        )
    show(made.to_dict(), as_json, *export_tables(made, prune_dead))


def quantise(
    model: Model,
    calibrate: Annotated[
        str,
        typer.Option(
            "--calibrate", help="samples that fix the scales, such as digits:train", autocompletion=completing.data
        ),
    ],
    path: Annotated[Path, typer.Option("--output", "-o", help="NIR file to write")],
    per_channel: Annotated[bool, typer.Option("--per-channel", help="one scale per output channel")] = False,
    input_as: Annotated[
        str, typer.Option("--input-as", help="messages of up to 8 bits, or current, where it enters neurons directly")
    ] = "messages",
    tune: Annotated[int, typer.Option("--finetune", min=0, help="epochs through the integers' rounding")] = 0,
    weight_bits: Annotated[int, typer.Option("--weight-bits", help="of every weight, 4 to 8")] = 8,
    each_layer: Annotated[bool, typer.Option("--each-layer", help="also what every layer alone costs")] = False,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = CALIBRATION_SAMPLES,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Loihi integers of a model, with the loss of every layer."""
    check_data(data, calibrate)
    check_names([model], [calibrate], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.compiling import quantise_tables
        from snnhw.workflows.load import load_model
        from snnhw.workflows.quantise import Integers
        from snnhw.workflows.quantise import quantise as run

        with running_on(device):
            loaded = load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape)))
            calibration = load_inputs(calibrate, data, loaded.timesteps, kind)
            wanted = Integers(samples, per_channel, input_as, tune, each_layer, weight_bits)
            made = run(loaded, calibration, path, wanted, tick)
    show(made.to_dict(), as_json, *quantise_tables(made))


def simulate(
    model: Model,
    source: InputOption,
    backend: Annotated[
        str,
        typer.Option("--backend", help="torch, torch-int, lava-float, lava-fixed, sanafe, nengo-loihi, c or rram"),
    ] = "torch",
    path: Annotated[Path, typer.Option("--output", "-o", help="npz file to write")] = Path("spikes.npz"),
    deployment: Deploy = "channels",
    calibrate: Calibrate = None,
    raster: Annotated[bool, typer.Option("--raster", help="also write every spike")] = False,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a model and write its spike counts; the record is the same from every backend."""
    check_data(data, calibrate, source)
    check_names([model], [calibrate, source], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.simulation.record import check_replaceable
        from snnhw.verbs.tables.compiling import simulate_tables
        from snnhw.workflows.load import load_model
        from snnhw.workflows.simulate import Backend
        from snnhw.workflows.simulate import simulate as run

        with running_on(device):
            if not force:
                check_replaceable(path)
            loaded = load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape)))
            t = loaded.timesteps
            inputs = load_inputs(source, data, t, kind).first(samples)
            calibration = load_inputs(calibrate, data, t, kind).first(CALIBRATION_SAMPLES) if calibrate else None
            made = run(loaded, inputs, path, Backend(backend, deployment, calibration, raster), tick)
    show(made.to_dict(), as_json, *simulate_tables(made))


def check(
    model: Model,
    target: Annotated[
        str, typer.Option("--target", help="nir, lava, loihi1, loihi2, sanafe, nengo-loihi, c, bundle or rram")
    ] = "nir",
    dialect: Dialect = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
) -> None:
    """Everything about a model that a target cannot do or does differently; exit code 1 if any is an error."""
    with progress_bars(as_json, PREPARING):
        from snnhw.verbs.tables.compiling import check_tables
        from snnhw.workflows.check import check as run
        from snnhw.workflows.load import load_model

        made = run(load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape))), target, dialect)
    show(made.to_dict(), as_json, *check_tables(made))
    raise typer.Exit(0 if made.passes else 1)


def _check_target(target: str, given: Mapping[str, object]) -> None:
    """Nothing, where `target` has the options that were typed, None being not typed.

    Raises:
        InputError: there is no such target, or it lacks one of them.
    """
    from snnhw.exporters import option_names

    known = [option for option in given if OPTIONS_OF_TARGETS[option] in option_names(target)]
    for option, value in given.items():
        if value is not None and option not in known:
            takes = ", ".join(known) or "none"
            raise InputError(f"The target {target} has no option {option}; leave it out, its options are: {takes}.")
