"""Arguments and options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from snnhw.errors import InputError
from snnhw.nir.conventions import CONVENTIONS, DEFAULT_CONVENTION
from snnhw.verbs import completing

if TYPE_CHECKING:
    from snnhw.workflows.load import Constants
    from snnhw.workflows.own_twin import OwnTwin

Model = Annotated[
    str,
    typer.Argument(
        help="run folder, zoo name, official .pth checkpoint, .nir file, or FILE.py:NAME, which is run",
        autocompletion=completing.models,
    ),
]
Optional = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        help="run folder, zoo name, official .pth checkpoint, .nir file, or FILE.py:NAME, which is run",
        autocompletion=completing.models,
    ),
]
InputOption = Annotated[
    str,
    typer.Option(
        "--input", help="NAME:SPLIT such as digits:test, or an .npy/.npz file", autocompletion=completing.data
    ),
]
InputOptional = Annotated[
    str | None,
    typer.Option(
        "--input", help="NAME:SPLIT such as digits:test, or an .npy/.npz file", autocompletion=completing.data
    ),
]
TestInput = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="labelled samples (default: the test split of the data it was trained on)",
        autocompletion=completing.data,
    ),
]
Profiles = Annotated[
    list[str] | None,
    typer.Option("--profile", help="name or TOML file, may be repeated", autocompletion=completing.profiles),
]
Kind = Annotated[
    str | None,
    typer.Option("--input-kind", help="analogue or events (default: what the data set says, else what the values say)"),
]
Data = Annotated[Path | None, typer.Option("--data", help="folder with data sets (default: SNNHW_DATA)")]
Samples = Annotated[int | None, typer.Option("--samples", min=1, help="use only the first N samples")]
Timesteps = Annotated[int | None, typer.Option("--timesteps", min=1, help="T, in place of the model's own")]
Shape = Annotated[
    str | None, typer.Option("--input-shape", help="C,H,W of a frame, or N, of a FILE.py:NAME that does not say it")
]
Dt = Annotated[float | None, typer.Option("--dt", help="time step in seconds of a NIR file that does not say")]
WrittenBy = Annotated[
    str | None,
    typer.Option(
        "--written-by",
        help=f"framework of a NIR file: {', '.join(sorted(CONVENTIONS.keys() - {DEFAULT_CONVENTION}))}; "
        f"{DEFAULT_CONVENTION}: as the equations of NIR say",
    ),
]
Reset = Annotated[
    str | None, typer.Option("--reset", help="hard, subtract, subtract-late or none, where a NIR file does not say it")
]
ConstantOptions = Annotated[
    list[str] | None,
    typer.Option("--constant", help="key=value that an official .pth does not hold: thresholds, decay, downsample_sum"),
]
Dialect = Annotated[
    str | None, typer.Option("--dialect", help="of a NIR file, the importer that it is for (default: any)")
]
Force = Annotated[bool, typer.Option("--force", help="replace files that this program did not write")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress bars")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda or cuda:N, on which torch computes")]
Calibrate = Annotated[
    str | None,
    typer.Option("--calibrate", help="samples that fix the integer scales", autocompletion=completing.data),
]
Ann = Annotated[
    str | None,
    typer.Option(
        "--ann",
        help="trained ReLU twin, whose zeros are used: run folder, zoo name, FILE.py:NAME, module:NAME, .onnx file",
        autocompletion=completing.models,
    ),
]
AnnWeights = Annotated[
    Path | None, typer.Option("--ann-weights", help="state dict, .pth or .safetensors, of the module that --ann names")
]
Deploy = Annotated[
    str, typer.Option("--deployment", help="of K levels: channels, graded (one spike of log2 K bits) or slots")
]
OutDir = Annotated[Path, typer.Option("--out", help="folder to write")]


def twin(ann: str | None, weights: Path | None) -> OwnTwin | None:
    """The ReLU twin as typed; None where none is.

    Raises:
        InputError: there are weights and no module for them.
    """
    if ann is None:
        if weights is not None:
            raise InputError("--ann-weights are those of a module; name it with --ann FILE.py:NAME.")
        return None
    from snnhw.workflows.own_twin import OwnTwin

    return OwnTwin(ann, weights)


T = TypeVar("T")


def needed(value: T | None, name: str) -> T:
    """`value`, which is needed where no stored counts are named in place of it.

    Raises:
        InputError: it was left out.
    """
    if value is None or value == []:
        kind = "option" if name.startswith("-") else "argument"
        raise InputError(f"Missing {kind} {name!r}; give it, or --from with counts that are stored.")
    return value


def frame(shape: str | None) -> tuple[int, ...] | None:
    """The size of a frame as typed, such as 1,28,28.

    Raises:
        InputError: it is no list of one to three whole numbers of at least 1.
    """
    if shape is None:
        return None
    parts = [part.strip() for part in shape.split(",")]
    if not 1 <= len(parts) <= 3 or not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise InputError(f"--input-shape {shape} is no size of a frame; give C,H,W such as 1,28,28, or N.")
    return tuple(int(part) for part in parts)


def check_data(data: Path | None, *sources: str | None) -> None:
    """Nothing, where `--data` is not given or one of the samples that options name is a data set.

    Raises:
        InputError: all samples are files, or there are none, so that the folder would not be read.
    """
    if data is not None and all(source is None or source.endswith((".npy", ".npz")) for source in sources):
        raise InputError(f"No samples are named that are read from --data {data}; leave it out, or name a data set.")


def constants_of(settings: list[str] | None) -> Constants:
    """The constants of an official checkpoint, from key=value."""
    from snnhw.train.recipe import set_value

    values: dict[str, Any] = {}
    for setting in settings or []:
        set_value(values, setting)
    return values
