"""Ways out of the toolkit, one module per target.

exporter("nir").export(graph, path)
"""

from __future__ import annotations

import importlib
from typing import cast

from snnhw.errors import InputError, unknown
from snnhw.exporters.base import Artifact, Exporter

__all__ = ["EXPORTERS", "Artifact", "available", "exporter"]

EXPORTERS: dict[str, str] = {
    "nir": "snnhw.exporters.nir_file",
    "lava": "snnhw.exporters.lava.deploy",
    "sanafe": "snnhw.exporters.sanafe",
}


def exporter(target: str) -> Exporter:
    """The exporter for `target`, ready to use.

    Raises:
        InputError: there is no such target, or it cannot run here.
    """
    if target not in EXPORTERS:
        raise unknown("export target", target, EXPORTERS)
    module = cast(Exporter, importlib.import_module(EXPORTERS[target]))
    reason = module.unavailable()
    if reason is not None:
        raise InputError(reason)
    return module


def available() -> dict[str, str | None]:
    """Target -> None where it can run here, else the reason why not."""
    return {name: cast(Exporter, importlib.import_module(path)).unavailable() for name, path in EXPORTERS.items()}
