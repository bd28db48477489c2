"""Ways out of the toolkit, one module per target.

exporter("nir").export(graph, path, options_of("nir", {"dialect": "norse"}))
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping
from types import UnionType
from typing import Union, cast, get_args, get_origin, get_type_hints

from snnhw.errors import InputError, unknown
from snnhw.exporters.base import Artifact, Exporter

__all__ = ["EXPORTERS", "Artifact", "available", "exporter", "option_names", "options_of"]

EXPORTERS: dict[str, str] = {
    "nir": "snnhw.exporters.nir_file",
    "lava": "snnhw.exporters.lava.deploy",
    "sanafe": "snnhw.exporters.sanafe",
    "c": "snnhw.exporters.c",
    "bundle": "snnhw.exporters.bundle",
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
        InputError: there is no such target, it has no option of a name that is given, or a value is of another type.
    """
    options = exporter(target).Options
    known = option_names(target)
    kinds = get_type_hints(options)
    for name, value in given.items():
        if name not in known:
            takes = ", ".join(known) or "none"
            raise InputError(f"The target {target} has no option {name!r}; leave it out, its options are: {takes}.")
        if not _is(value, kinds[name]):
            wanted, got = _named(kinds[name]), type(value).__name__
            raise InputError(f"The option {name!r} of the target {target} is of type {got}; give {wanted}.")
    return dataclasses.replace(options(), **given)


def option_names(target: str) -> tuple[str, ...]:
    """Names of the options of `target`, as `options_of` takes them.

    Raises:
        InputError: there is no such target.
    """
    return tuple(field.name for field in dataclasses.fields(exporter(target).Options))


def _classes(kind: object) -> tuple[type, ...]:
    """The classes that a type allows, those of every part where it is a union."""
    parts = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return tuple(cast(type, get_origin(part) or part) for part in parts)


def _is(value: object, kind: object) -> bool:
    return isinstance(value, _classes(kind))


def _named(kind: object) -> str:
    return " or ".join("None" if each is type(None) else each.__name__ for each in _classes(kind))


def available() -> dict[str, str | None]:
    """Target -> None where it can run here, else the reason why not."""
    return {name: cast(Exporter, importlib.import_module(path)).unavailable() for name, path in EXPORTERS.items()}
