"""What each framework makes of the public set: the file as it lies there and in its dialect; Lava through our exporter.

Columns are answers by the names of the networks; a framework without a column of dialects has no dialect of ours.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from importers import UNSTEADY, Answer, Importer, Job, differing, settled

from snnhw.errors import InputError
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.exporters.nengo_loihi.run import run_nengo_loihi
from snnhw.graph.ir import Array, Graph, Input
from snnhw.nir.io import Reading, read_nir, write_nir
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import LAVA, NENGO_LOIHI, Way, compiled
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord

sys.path.insert(0, str(Path(__file__).parent / "set"))
import conformance
from cases import CASES, DT

ENGINE, OURS = "our engine", "our writer: "


@dataclass(frozen=True)
class Column:
    """The answers of one framework, by the name of the network."""

    as_it_is: Mapping[str, Answer]
    in_dialect: Mapping[str, Answer] = field(default_factory=dict)


def jobs() -> list[Job]:
    """The set as it lies there."""
    return [Job(name, conformance.network(name), conformance.frames(name), _shaped(name)) for name in CASES]


def _shaped(name: str) -> dict[str, Array]:
    return {node: spikes.astype(np.uint8) for node, spikes in conformance.expected(name).items()}


def graph_of(name: str) -> Graph:
    """A network of the set in our graph, stepped by NIR's equations; its populations keep their names."""
    reading = Reading(dt=DT, written_by="nir", timesteps=conformance.frames(name).shape[1])
    graph = read_nir(conformance.network(name), reading, recognise=False)
    return graph.replace(nodes=[replace(n, levels=1) if isinstance(n, Input) else n for n in graph.nodes.values()])


def of_importer(importer: Importer, folder: Path, work: Path) -> Column:
    """Runs an importer on the set, and on the set in its dialect."""
    asked = jobs()
    as_it_is = settled(importer, asked, folder)
    if not importer.dialect:
        return Column(as_it_is)
    written, refused = [], {}
    for job in asked:
        path = work / f"{importer.name}-{job.name}.nir"
        try:
            write_nir(graph_of(job.name), path, dialect=importer.dialect)
            written.append(replace(job, path=path))
        except InputError as error:
            refused[job.name] = Answer(False, why=f"{OURS}{str(error).splitlines()[0]}")
    return Column(as_it_is, {**settled(importer, written, folder), **refused})


def spikes_of(graph: Graph, record: SpikeRecord) -> dict[str, Array]:
    """Spikes [N, T, *shape] of every population."""
    units = graph.units().items()
    return {node.name: record.raster[unit][:, :, level] for unit, nodes in units for level, node in enumerate(nodes)}


def in_engine(job: Job) -> int:
    """Our engine in float32, against the set."""
    graph = graph_of(job.name)
    return differing(job.expected, spikes_of(graph, simulate(graph, job.frames, raster=True)))


def in_lava(job: Job) -> int:
    """Lava's floating-point models, against the set."""
    graph = compiled(graph_of(job.name), LAVA)
    return differing(job.expected, spikes_of(graph, run_lava(graph, job.frames, RunOptions(raster=True))))


def in_lava_integers(job: Job) -> int:
    """Lava's fixed-point models on the network in Loihi integers, against the integer engine."""
    graph, expected = _in_integers(job, LAVA)
    return differing(expected, spikes_of(graph, run_lava(graph, job.frames, RunOptions(raster=True))))


def in_nengo_loihi(job: Job) -> int:
    """nengo-loihi's emulator on the network in Loihi integers, against the integer engine."""
    graph, expected = _in_integers(job, NENGO_LOIHI)
    return differing(expected, spikes_of(graph, run_nengo_loihi(graph, job.frames, raster=True)))


def _in_integers(job: Job, way: Way) -> tuple[Graph, dict[str, Array]]:
    graph = compiled(compile_loihi(graph_of(job.name), job.frames).graph, way)
    return graph, spikes_of(graph, simulate(graph, job.frames, raster=True))


ELSEWHERE: dict[str, Callable[[Job], int]] = {
    ENGINE: in_engine,
    "Lava, floats": in_lava,
    "Lava, integers": in_lava_integers,
    "nengo-loihi, integers": in_nengo_loihi,
}


def elsewhere(label: str) -> Column:
    """The column of what runs the set through our reader."""
    return Column({job.name: _answered(ELSEWHERE[label], job) for job in jobs()})


def _answered(run: Callable[[Job], int], job: Job) -> Answer:
    try:
        return Answer(True, run(job), job.size)
    except InputError as error:
        return Answer(False, why=str(error).splitlines()[0])


def cell(answer: Answer | None) -> str:
    """Of a table."""
    if answer is None:
        return ""
    if not answer.steady:
        return "changes"
    if not answer.loads:
        return "refused"
    return "equal" if not answer.differing else f"{answer.differing:,} of {answer.every:,}"


def page(columns: Mapping[str, Column]) -> list[str]:
    """The part of the page: both tables and what was said where a file is refused."""
    dialects = {label: column.in_dialect for label, column in columns.items() if column.in_dialect}
    as_it_is = {label: column.as_it_is for label, column in columns.items()}
    return [
        *(TITLE, *_table(as_it_is), "", IN_DIALECTS, *_table(dialects), "", SAID),
        *_said(as_it_is, ""),
        *_said(dialects, " in its dialect"),
    ]


def _table(columns: Mapping[str, Mapping[str, Answer]]) -> list[str]:
    rows = [f"| network | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name in CASES:
        cells = [cell(answers.get(name)) for answers in columns.values()]
        rows.append(f"| {name}: {CASES[name]().what} | {' | '.join(cells)} |")
    equal = [sum(answer.exact for answer in answers.values()) for answers in columns.values()]
    return [*rows, f"| equal, of {len(CASES)} | {' | '.join(map(str, equal))} |"]


def _said(columns: Mapping[str, Mapping[str, Answer]], how: str) -> list[str]:
    lines = []
    for label, answers in columns.items():
        by_message: dict[str, list[str]] = defaultdict(list)
        for name, answer in answers.items():
            if answer.why:
                by_message[answer.why].append(name)
        for message, names in by_message.items():
            said = message if message == UNSTEADY or message.startswith(OURS) else f"`{message}`"
            lines.append(f"- {label}{how}, {', '.join(names)}: {said}")
    return lines


def summary(columns: Mapping[str, Column]) -> str:
    """One line."""
    parts = (
        f"{label} {sum(a.exact for a in c.as_it_is.values())} of {len(c.as_it_is)}" for label, c in columns.items()
    )
    return ", ".join(parts)


TITLE = """## The public set

`benchmarks/conformance/set/` holds small networks for everybody who reads or runs NIR: each as *NAME.nir*, and what
enters it and what every population sends in every step as *NAME.data.nir* (NIRData, 2 samples of 8 steps). The spikes
come from plain loops over the published recurrences (*reference.py*), which give the same in float32 and float64.
*conformance.py* compares spikes with them and needs NumPy and nir alone.

The equations are NIR's own, stepped by forward Euler with dt = 1e-4 s: a spike where v > v_threshold, then v_reset.
NIR leaves the step open, so a framework that steps otherwise differs and is not wrong by itself: it runs another
network. *equal*: every spike of every population in every step. *changes*: other spikes in another run. *Lava, floats*
is lava-nc 0.10.0 in its floating-point models through our exporter. *Lava, integers* takes the network in Loihi
integers (`snnhw quantise`), in fixed point, and is held against our integer engine, as nengo-loihi 1.1.0's emulator is.
"""
IN_DIALECTS = """### The same in the dialect of each importer

Written by `snnhw export --dialect` from the file above, so that the importer's own step gives NIR's.
"""
SAID = """### What was said
"""
