"""Verbs of the compiler: check, export, quantise, simulate, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from snnhw.verbs.options import (
    Calibrate,
    Constants,
    Data,
    Deploy,
    Dt,
    InputOption,
    Json,
    Model,
    Quiet,
    Reset,
    Samples,
    Timesteps,
    WrittenBy,
)
from snnhw.verbs.terminal import progress_bars, show, table

CALIBRATION_SAMPLES = 256


def export(
    model: Model,
    path: Annotated[Path, typer.Option("--output", "-o", help="file or folder to write")],
    target: Annotated[str, typer.Option("--target", help="nir, lava (a folder beside lava-nc) or sanafe")] = "nir",
    dialect: Annotated[str, typer.Option("--dialect", help="importer that a NIR file is for")] = "snntorch",
    calibrate: Calibrate = None,
    deployment: Deploy = "channels",
    prune_dead: Annotated[bool, typer.Option("--prune-dead", help="remove what provably never fires")] = False,
    input_range: Annotated[
        tuple[float, float] | None, typer.Option("--input-range", help="lowest and highest input, for the proof")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--input", help="samples: lava's example; the first is part of a SANA-FE file")
    ] = None,
    data: Data = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    constants: Constants = None,
    as_json: Json = False,
) -> None:
    """Write a model for another simulator, K binary channels per unit; Loihi integers with --calibrate."""
    from snnhw.data.inputs import load_inputs
    from snnhw.exporters import exporter
    from snnhw.passes import deploy
    from snnhw.passes.remove_dead import Pruned, remove_dead
    from snnhw.quantisation.compile import compile_loihi
    from snnhw.workflows.load import load_model

    given = _constants(constants)
    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset, constants=given)
    graph = loaded.graph
    if calibrate is not None:
        samples = load_inputs(calibrate, data, graph.timesteps).first(CALIBRATION_SAMPLES)
        graph = compile_loihi(graph, samples.values).graph
    example = None if source is None else load_inputs(source, data, graph.timesteps).values
    pruned = remove_dead(graph, input_range=input_range) if prune_dead else Pruned(graph, ())
    artifact = exporter(target).export(deploy(pruned.graph, deployment), path, dialect=dialect, inputs=example)
    row = (artifact.target, str(artifact.path), artifact.size_bytes)
    findings = (*loaded.findings, *artifact.findings)
    notes = [(f.severity, f.node, f.message) for f in findings]
    tables = [table("Exported", ("target", "path", ">bytes"), [row])]
    if notes:
        tables.append(
            table("What was assumed, and what the importer does differently", ("severity", "node", "finding"), notes)
        )
    if prune_dead:
        gone = [(r.what, r.name, r.level or "", "" if r.channel < 0 else r.channel, r.reason()) for r in pruned.removed]
        columns = ("removed", "unit", ">level", ">channel", "because")
        tables.append(table(f"{len(gone)} parts that never fire", columns, gone))
    result = {**artifact.to_dict(), "findings": [f.to_dict() for f in findings]}
    show({**result, "removed": [r.to_dict() for r in pruned.removed]}, as_json, *tables)


def quantise(
    model: Model,
    calibrate: Annotated[str, typer.Option("--calibrate", help="samples that fix the scales, such as digits:train")],
    path: Annotated[Path, typer.Option("--output", "-o", help="NIR file to write")],
    per_channel: Annotated[bool, typer.Option("--per-channel", help="one scale per output channel")] = False,
    input_as: Annotated[
        str, typer.Option("--input-as", help="messages of up to 8 bits, or current, where it enters neurons directly")
    ] = "messages",
    tune: Annotated[int, typer.Option("--finetune", min=0, help="epochs through the integers' rounding")] = 0,
    each_layer: Annotated[bool, typer.Option("--each-layer", help="also what every layer alone costs")] = False,
    data: Data = None,
    samples: Samples = CALIBRATION_SAMPLES,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Loihi integers of a model, with the loss of every layer."""
    from snnhw.data.inputs import load_inputs
    from snnhw.nir.io import write_nir
    from snnhw.quantisation.compile import compile_loihi
    from snnhw.quantisation.loss import measure_loss
    from snnhw.workflows.load import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    calibration = load_inputs(calibrate, data, loaded.graph.timesteps).first(samples)
    made = compile_loihi(loaded.graph, calibration.values, per_channel=per_channel, input_as=input_as)
    if tune:
        from snnhw.quantisation.finetune import Tuning, finetune

        labelled = load_inputs(calibrate, data, loaded.graph.timesteps)
        with progress_bars(quiet or as_json) as tick:
            made = finetune(loaded.graph, made, labelled, Tuning(epochs=tune), tick)
    write_nir(made.graph, path)
    with progress_bars(quiet or as_json) as tick:
        loss = measure_loss(
            loaded.graph, made, calibration.values, calibration.targets, each_layer=each_layer, progress=tick
        )
    lost = {layer.name: layer for layer in loss.layers}
    rows = []
    for s in made.layers:
        change, alone = lost[s.name].spike_change, lost[s.name].alone
        row = [s.name, f"{s.scale:.4g}", f"{s.weight_error:.2%}", s.saturated, s.current_bound]
        row.append("" if change is None else f"{change:+.2%}")
        rows.append((*row, f"{alone.same_class:.2%}") if alone else tuple(row))
    columns = ["layer", ">scale", ">weight error", ">saturated", ">largest current", ">spikes"]
    columns += [">same class, it alone"] if each_layer else []
    ends = f"the class of the floats on {loss.integers.same_class:.2%} of {loss.samples} samples"
    if loss.float_accuracy is not None:
        ends += f"; accuracy {loss.float_accuracy:.2%} in floats, {loss.integers.accuracy:.2%} in integers"
    tables = [table(f"Loihi integers in {path}", columns, rows)]
    if made.findings:
        notes = [(f.severity, f.node, f.message, f.remedy) for f in made.findings]
        tables.append(table("What is clipped, or may be", ("severity", "layer", "finding", "remedy"), notes))
    result = {
        "path": str(path),
        "layers": [layer.to_dict() for layer in made.layers],
        "loss": loss.to_dict(),
        "findings": [f.to_dict() for f in made.findings],
    }
    show(result, as_json, *tables, ends)


def simulate(
    model: Model,
    source: InputOption,
    backend: Annotated[
        str, typer.Option("--backend", help="torch, torch-int, lava-float, lava-fixed or sanafe")
    ] = "torch",
    path: Annotated[Path, typer.Option("--output", "-o", help="npz file to write")] = Path("spikes.npz"),
    deployment: Deploy = "channels",
    calibrate: Calibrate = None,
    raster: Annotated[bool, typer.Option("--raster", help="also write every spike")] = False,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a model and write its spike counts; the record is the same from every backend."""
    from snnhw.data.inputs import load_inputs
    from snnhw.passes import deploy
    from snnhw.workflows.backends import simulate_on
    from snnhw.workflows.load import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    calibration = (
        load_inputs(calibrate, data, loaded.graph.timesteps).first(CALIBRATION_SAMPLES).values if calibrate else None
    )
    graph = deploy(loaded.graph, deployment)
    with progress_bars(quiet or as_json) as tick:
        record = simulate_on(backend, graph, inputs.values, calibration, raster=raster, progress=tick)
    record.save(path)
    accuracy = None if inputs.targets is None else record.accuracy(inputs.targets)
    rows = [
        (name, *(int(k.sum()) for k in unit.levels), int(unit.graded_spikes.sum()))
        for name, unit in record.units.items()
    ]
    deepest = max((len(unit.levels) for unit in record.units.values()), default=0)
    columns = ["unit", *(f">level {k + 1}" for k in range(deepest)), ">graded events"]
    filled = [(row[0], *row[1:-1], *("" for _ in range(deepest + 2 - len(row))), row[-1]) for row in rows]
    title = f"Spikes of {record.samples} samples on {backend}, in {path}"
    result = {
        "path": str(path),
        "backend": backend,
        "samples": record.samples,
        "accuracy": accuracy,
        "spikes": {name: [int(k.sum()) for k in unit.levels] for name, unit in record.units.items()},
    }
    show(result, as_json, table(title, columns, filled), "" if accuracy is None else f"accuracy {accuracy:.2%}")


def verify(
    model: Model,
    source: InputOption,
    calibrate: Calibrate = None,
    data: Data = None,
    samples: Samples = None,
    lava_samples: Annotated[int, typer.Option("--lava-samples", min=0, help="of these, how many run in Lava")] = 5,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    constants: Constants = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The fidelity certificate: which stages agree, spike for spike."""
    import tempfile

    from snnhw.data.inputs import load_inputs
    from snnhw.verbs.tables import certificate_table
    from snnhw.workflows.load import load_model
    from snnhw.workflows.verify import verify as run

    given = _constants(constants)
    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset, constants=given)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    calibration = load_inputs(calibrate or source, data, loaded.graph.timesteps).first(CALIBRATION_SAMPLES)
    with tempfile.TemporaryDirectory() as folder, progress_bars(quiet or as_json) as tick:
        made = run(loaded, inputs, calibration.values, Path(folder), lava_samples=lava_samples, progress=tick)
    own = "" if calibrate else ", samples that are verified too; see --calibrate"
    notes = [f"integers calibrated on {len(calibration.values)} samples of {calibration.name}{own}"]
    notes += [f"assumed: {finding.message}" for finding in loaded.findings]
    scales = {"samples": len(calibration.values), "data": calibration.name}
    findings = [f.to_dict() for f in loaded.findings]
    result = {**made.certificate.to_dict(), "calibration": scales, "findings": findings}
    show(result, as_json, certificate_table(made.certificate), *notes)
    raise typer.Exit(0 if made.certificate.agrees else 1)


def check(
    model: Model,
    target: Annotated[str, typer.Option("--target", help="nir, lava, loihi1, loihi2 or sanafe")] = "nir",
    dialect: Annotated[str, typer.Option("--dialect", help="importer that a NIR file is for")] = "snntorch",
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
) -> None:
    """Everything about a model that a target cannot do or does differently; exit code 1 if any is an error."""
    from snnhw.checks.check import check as run
    from snnhw.workflows.load import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    findings = run(loaded.graph, target, dialect=dialect)
    rows = [(f.severity, f.node, f.message, f.remedy) for f in findings]
    title = f"{len(findings)} findings for {target}" if findings else f"No findings for {target}"
    result = {"model": loaded.name, "target": target, "findings": [f.to_dict() for f in findings]}
    show(result, as_json, table(title, ("severity", "node", "finding", "remedy"), rows))
    raise typer.Exit(1 if any(f.severity == "error" for f in findings) else 0)


def _constants(settings: list[str] | None) -> dict[str, Any]:
    """Of an official checkpoint, from key=value."""
    from snnhw.train.recipe import set_value

    values: dict[str, Any] = {}
    for setting in settings or []:
        set_value(values, setting)
    return values
