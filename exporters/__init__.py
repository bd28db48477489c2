"""Ways out of the toolkit, one module per target.

exporter("nir").export(graph, path, options_of("nir", {"dialect": "norse"}))
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from typing import cast

from snnhw.errors import InputError, unknown
from snnhw.exporters.base import Artifact, Exporter

__all__ = ["EXPORTERS", "Artifact", "available", "exporter", "options_of"]

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


def options_of(target: str, given: Mapping[str, object]) -> object:
    """The options of `target` by name; those that are not given keep their defaults.

    Raises:
        InputError: there is no such target, or it has no option of a name that is given.
    """
    module = exporter(target)
    known = [field.name for field in dataclasses.fields(cast(type, module.Options))]
    for name in given:
        if name not in known:
            takes = ", ".join(known) or "none"
            raise InputError(f"The target {target} has no option {name!r}; leave it out, its options are: {takes}.")
    return module.Options(**given)


def available() -> dict[str, str | None]:
    """Target -> None where it can run here, else the reason why not."""
    return {name: cast(Exporter, importlib.import_module(path)).unavailable() for name, path in EXPORTERS.items()}
