"""Typed graph <-> NIR: the public face. `nir_write` holds the way out, `nir_read` the way in, `nir_file` the file.

What a reader had to assume or change is in the graph's `findings`.
"""

from __future__ import annotations

from pathlib import Path

import nir

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.nir.file import raw_of, read_raw, write_file
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION, DEFAULT_DIALECT, DIALECTS, dialect_named
from snnhw.nir.read.graph import graph_from_raw
from snnhw.nir.read.units import recognise_units
from snnhw.nir.write import to_nir

__all__ = ["CONVENTIONS", "DEFAULT_DIALECT", "DIALECTS", "from_nir", "read_nir", "to_nir", "write_nir"]


def write_nir(graph: Graph, path: Path, *, dialect: str = DEFAULT_DIALECT) -> Path:
    """Write `graph` (folded; multi-level units are decomposed on the way) as an HDF5 file, whole or not at all.

    Args:
        graph: float graph, or Loihi integers: LIF nodes then hold integer thresholds in weight units, and the input
            must be fed as the integers round(scale * x).
        path: file to create or replace.
        dialect: the importer that the file is for, a key of `DIALECTS`.

    Raises:
        InputError: the graph cannot be said in NIR, or the path cannot be written.
    """
    return write_file(to_nir(graph, dialect=dialect), Path(path), reset=dialect_named(dialect).writes_reset)


def read_nir(
    path: Path,
    *,
    dt: float | None = None,
    timesteps: int | None = None,
    recognise: bool = True,
    written_by: str = DEFAULT_CONVENTION,
    reset: str | None = None,
) -> Graph:
    """The graph in a NIR file, ours or another framework's.

    Args:
        path: file written by `write_nir` or `nir.write`.
        dt: time step in seconds; default: what the file's metadata says, else the framework's, else 1e-4 with a
            finding.
        timesteps: steps that a sample lasts; default: what the file's metadata says, else 16 with a finding.
        recognise: make K LIF nodes with one input and ascending thresholds one multi-level unit again.
        written_by: framework whose steps are taken where NIR leaves a choice, a key of `CONVENTIONS`; "nir" is the
            forward Euler step of NIR's equations.
        reset: "hard", "subtract" or "subtract-late" for all neurons; default: the framework's, else the file's.

    Raises:
        InputError: the file is damaged or holds what we cannot represent.
    """
    path = Path(path)
    graph, findings = graph_from_raw(
        read_raw(path), dt=dt, timesteps=timesteps, written_by=written_by, reset=reset, name=path.stem
    )
    return _finished(graph, findings, recognise)


def from_nir(
    graph: nir.NIRGraph,
    *,
    dt: float | None = None,
    timesteps: int | None = None,
    recognise: bool = True,
    written_by: str = DEFAULT_CONVENTION,
    reset: str | None = None,
) -> Graph:
    """`read_nir` for a graph in memory."""
    read = graph_from_raw(raw_of(graph), dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    return _finished(*read, recognise)


def _finished(graph: Graph, findings: tuple[Finding, ...], recognise: bool) -> Graph:
    if recognise:
        graph, found = recognise_units(graph)
        findings += found
    return graph.replace(findings=findings)
