"""Exporter for C: a folder with the network as portable C99, without heap and floating point, and a test of it.

It holds the program, an example with the spikes that are expected of every population, a Makefile and a README.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.exporters.base import Artifact, check_options
from snnhw.exporters.c import text
from snnhw.exporters.c.account import account
from snnhw.exporters.c.folder import write_program
from snnhw.exporters.c.program import Program, program_of
from snnhw.exporters.c.size import sizes
from snnhw.exporters.example import example_frames
from snnhw.exporters.integers import integers_of
from snnhw.files import write_text
from snnhw.gates.folder import place_for
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Graph
from snnhw.rules.ways import C
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord

EXAMPLES = 2


@dataclass(frozen=True)
class Options:
    """What can be chosen about the program."""

    inputs: Array | None = None  # [N, *shape] or [N, T, *shape], the example; else two samples of noise
    calibration: Array | None = None  # samples that turn a float graph into Loihi integers
    events: bool = False  # layers run through what is not 0, instead of through everything
    force: bool = False  # replace files of the same names that no earlier export wrote


def export(graph: Graph, path: Path, options: Options = Options()) -> Artifact:
    """Write `graph` as a folder; the files of an earlier export are replaced, others in it are kept.

    Raises:
        InputError: the graph is in floats and there is no calibration, C cannot hold it, the inputs do not fit, or
            `path` holds something else.
    """
    check_options("c", options, Options)
    place = place_for(path, force=options.force)
    graph = integers_of(graph, options.calibration, C)
    frames = example_frames(graph, options.inputs, EXAMPLES)
    record = simulate(graph, frames if frames.shape[1] > 1 else frames[:, 0], raster=True)
    program = program_of(graph, events=options.events)
    with place.filling() as folder:
        _fill(folder, graph, program, frames, record, account(graph, program, record, events=options.events))
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
        findings = tuple(_sizes(folder, program))
    return Artifact("c", Path(path), size, findings)


def unavailable() -> str | None:
    """None: writing the folder needs no compiler."""
    return None


def _fill(folder: Path, graph: Graph, program: Program, frames: Array, record: SpikeRecord, takes: str) -> None:
    stimuli = graph.input.coded(frames).astype(np.int64)
    steps = record.samples, record.timesteps
    spikes = [record.raster[each.unit][:, :, each.level].reshape(*steps, -1) for each in program.populations]
    write_program(folder, graph, program, takes)
    write_text(folder / "example.h", text.example(program, stimuli, spikes, record.logits))
    write_text(folder / "README.md", text.readme(graph, takes))


def _sizes(folder: Path, program: Program) -> Iterator[Finding]:
    """Flash and RAM, as far as a compiler is at hand; the bytes of the data are known without one."""
    measured = list(sizes(folder))
    for each in measured:
        message = f"{each.flash_bytes:,} bytes of flash and {each.ram_bytes:,} of RAM, by {each.compiler} -Os"
        yield Finding("size", "info", "", message, "see the numbers for other processors with make size")
    if not measured:
        ram = program.state_bytes + program.scratch_bytes
        message = f"{program.constant_bytes:,} bytes of constants and {ram:,} of RAM, without the code"
        yield Finding("size", "info", "", message, "install a C compiler and run make size for the rest")
