"""The files of a program but for its example: headers, tables, weights and the loops that all networks share."""

from __future__ import annotations

import shutil
from pathlib import Path

from snnhw.exporters.c import text
from snnhw.exporters.c.program import Program
from snnhw.files import write_text
from snnhw.graph.ir import Graph

SOURCE = Path(__file__).with_name("source")


def write_program(folder: Path, graph: Graph, program: Program, takes: str) -> None:
    """Write the program of `graph` into a folder; `takes` is the account of memory and operations in its header."""
    for file in sorted(SOURCE.iterdir()):
        shutil.copy(file, folder / file.name)
    write_text(folder / "network.h", text.header(graph, program, takes))
    write_text(folder / "network.c", text.network(program))
    write_text(folder / "weights.h", text.weights(program))
