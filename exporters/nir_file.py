"""Exporter for NIR files, which snnTorch, SpikingJelly, norse, sinabs and others import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnhw.checks.check import check
from snnhw.exporters.base import Artifact, check_options
from snnhw.graph.ir import Graph
from snnhw.nir.io import DEFAULT_DIALECT, write_nir
from snnhw.rules.refuse import refuse


@dataclass(frozen=True)
class Options:
    """What can be chosen about a NIR file."""

    dialect: str | None = None  # the importer that it is for, a key of `snnhw.nir.frameworks.DIALECTS`; None for any


def export(graph: Graph, path: Path, options: Options = Options()) -> Artifact:
    """Write `graph` as a NIR file.

    The artifact's findings say what importers cannot do with the file.

    Raises:
        InputError: `check` has an error: the graph cannot be said in NIR, or the importer that is named cannot read it;
            or the path cannot be written.
    """
    check_options("nir", options, Options)
    found = check(graph, "nir", dialect=options.dialect)
    refuse(found, graph, options.dialect or "NIR")
    written = write_nir(graph, path, dialect=options.dialect or DEFAULT_DIALECT)
    return Artifact("nir", written, written.stat().st_size, tuple(found))


def unavailable() -> str | None:
    """None: nir is a dependency of the core."""
    return None
