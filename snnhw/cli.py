"""The command line: verbs of the pipeline, each a thin call of one public function.

Human tables by default, `--json` prints one JSON object on stdout and nothing else. Exit codes: 0 ok, 1 findings or a
mismatch, 2 usage or bad input (one sentence on stderr, no traceback).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from snnhw.errors import InputError
from snnhw.gates.text import visible
from snnhw.verbs import (
    compiling,
    devices,
    diagnosing,
    differences,
    doctor,
    interpreters,
    measuring,
    numbers,
    pruning,
    reports,
    stored,
    summaries,
    sweeping,
    training,
    verifying,
)
from snnhw.verbs.examples import epilog
from snnhw.verbs.terminal import err, out

GROUPS: dict[str, dict[str, Callable[..., None]]] = {  # heading of the help -> verbs
    "What does it cost": {
        "energy": summaries.energy,
        "summary": summaries.summary,
        "report": reports.report,
        "compare": reports.compare,
        "diff": differences.diff,
        "history": differences.history,
        "map": numbers.map_to_chip,
        "profiles": numbers.profiles,
    },
    "From a network to hardware": {
        "check": compiling.check,
        "export": compiling.export,
        "quantise": compiling.quantise,
        "simulate": compiling.simulate,
        "verify": verifying.verify,
        "crossbar": devices.crossbar,
    },
    "Train": {
        "train": training.train,
        "prune": pruning.prune,
        "sweep": sweeping.sweep,
        "evaluate": training.evaluate,
        "diagnose": diagnosing.diagnose,
        "zoo": training.zoo,
        "datasets": training.datasets,
    },
    "This machine": {"demo": numbers.demo, "doctor": doctor.doctor, "measure": measuring.measure},
}
VERBS = {name: verb for group in GROUPS.values() for name, verb in group.items()}
COUNTS_VERBS: dict[str, Callable[..., None]] = {"merge": stored.counts_merge, "show": stored.counts_show}
LAVA_VERBS: dict[str, Callable[..., None]] = {
    "install": interpreters.lava_install,
    "status": interpreters.lava_status,
}
NENGO_VERBS: dict[str, Callable[..., None]] = {
    "install": interpreters.nengo_install,
    "status": interpreters.nengo_status,
}

app = typer.Typer(
    name="snnhw",
    help="Multi-level-firing spiking networks from PyTorch to neuromorphic hardware, with honest counts and energy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
lava_app = typer.Typer(no_args_is_help=True, help="The Python 3.10 interpreter in which Lava runs.")
nengo_app = typer.Typer(no_args_is_help=True, help="The interpreter in which nengo-loihi runs.")
counts_app = typer.Typer(no_args_is_help=True, help="Stored counts: parts put together, and what a file holds.")
for group, verbs in GROUPS.items():
    for name, verb in verbs.items():
        app.command(name, rich_help_panel=group, epilog=epilog(name))(verb)
for name, verb in LAVA_VERBS.items():
    lava_app.command(name)(verb)
for name, verb in NENGO_VERBS.items():
    nengo_app.command(name)(verb)
for name, verb in COUNTS_VERBS.items():
    counts_app.command(name)(verb)
app.add_typer(counts_app, name="counts", rich_help_panel="What does it cost")
app.add_typer(lava_app, name="lava", rich_help_panel="This machine")
app.add_typer(nengo_app, name="nengo", rich_help_panel="This machine")


def main() -> None:
    """Entry point: turns bad input into one sentence and exit code 2."""
    try:
        app(prog_name="snnhw")
    except InputError as error:
        _end(str(error), error.exit_code)
    except OSError as error:  # such as a full disk behind the standard output
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # else Python tries again at its end
        place = error.filename or "the output"
        _end(f"Cannot read or write {place}: {error.strerror or error}; choose another place.", 2)
    except (MemoryError, RuntimeError) as error:
        if not _lacks_memory(error):
            raise
        _end("The memory of this machine is not enough; take fewer samples, time steps or channels.", 2)
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(130)


def _end(sentence: str, code: int) -> NoReturn:
    with suppress(OSError):  # nobody can be told
        err.print(Text.assemble(("error: ", "bold red"), visible(sentence)), soft_wrap=True)
    sys.exit(code)


def _lacks_memory(error: Exception) -> bool:
    """Whether NumPy or torch could not get the memory that it asked for."""
    words = ("not enough memory", "out of memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def _version(wanted: bool) -> None:
    if wanted:
        import platform
        from importlib.metadata import PackageNotFoundError, version

        from snnhw.exporters.lava.env import status

        out.print(f"python {platform.python_version()}")
        for name in ("snnhw", "torch", "numpy", "nir"):
            try:
                out.print(f"{name} {version(name)}")
            except PackageNotFoundError:
                out.print(f"{name} not installed")
        found = status()
        said = f"lava-nc {found.version} in {found.path}" if found.works else "lava-nc not installed"
        out.print(said, markup=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show versions.")
    ] = False,
) -> None:
    """Multi-level-firing spiking networks from PyTorch to neuromorphic hardware."""
