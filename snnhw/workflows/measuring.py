"""The spikes of a model on samples, and its accuracy: of one process or several, killed or not.

Takes a model and samples; gives the sums of all processes, and keeps those of what is finished on the way. Samples run
in shards that are the same whoever counts them: of so many samples that 16 processes and machines can share them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.sample_counts import one_by_one
from snnhw.analysis.counting.streaming import step_records, sum_over_processes
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.graph.same import graph_checksum
from snnhw.progress import Progress, counter
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import samples_together, simulate_in_batches
from snnhw.simulation.execution import Execution
from snnhw.simulation.record import SpikeRecord
from snnhw.train.run import software_versions
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.processes import WHOLE, Part, parts, portion, rank, share, summed
from snnhw.workflows.sample_rows import SampleRows
from snnhw.workflows.unfinished import Unfinished, of_batch, remove, rows_of

LEAST_SHARDS = 16


@dataclass(frozen=True)
class Measured:
    """What the samples of all processes gave."""

    record: SpikeRecord
    accuracy: dict[str, float]  # by stage; empty without labels
    steps: tuple[NetworkCounts, ...] = ()  # of each time step, on request
    rows: SampleRows | None = None  # the demand of each sample, on request; in the first process of all


@dataclass(frozen=True)
class Keeping:
    """The folder in which each process keeps the sums of what is finished."""

    folder: Path
    force: bool = False  # replace files of such names that are of no report
    rows: bool = False  # also keep the demand of each sample

    def of(self, graph: Graph, inputs: Samples, mine: range, *, by_step: bool) -> Unfinished:
        """The file of this process, for these samples alone."""
        return Unfinished(self.folder, _key(graph, inputs, mine, by_step), parts()[rank()], force=self.force)

    def rows_of(self, graph: Graph, inputs: Samples, mine: range) -> SampleRows | None:
        """The rows of this process, on request."""
        if not self.rows:
            return None
        path, key = self.folder / rows_of(parts()[rank()]), _key(graph, inputs, mine, False)
        return SampleRows(graph, share(inputs, mine), mine.start, path, key, force=self.force)

    def remove(self) -> None:
        """What all processes keep, once the report is written."""
        remove(self.folder, parts())


def shard_samples(graph: Graph, samples: int, *, rows: bool = False) -> int:
    """Samples that run together where there are so many in all; `rows`: the demand of each of them is wanted.

    It depends on the graph and on the number of samples alone: sums of floats may depend on what runs together.
    """
    if rows and one_by_one(graph):
        return 1
    return min(samples_together(graph), max(1, samples // LEAST_SHARDS))


def measure(
    model: LoadedModel,
    inputs: Samples,
    progress: Progress | None = None,
    *,
    by_step: bool = False,
    keeping: Keeping | None = None,
    part: Part = WHOLE,
) -> Measured:
    """Simulate `model` on `inputs`; of several processes each takes its share, and all get the sums.

    Memory does not grow with the samples, so that the record has no logits.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        progress: called with the stage "simulation", samples finished, samples in all.
        by_step: count each time step on its own, too.
        keeping: where the sums of what is finished are kept; a process that finds them there goes on behind them.
        part: which part of the samples is counted, by all processes together.

    Raises:
        InputError: the samples do not fit, or are fewer than the processes, or what is kept is damaged.
    """
    model = for_data(model, inputs)
    inputs = judging(model, inputs)
    graph = model.graph
    check_run(graph)
    if not len(inputs.values):
        raise InputError("There are no samples to simulate; give inputs with at least one.")
    together = shard_samples(graph, len(inputs.values), rows=keeping is not None and keeping.rows)
    numbers = portion(len(inputs.values), together, part)
    mine = share(inputs, numbers)
    kept = None if keeping is None else keeping.of(graph, inputs, numbers, by_step=by_step)
    sums = None if kept is None else kept.read()
    rows = None if keeping is None else keeping.rows_of(graph, inputs, numbers)
    if rows is not None and not rows.begin(0 if sums is None else sums.samples):
        sums = None
    total, done = len(mine.values), 0 if sums is None else sums.samples
    finished, rasters = counter(progress, "simulation", total, done), by_step or rows is not None
    execution = Execution(batch_size=together)
    for record in simulate_in_batches(graph, mine.values[done:], raster=rasters, execution=execution):
        batch = slice(done, done + record.samples)
        steps = step_records(graph, mine.values[batch], record) if by_step else ()
        right = np.zeros(0, bool) if mine.targets is None else record.hits(mine.targets[batch])
        if rows is not None:
            rows.add(mine.values[batch], record, right)
        new = of_batch(record, steps, int(right.sum()))
        sums, done = new if sums is None else sums + new, batch.stop
        if kept is not None and done < total:
            kept.save(sums)
        if finished:
            finished(record.samples)
    assert sums is not None  # each process has a sample
    whole, *steps_of_all = (sum_over_processes(record) for record in sums.records)
    correct = summed(sums.correct)
    accuracy = {stage_of(graph): correct / whole.samples} if mine.targets is not None else {}
    if rows is not None:
        rows.gather()
        if rank() == 0:
            rows.check(whole, correct)
    return Measured(whole, accuracy, tuple(count(graph, step) for step in steps_of_all), rows if rank() == 0 else None)


def stage_of(graph: Graph) -> str:
    """The numbers that a graph computes with, as accuracies are named."""
    return "loihi integers" if graph.is_integer else "float"


def _key(graph: Graph, inputs: Samples, mine: range, by_step: bool) -> str:
    said = {
        "graph": graph_checksum(graph),
        "samples": [inputs.checksum, len(inputs.values), mine.start, mine.stop],
        "by_step": by_step,
        "versions": software_versions(),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
