"""Stored counts of small networks, made in memory as a report makes them in a file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from snnhw.analysis.counting.demand import demand
from snnhw.analysis.counting.sample_counts import SampleCounter, one_by_one
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.report.report import CHIPS
from snnhw.analysis.stored.header import Header, deployed_as
from snnhw.analysis.stored.places import stored_layout
from snnhw.analysis.stored.table import StoredCounts
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.graph.same import graph_checksum
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate, simulate_in_batches
from snnhw.simulation.execution import Execution
from snnhw.simulation.frames import check_inputs, has_steps
from tests.nets import residual_net

SAID = Finding("timesteps-assumed", "warning", "", "T is taken to be 4", "give --timesteps")


def rows_of(graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """int64 [N, columns]: the demand of every sample."""
    found = demand(graph, graph.timesteps, stepped=has_steps(graph, inputs))
    counter, rows, done = SampleCounter(graph, found), [], 0
    together = Execution(batch_size=1 if one_by_one(graph) else 2)
    for record in simulate_in_batches(graph, inputs, raster=True, execution=together):
        batch = inputs[done : done + record.samples]
        rows.append(counter.rows(record, check_inputs(graph, batch)))
        done += record.samples
    return np.concatenate(rows)


def stored_of(graph: Graph, inputs: np.ndarray, *, right: np.ndarray | None = None, first: int = 0, of: int = 0):
    """Stored counts of samples `first` and those behind, of `of` in all."""
    rows = rows_of(graph, inputs)
    header = Header(
        network=graph.name,
        graph_checksum=graph_checksum(graph),
        weights_checksum="0" * 64,
        data="noise",
        data_checksum="1" * 64,
        data_samples=of or len(inputs),
        input_kind="analogue",
        deployment=deployed_as(graph),
        stage="float",
        seed="0",
        versions={"python": "3"},
        findings=(SAID,),
        labelled=right is not None,
        shard_samples=2,
        demand=demand(graph, graph.timesteps, stepped=has_steps(graph, inputs)),
        layout=stored_layout(graph, simulate(graph, inputs), [load_chip(name) for name in CHIPS]),
    )
    values = rows if right is None else np.column_stack([rows, right])
    return StoredCounts(header, np.arange(first, first + len(inputs)), np.ascontiguousarray(values.T.astype(np.int64)))


@cache
def network() -> tuple[Graph, np.ndarray]:
    """A residual network of three levels and ten samples of noise."""
    sample = residual_net(3, samples=10)
    return run_passes(sample.graph, FLOAT), sample.inputs


@cache
def whole() -> StoredCounts:
    """All samples of `network`."""
    graph, inputs = network()
    return stored_of(graph, inputs, right=np.arange(10) % 2)


def part(first: int, last: int) -> StoredCounts:
    """The samples from `first` up to `last`, counted on their own."""
    graph, inputs = network()
    return stored_of(graph, inputs[first:last], right=np.arange(first, last) % 2, first=first, of=10)


def said(stored: StoredCounts, **changes: object) -> StoredCounts:
    """The same counts under another header."""
    return replace(stored, header=replace(stored.header, **changes))
