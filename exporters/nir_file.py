"""Exporter for NIR files, which snnTorch, SpikingJelly, norse, sinabs and others import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snnhw.checks.check import check
from snnhw.exporters.base import Artifact
from snnhw.graph.ir import Graph
from snnhw.nir.io import DEFAULT_DIALECT, write_nir


def export(graph: Graph, path: Path, **options: Any) -> Artifact:
    """Write `graph` as a NIR file; option `dialect` names the importer that it is for.

    The artifact's findings say what that importer cannot do with the file.

    Raises:
        InputError: the graph cannot be said in NIR, or the path cannot be written.
    """
    dialect = options.get("dialect", DEFAULT_DIALECT)
    written = write_nir(graph, path, dialect=dialect)
    return Artifact("nir", written, written.stat().st_size, tuple(check(graph, "nir", dialect=dialect)))


def unavailable() -> str | None:
    """None: nir is a dependency of the core."""
    return None
