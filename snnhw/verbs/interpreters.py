"""Verbs for the interpreters in which Lava and nengo-loihi run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from snnhw.verbs.options import Json, Quiet
from snnhw.verbs.terminal import err, show, table

if TYPE_CHECKING:
    from snnhw.exporters.interpreter import Status


def lava_install(as_json: Json = False, quiet: Quiet = False) -> None:
    """Make the Python 3.10 environment with lava-nc 0.10.0."""
    from snnhw.exporters.lava.install import install

    made = install(progress=_told(quiet))
    show(asdict(made), as_json, f"Lava {made.version} in {made.path}")


def lava_status(as_json: Json = False) -> None:
    """Where Lava is found, or why not."""
    from snnhw.exporters.lava.env import status

    _show("Lava", "lava-nc", status(), as_json)


def nengo_install(as_json: Json = False, quiet: Quiet = False) -> None:
    """Make the environment with nengo-loihi 1.1.0."""
    from snnhw.exporters.nengo_loihi.install import install

    made = install(progress=_told(quiet))
    show(asdict(made), as_json, f"nengo-loihi {made.version} in {made.path}")


def nengo_status(as_json: Json = False) -> None:
    """Where nengo-loihi is found, or why not."""
    from snnhw.exporters.nengo_loihi.env import status

    _show("nengo-loihi", "nengo-loihi", status(), as_json)


def _told(quiet: bool) -> Callable[[str], None] | None:
    return None if quiet else lambda line: err.print(line, style="dim", markup=False)


def _show(title: str, package: str, found: Status, as_json: bool) -> None:
    cells = [(str(found.path or ""), found.version or "", found.problem or "ready")]
    show(asdict(found), as_json, table(title, ("interpreter", package, "state"), cells))
    raise typer.Exit(0 if found.works else 1)
