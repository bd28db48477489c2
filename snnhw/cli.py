"""The command line: verbs of the pipeline, each a thin call of one public function.

Human tables by default, `--json` prints one JSON object on stdout and nothing else. Exit codes: 0 ok, 1 findings or a
mismatch, 2 usage or bad input (one sentence on stderr, no traceback).
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from snnhw.errors import InputError
from snnhw.terminal import err, out, progress_bars, show, table

app = typer.Typer(
    name="snnhw",
    help="Multi-level-firing spiking networks from PyTorch to neuromorphic hardware, with honest counts and energy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
lava_app = typer.Typer(no_args_is_help=True, help="The Python 3.10 interpreter in which Lava runs.")
app.add_typer(lava_app, name="lava")

Model = Annotated[str, typer.Argument(help="run folder, zoo name, official .pth checkpoint or .nir file")]
InputOption = Annotated[str, typer.Option("--input", help="NAME:SPLIT such as digits:test, or an .npy/.npz file")]
Data = Annotated[Path | None, typer.Option("--data", help="folder with data sets (default: SNNHW_DATA)")]
Samples = Annotated[int | None, typer.Option("--samples", min=1, help="use only the first N samples")]
Timesteps = Annotated[int | None, typer.Option("--timesteps", min=1, help="T, where the file does not say")]
Dt = Annotated[float | None, typer.Option("--dt", help="time step in seconds of a NIR file that does not say")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress bars")]


def main() -> None:
    """Entry point: turns bad input into one sentence and exit code 2."""
    try:
        app(prog_name="snnhw")
    except InputError as error:
        err.print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        for name in ("snnhw", "torch", "numpy", "nir"):
            try:
                out.print(f"{name} {version(name)}")
            except PackageNotFoundError:
                out.print(f"{name} not installed")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show versions.")
    ] = False,
) -> None:
    """Multi-level-firing spiking networks from PyTorch to neuromorphic hardware."""


@app.command()
def demo(
    out_dir: Annotated[Path, typer.Option("--out", help="folder to write")] = Path("demo"),
    lava: Annotated[bool, typer.Option("--lava/--no-lava", help="also run images in Lava")] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train on handwritten digits, export, simulate, verify, count and report."""
    from snnhw.demo import run_demo

    result = run_demo(out_dir, lava=lava, quiet=quiet)
    show(result.to_dict(), as_json, *result.tables())
    raise typer.Exit(0 if result.agrees else 1)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="recipe name or TOML file")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="run folder (default: runs/RECIPE)")] = None,
    data: Data = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, may be repeated")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on where a killed run stopped")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recipe; writes model.safetensors, model.json and metrics.csv."""
    from snnhw.train.fit import fit
    from snnhw.train.recipe import load_recipe

    loaded = load_recipe(recipe, settings or [])
    run = fit(loaded, out_dir or Path("runs") / loaded.name, data, resume, None if quiet else err)
    card = run.card
    rows = [(card.model, card.data, card.parameters, f"{card.accuracy:.2%}", str(run.path))]
    columns = ("model", "data", ">parameters", ">test accuracy", "folder")
    show({"path": str(run.path), "card": card.to_dict()}, as_json, table("Trained", columns, rows))


@app.command()
def evaluate(
    model: Model,
    source: InputOption,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    as_json: Json = False,
) -> None:
    """Accuracy of a model on labelled samples."""
    from snnhw.inputs import load_inputs
    from snnhw.model import load_model
    from snnhw.simulate.engine import simulate

    loaded = load_model(model, timesteps=timesteps)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    if inputs.targets is None:
        raise InputError(f"{source} has no labels; add an array 'target' to measure accuracy.")
    accuracy = simulate(loaded.graph, inputs.values).accuracy(inputs.targets)
    result = {"model": loaded.name, "input": inputs.name, "samples": len(inputs.values), "accuracy": accuracy}
    row = (loaded.name, inputs.name, len(inputs.values), f"{accuracy:.2%}")
    show(result, as_json, table("Accuracy", ("model", "input", ">samples", ">accuracy"), [row]))


@app.command()
def export(
    model: Model,
    path: Annotated[Path, typer.Option("--output", "-o", help="file or folder to write")],
    target: Annotated[str, typer.Option("--target", help="what to export to")] = "nir",
    dialect: Annotated[str, typer.Option("--dialect", help="importer that a NIR file is for")] = "snntorch",
    timesteps: Timesteps = None,
    dt: Dt = None,
    as_json: Json = False,
) -> None:
    """Write a model for another simulator, K binary channels per unit."""
    from exporters import exporter
    from snnhw.model import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps)
    artifact = exporter(target).export(loaded.graph, path, dialect=dialect)
    row = (artifact.target, str(artifact.path), artifact.size_bytes)
    show(artifact.to_dict(), as_json, table("Exported", ("target", "path", ">bytes"), [row]))


@app.command()
def quantise(
    model: Model,
    calibrate: Annotated[str, typer.Option("--calibrate", help="samples that fix the scales, such as digits:train")],
    path: Annotated[Path, typer.Option("--output", "-o", help="NIR file to write")],
    data: Data = None,
    samples: Samples = 256,
    timesteps: Timesteps = None,
    as_json: Json = False,
) -> None:
    """Loihi integers of a model, with the loss of every layer."""
    from snnhw.compile import compile_loihi
    from snnhw.graph.nir_io import write_nir
    from snnhw.inputs import load_inputs
    from snnhw.model import load_model

    loaded = load_model(model, timesteps=timesteps)
    calibration = load_inputs(calibrate, data, loaded.graph.timesteps).first(samples)
    made = compile_loihi(loaded.graph, calibration.values)
    write_nir(made.graph, path)
    rows = [(s.name, f"{s.scale:.4g}", f"{s.weight_error:.2%}", s.saturated, s.current_bound) for s in made.layers]
    columns = ("layer", ">scale", ">weight error", ">saturated", ">largest current")
    show(
        {"path": str(path), "layers": [layer.to_dict() for layer in made.layers]},
        as_json,
        table(f"Loihi integers in {path}", columns, rows),
    )


@app.command()
def simulate(
    model: Model,
    source: InputOption,
    backend: Annotated[str, typer.Option("--backend", help="torch, torch-int, lava-float or lava-fixed")] = "torch",
    path: Annotated[Path, typer.Option("--output", "-o", help="npz file to write")] = Path("spikes.npz"),
    calibrate: Annotated[str | None, typer.Option("--calibrate", help="samples that fix the integer scales")] = None,
    raster: Annotated[bool, typer.Option("--raster", help="also write every spike")] = False,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a model and write its spike counts; the record is the same from every backend."""
    from snnhw.backends import simulate_on
    from snnhw.inputs import load_inputs
    from snnhw.model import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    calibration = load_inputs(calibrate, data, loaded.graph.timesteps).first(256).values if calibrate else None
    with progress_bars(quiet or as_json) as tick:
        record = simulate_on(backend, loaded.graph, inputs.values, calibration, raster=raster, progress=tick)
    record.save(path)
    accuracy = None if inputs.targets is None else record.accuracy(inputs.targets)
    rows = [(name, *(int(k.sum()) for k in unit.levels), int(unit.events.sum())) for name, unit in record.units.items()]
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


@app.command()
def verify(
    model: Model,
    source: InputOption,
    calibrate: Annotated[str | None, typer.Option("--calibrate", help="samples that fix the integer scales")] = None,
    data: Data = None,
    samples: Samples = None,
    lava_samples: Annotated[int, typer.Option("--lava-samples", min=0, help="of these, how many run in Lava")] = 5,
    timesteps: Timesteps = None,
    dt: Dt = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The fidelity certificate: which stages agree, spike for spike."""
    import tempfile

    from snnhw.certificate_table import certificate_table
    from snnhw.inputs import load_inputs
    from snnhw.model import load_model
    from snnhw.verify import verify as run

    loaded = load_model(model, dt=dt, timesteps=timesteps)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    calibration = load_inputs(calibrate or source, data, loaded.graph.timesteps).first(256)
    with tempfile.TemporaryDirectory() as folder, progress_bars(quiet or as_json) as tick:
        made = run(loaded, inputs, calibration.values, Path(folder), lava_samples=lava_samples, progress=tick)
    show(made.certificate.to_dict(), as_json, certificate_table(made.certificate))
    raise typer.Exit(0 if made.certificate.agrees else 1)


@app.command()
def report(
    model: Model,
    source: InputOption,
    out_dir: Annotated[Path, typer.Option("--out", help="folder to write")],
    profile: Annotated[list[str] | None, typer.Option("--profile", help="name or TOML file, may be repeated")] = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count operations and estimate energy; writes report.html, report.json, layers.csv and energy.csv."""
    from snnhw.inputs import load_inputs
    from snnhw.model import load_model
    from snnhw.reporting import make_report, report_tables

    loaded = load_model(model, dt=dt, timesteps=timesteps)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    with progress_bars(quiet or as_json) as tick:
        made, path = make_report(loaded, inputs, out_dir, profiles=profile, progress=tick)
    show(made.to_dict(), as_json, *report_tables(made), f"report: {path}")


@app.command()
def profiles(
    action: Annotated[str, typer.Argument(help="list, show or validate")] = "list",
    name: Annotated[str | None, typer.Argument(help="profile name or TOML file")] = None,
    as_json: Json = False,
) -> None:
    """Hardware profiles: every constant with its range and source."""
    from analysis.profiles import available_profiles, load_profile

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
    show({"name": profile.name, "title": profile.title, "constants": constants}, as_json, table(title, columns, cells))


@app.command()
def zoo(as_json: Json = False) -> None:
    """Trained networks that come with the toolkit."""
    from snnhw.zoo import zoo_cards, zoo_names

    cards = dict(zip(zoo_names(), zoo_cards(), strict=True))
    rows = [(n, c.model, c.data, f"{c.accuracy:.2%}", c.parameters, c.timesteps) for n, c in cards.items()]
    columns = ("name", "model", "data", ">test accuracy", ">parameters", ">T")
    show({"zoo": {n: c.to_dict() for n, c in cards.items()}}, as_json, table("Zoo", columns, rows))


@app.command()
def datasets(data: Data = None, as_json: Json = False) -> None:
    """Data sets: what is found, and where to put what is missing."""
    from snnhw.train.data import available

    found = available(data)
    rows = [(d.name, "yes" if d.found else "no", d.where or d.remedy) for d in found]
    result = {"datasets": [{"name": d.name, "found": d.found, "where": d.where, "remedy": d.remedy} for d in found]}
    show(result, as_json, table("Data sets", ("name", "found", "where, or what to do"), rows))


@lava_app.command("install")
def lava_install(quiet: Quiet = False) -> None:
    """Make the Python 3.10 environment with lava-nc 0.10.0."""
    from exporters.lava.install import install

    status = install(progress=None if quiet else lambda line: err.print(line, style="dim"))
    out.print(f"Lava {status.version} in {status.path}")


@lava_app.command("status")
def lava_status(as_json: Json = False) -> None:
    """Where Lava is found, or why not."""
    from exporters.lava.env import status

    found = status()
    cells = [(str(found.path or ""), found.version or "", found.problem or "ready")]
    show(asdict(found), as_json, table("Lava", ("interpreter", "lava-nc", "state"), cells))
    raise typer.Exit(0 if found.works else 1)
