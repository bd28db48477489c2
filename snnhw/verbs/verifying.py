"""The verb for the fidelity certificate: verify."""

from __future__ import annotations

from typing import Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Calibrate,
    ConstantOptions,
    Data,
    Device,
    Dt,
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


def verify(
    model: Model,
    source: InputOption,
    calibrate: Calibrate = None,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    lava_samples: Annotated[
        int, typer.Option("--lava-samples", min=0, help="of these, how many run in Lava and --with")
    ] = 5,
    others: Annotated[
        str, typer.Option("--with", help="who else runs the integers: nengo-loihi, c, or both with a comma between")
    ] = "",
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    constants: ConstantOptions = None,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The fidelity certificate: which stages agree, spike for spike."""
    check_data(data, calibrate, source)
    check_names([model], [calibrate, source], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.exporters.lava.runtime.scratch import scratch_folder
        from snnhw.graph.assumptions import findings_dict
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.compiling import certificate_table
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.workflows.load import load_model
        from snnhw.workflows.verify import LavaShare
        from snnhw.workflows.verify import verify as run
        from snnhw.workflows.witnesses import check_witnesses

        witnesses = tuple(name.strip() for name in others.split(",") if name.strip())
        check_witnesses(witnesses)
        with running_on(device):
            loaded = load_model(
                model, Reading(dt, written_by, reset, timesteps, frame(shape)), constants=constants_of(constants)
            )
            inputs = load_inputs(source, data, loaded.timesteps, kind).first(samples)
            calibration = load_inputs(calibrate or source, data, loaded.timesteps, kind).first(CALIBRATION_SAMPLES)
            with scratch_folder("snnhw-verify-") as folder:
                share = LavaShare(lava_samples, witnesses=witnesses)
                made = run(loaded, inputs, calibration, folder, share, tick)
    own = "" if calibrate else ", samples that are verified too; see --calibrate"
    scales = {"samples": len(calibration.values), "data": calibration.name} if made.quantised else None
    note = f"integers calibrated on {len(calibration.values)} samples of {calibration.name}{own}" if scales else ""
    result = {**made.certificate.to_dict(), "calibration": scales, **findings_dict(made.findings)}
    notes = (note,) if note else ()
    show(result, as_json, certificate_table(made.certificate), *notes, *finding_lines(made.findings))
    raise typer.Exit(0 if made.certificate.agrees else 1)
