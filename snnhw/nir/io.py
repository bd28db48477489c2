"""Typed graph <-> NIR: the public face. `write` holds the way out, `read` the way in, `file` the HDF5 file.

What a reader had to assume or change is in the graph's `findings`.
"""

from __future__ import annotations

from pathlib import Path

import nir

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.nir.file import raw_of, read_raw, write_file
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_DIALECT, DIALECTS, dialect_named
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import flattened
from snnhw.nir.read.graph import graph_from_raw
from snnhw.nir.read.time_step import DEFAULT_DT
from snnhw.nir.read.units import recognise_units
from snnhw.nir.read.writer import recognised
from snnhw.nir.reading import AS_WRITTEN, Reading, reading_given
from snnhw.nir.write import to_nir

__all__ = [
    "CONVENTIONS",
    "DEFAULT_DIALECT",
    "DIALECTS",
    "Reading",
    "from_nir",
    "read_nir",
    "recognised_writer",
    "to_nir",
    "write_nir",
]


def write_nir(graph: Graph, path: str | Path, *, dialect: str = DEFAULT_DIALECT) -> Path:
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


def read_nir(path: str | Path, reading: Reading = AS_WRITTEN, *, recognise: bool = True) -> Graph:
    """The graph in a NIR file, ours or another framework's.

    Args:
        path: file written by `write_nir` or `nir.write`.
        reading: what the file does not say: time step, framework, reset, number of time steps.
        recognise: make K LIF nodes with one input and ascending thresholds one multi-level unit again.

    Raises:
        InputError: the file is damaged or holds what we cannot represent.
    """
    path, reading = Path(path), reading_given(reading)
    graph, findings = graph_from_raw(read_raw(path), reading, name=path.stem)
    return _finished(graph, findings, recognise)


def recognised_writer(path: str | Path) -> str:
    """The framework that left its traces in a NIR file, "" where there are none.

    Raises:
        InputError: the file is damaged.
    """
    return recognised(flattened(read_raw(Path(path)), Context(DEFAULT_DT)))[0]


def from_nir(graph: nir.NIRGraph, reading: Reading = AS_WRITTEN, *, recognise: bool = True) -> Graph:
    """`read_nir` for a graph in memory."""
    return _finished(*graph_from_raw(raw_of(graph), reading), recognise)


def _finished(graph: Graph, findings: tuple[Finding, ...], recognise: bool) -> Graph:
    if recognise:
        graph, found = recognise_units(graph)
        findings += found
    return graph.replace(findings=findings)
