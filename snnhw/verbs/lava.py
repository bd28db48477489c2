"""Verbs for the Python 3.10 interpreter in which Lava runs."""

from __future__ import annotations

from dataclasses import asdict

import typer

from snnhw.verbs.options import Json, Quiet
from snnhw.verbs.terminal import err, show, table


def lava_install(as_json: Json = False, quiet: Quiet = False) -> None:
    """Make the Python 3.10 environment with lava-nc 0.10.0."""
    from snnhw.exporters.lava.install import install

    made = install(progress=None if quiet else lambda line: err.print(line, style="dim", markup=False))
    show(asdict(made), as_json, f"Lava {made.version} in {made.path}")


def lava_status(as_json: Json = False) -> None:
    """Where Lava is found, or why not."""
    from snnhw.exporters.lava.env import status

    found = status()
    cells = [(str(found.path or ""), found.version or "", found.problem or "ready")]
    show(asdict(found), as_json, table("Lava", ("interpreter", "lava-nc", "state"), cells))
    raise typer.Exit(0 if found.works else 1)
