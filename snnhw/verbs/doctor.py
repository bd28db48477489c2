"""The verb that looks at the machine: doctor."""

from __future__ import annotations

import typer

from snnhw.verbs.options import Data, Json
from snnhw.verbs.terminal import show, table


def doctor(data: Data = None, as_json: Json = False) -> None:
    """What works on this machine, what is missing, how to mend it; exit code 1 if what every verb needs is missing."""
    from snnhw.workflows.doctor import examine

    found = examine(data)
    cells = [
        (item.name, "works" if item.works else "missing", item.found, "" if item.works else item.remedy)
        for item in found
    ]
    result = {"examined": [item.to_dict() for item in found]}
    show(result, as_json, table("This machine", ("what", "state", "found", "remedy"), cells))
    raise typer.Exit(0 if all(item.works for item in found if item.needed) else 1)
