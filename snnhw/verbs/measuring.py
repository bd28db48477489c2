"""The verb that measures on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Ann,
    AnnWeights,
    Data,
    Force,
    Json,
    Kind,
    Quiet,
    Samples,
    Shape,
    TestInput,
    Timesteps,
    check_data,
    frame,
    twin,
)
from snnhw.verbs.terminal import progress_bars, show


def measure(
    model: Annotated[
        str,
        typer.Argument(
            help="run folder, zoo name, .pth checkpoint, or FILE.py:NAME, which is run, with MLF or ILIF units; "
            "a .nir file has no module to run, and neurons of other frameworks have no ReLU twin",
            autocompletion=completing.models,
        ),
    ],
    source: TestInput = None,
    device: Annotated[
        str, typer.Option("--device", help="cpu (RAPL counters of the processor) or cuda (NVML counter of a GPU)")
    ] = "cpu",
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="folder for measured.csv and the profiles work.toml and whole.toml")
    ] = None,
    ann: Ann = None,
    ann_weights: AnnWeights = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="samples at a time")] = 1,
    repetitions: Annotated[int, typer.Option("--repetitions", min=2, help="how often each is measured")] = 10,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="least time of each repetition")] = 2.0,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = 64,
    timesteps: Timesteps = None,
    shape: Shape = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the network and its ANN twin on this machine and read the energy that both take; --out keeps a profile."""
    if source is not None:
        check_data(data, source)
    check_names([model], [source], quiet=quiet or as_json)
    from snnhw.analysis.metering.meter import Plan
    from snnhw.analysis.report.place import MEASUREMENT, check_place
    from snnhw.data.inputs import load_inputs
    from snnhw.verbs.tables.findings import finding_lines
    from snnhw.verbs.tables.measuring import measurement_tables
    from snnhw.workflows.evaluate import evaluation_data
    from snnhw.workflows.load import load_model
    from snnhw.workflows.measure import MeasureOptions, write_measurement
    from snnhw.workflows.measure import measure as run

    if out_dir is not None:
        check_place(out_dir, MEASUREMENT, force=force)
    loaded = load_model(model, Reading(timesteps=timesteps, input_shape=frame(shape)))
    inputs = load_inputs(source or evaluation_data(loaded), data, loaded.timesteps, kind).first(samples)
    plan = Plan(repetitions, seconds, idle_seconds=seconds)
    with progress_bars(quiet or as_json) as tick:
        made = run(loaded, inputs, MeasureOptions(device, batch, twin(ann, ann_weights), plan), tick)
    written = () if out_dir is None else (f"profile: {write_measurement(made, out_dir, force=force)}",)
    show(made.to_dict(), as_json, *measurement_tables(made), *written, *finding_lines(loaded.findings))
