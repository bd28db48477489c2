"""The verb crossbar: what memristive devices do to the accuracy of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Dt,
    Force,
    InputOption,
    Json,
    Kind,
    Model,
    OutDir,
    Quiet,
    Reset,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
)
from snnhw.verbs.terminal import PREPARING, progress_bars, show


def crossbar(
    model: Model,
    source: InputOption,
    calibrate: Annotated[
        str,
        typer.Option(
            "--calibrate",
            help="samples that fix the integers, such as digits:train",
            autocompletion=completing.data,
        ),
    ],
    chip: Annotated[str, typer.Option("--chip", help="crossbar: name or TOML file")] = "rram",
    memristor: Annotated[str, typer.Option("--memristor", help="device: name or TOML file")] = "hfox-wan2022",
    spread: Annotated[
        str, typer.Option("--spread", help="standard deviations to try, such as 0,0.05: shares of the range")
    ] = "",
    device_bits: Annotated[str, typer.Option("--device-bits", help="bits per device to try, such as 1,2,4")] = "",
    adc_bits: Annotated[str, typer.Option("--adc-bits", help="bits of the converters to try, such as 4,6,8")] = "",
    wire_ohm: Annotated[
        str, typer.Option("--wire-ohm", help="resistances between two devices to try, such as 0,1,5")
    ] = "",
    at_spread: Annotated[
        float | None, typer.Option("--at-spread", help="spread on the other axes, in place of the device's own")
    ] = None,
    proportional: Annotated[
        bool, typer.Option("--proportional", help="spreads are shares of the conductance itself")
    ] = False,
    read_noise: Annotated[
        float | None, typer.Option("--read-noise", min=0.0, help="share of the highest conductance, new in every read")
    ] = None,
    stuck: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--stuck", metavar="ON OFF", help="shares of devices stuck at the highest and the lowest conductance"
        ),
    ] = None,
    time_s: Annotated[float, typer.Option("--time", min=0.0, help="seconds between programming and reading")] = 0.0,
    wires: Annotated[str, typer.Option("--wires", help="exact, estimate or none")] = "estimate",
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="chips that are drawn for each value")] = 10,
    samples: Annotated[int, typer.Option("--samples", min=1, help="of each chip, others for every chip")] = 100,
    adc_samples: Annotated[
        int, typer.Option("--adc-samples", min=1, help="of each chip whose converters have few bits, read tile by tile")
    ] = 20,
    tune: Annotated[
        int, typer.Option("--finetune", min=0, help="epochs with the noise of the devices on the weights, before all")
    ] = 0,
    out_dir: OutDir = Path("devices"),
    kind: Kind = None,
    data: Data = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Accuracy on memristive crossbars: spread of the devices, their bits, converters, wires, over many chips.

    Writes devices.html, devices.json and devices.csv.
    """
    from snnhw.analysis.crossbar.array import load_crossbar
    from snnhw.analysis.crossbar.devices.device import load_device

    if proportional and not spread and at_spread is None:
        raise InputError("--proportional says what spreads are shares of; give some with --spread or --at-spread.")
    if at_spread is not None and not (device_bits or adc_bits or wire_ohm or tune):
        raise InputError("--at-spread is for the other axes and --finetune, and there is none; leave it out.")
    check_data(data, calibrate, source)
    check_names([model], [calibrate, source], quiet=True)
    device = load_device(memristor)
    if at_spread is not None:
        device = device.spread_to(at_spread, proportional=proportional, source="given with --at-spread")
    if read_noise is not None:
        device = device.given("given with --read-noise", read_noise=read_noise)
    if stuck is not None:
        device = device.with_stuck(*stuck, source="given with --stuck")
    array = load_crossbar(chip)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.analysis.report.place import DEVICES, check_place
        from snnhw.data.inputs import load_inputs
        from snnhw.studies.device_plan import DevicePlan
        from snnhw.studies.device_writing import write_curves
        from snnhw.verbs.tables.devices import curves_tables
        from snnhw.workflows.device_study import study_devices
        from snnhw.workflows.load import load_model

        plan = DevicePlan(
            crossbar=array,
            device=device,
            spread=listed(spread, "--spread"),
            device_bits=whole(device_bits, "--device-bits"),
            adc_bits=whole(adc_bits, "--adc-bits"),
            wire_ohm=listed(wire_ohm, "--wire-ohm"),
            proportional=proportional,
            wires=wires,  # type: ignore[arg-type]
            time_s=time_s,
            seeds=seeds,
            samples=samples,
            adc_samples=adc_samples,
            finetune=tune,
        )
        check_place(out_dir, DEVICES, force=force)
        loaded = load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape)))
        t = loaded.timesteps
        inputs, calibration = (load_inputs(name, data, t, kind) for name in (source, calibrate))
        found = study_devices(loaded, inputs, calibration, plan, tick)
    page = write_curves(found, out_dir, force=force)
    show(found.to_dict(), as_json, *curves_tables(found), f"page: {page}")


def listed(text: str, option: str) -> tuple[float, ...]:
    """Numbers as typed, with commas between them.

    Raises:
        InputError: one is no number.
    """
    try:
        return tuple(float(part) for part in text.split(",")) if text.strip() else ()
    except ValueError as error:
        raise InputError(f"{option} {text} is no list of numbers; give some such as 0,0.05,0.1.") from error


def whole(text: str, option: str) -> tuple[int, ...]:
    """Whole numbers as typed, with commas between them.

    Raises:
        InputError: one is no whole number.
    """
    found = listed(text, option)
    if any(value != int(value) for value in found if abs(value) < 1e9) or any(not abs(v) < 1e9 for v in found):
        raise InputError(f"{option} {text} is no list of whole numbers; give some such as 1,2,4.")
    return tuple(int(value) for value in found)
