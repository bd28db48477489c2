"""What it changes that nobody said who wrote a file: its other readings run on some of the data, spikes counted.

A file whose writer is not known is read by the equations of NIR; each other reading departs from them in one thing that
some framework does. A file whose writer is recognised is also read as that framework steps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from snnhw.checks.hardware import synapse_count
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import WRITER_RECOGNISED, WRITER_UNKNOWN
from snnhw.graph.finding import Finding
from snnhw.graph.ir import SYNAPSES, Graph
from snnhw.graph.same import same_graph
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION, Convention
from snnhw.nir.io import read_nir, recognised_writer
from snnhw.nir.reading import Reading
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord, UnitRecord
from snnhw.workflows.load import LoadedModel

SAMPLES = 16  # that are run at most in each reading
WORK = 500_000_000  # synapses and neurons times steps that are computed at most in each reading, about a second

DEPARTURES: Mapping[str, Convention] = {  # each in one thing, from the equations of NIR
    "if neurons fire at the threshold too": Convention(DEFAULT_CONVENTION, fires_at_threshold=True),
    "if they subtract the threshold": Convention(DEFAULT_CONVENTION, reset="subtract"),
    "if they decay by exp(-dt/tau)": Convention(DEFAULT_CONVENTION, form="exponential"),
    "if currents add their input whole": Convention(DEFAULT_CONVENTION, current="whole"),
}


@dataclass(frozen=True)
class _Departing(Reading):
    """A reading by a convention that has no name."""

    taken: Convention = CONVENTIONS[DEFAULT_CONVENTION]

    def convention(self) -> Convention:
        """The convention itself."""
        return self.taken


def with_readings(model: LoadedModel, inputs: Samples) -> LoadedModel:
    """`model` whose finding about its writer also counts the spikes of its readings on the first of `inputs`.

    At most `SAMPLES` samples and `WORK` operations are run in each reading. The finding becomes an info where all
    readings give the same spikes. `model` itself where its writer is known or it is no NIR file.

    Args:
        model: as it runs on `inputs`: with their T and their kind (`snnhw.workflows.for_data`).
        inputs: samples that fit it.
    """
    asked = next((f for f in model.findings if f.code in (WRITER_UNKNOWN, WRITER_RECOGNISED)), None)
    if asked is None or model.file is None:
        return model
    others = dict(_readings(model, model.file))
    if not others:
        return model
    samples = min(SAMPLES, len(inputs), WORK // max(1, work(model.graph)))
    if not samples:
        size = f"one sample takes {work(model.graph):,} operations, and {WORK:,} are run at most"
        return _told(model, asked, replace(asked, message=f"{asked.message}; its readings are not compared: {size}"))
    taken = inputs.values[:samples]
    found = {name: _fired(simulate(graph, taken), graph) for name, graph in {"as read": model.graph, **others}.items()}
    of = f"{samples} {'sample' if samples == 1 else 'samples'} of {inputs.name}"
    return _told(model, asked, _counted(asked, of, found))


def work(graph: Graph) -> int:
    """Synapses and neurons of `graph` times its steps: what one sample costs a dense engine."""
    synapses = sum(synapse_count(graph, node) for node in graph.nodes.values() if isinstance(node, SYNAPSES))
    return graph.timesteps * (synapses + sum(node.size for unit in graph.units().values() for node in unit))


def _readings(model: LoadedModel, file: Path) -> Iterator[tuple[str, Graph]]:
    """Other readings of the file, each of another network than `model`, with its T and the kind of its input."""
    said = replace(model.reading, timesteps=model.graph.timesteps)
    readings: dict[str, Reading] = {}
    if any(finding.code == WRITER_UNKNOWN for finding in model.findings):
        readings = {
            name: _Departing(said.dt, said.written_by, said.reset, said.timesteps, said.input_shape, taken)
            for name, taken in DEPARTURES.items()
        }
    else:
        writer = recognised_writer(file)
        readings = {f"as {writer} steps it": replace(said, written_by=writer)}
    for name, reading in readings.items():
        try:
            graph = declare_input(read_nir(file, reading), model.graph.input.levels)
        except InputError:  # this file has no such reading
            continue
        if not same_graph(graph, model.graph):
            yield name, graph


def _fired(record: SpikeRecord, graph: Graph) -> dict[str, UnitRecord]:
    """The neurons of a record; events that enter are none."""
    return {name: unit for name, unit in record.units.items() if name != graph.input.name}


def _counted(asked: Finding, of: str, found: Mapping[str, dict[str, UnitRecord]]) -> Finding:
    spikes = {name: sum(int(unit.levels.sum()) for unit in units.values()) for name, units in found.items()}
    first, *others = found.values()
    if all(_same_counts(first, other) for other in others):
        same = f"all readings give the same {spikes['as read']:,} spikes, neuron by neuron and step by step"
        return replace(asked, severity="info", message=f"{asked.message}; on {of} this makes no difference, {same}")
    counts = ", ".join(f"{total:,} {name}" for name, total in spikes.items())
    return replace(asked, message=f"{asked.message}; spikes on {of}: {counts}")


def _same_counts(a: dict[str, UnitRecord], b: dict[str, UnitRecord]) -> bool:
    """Whether every neuron, and every step, has as many spikes in both."""
    return a.keys() == b.keys() and all(
        np.array_equal(a[name].levels, b[name].levels) and np.array_equal(a[name].levels_t, b[name].levels_t)
        for name in a
    )


def _told(model: LoadedModel, old: Finding, new: Finding) -> LoadedModel:
    findings = tuple(new if finding is old else finding for finding in model.findings)
    return replace(model, graph=model.graph.replace(findings=findings), findings=findings)
