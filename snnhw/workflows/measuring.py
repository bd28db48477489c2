"""The spikes of a model on samples, and its accuracy: of one process or several, killed or not.

Takes a model and samples; gives the sums of all processes, and keeps those of what is finished on the way.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.streaming import step_records, sum_over_processes
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.graph.same import graph_checksum
from snnhw.progress import Progress, counter
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate_in_batches
from snnhw.simulation.record import SpikeRecord
from snnhw.train.run import software_versions
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.processes import parts, rank, share, summed
from snnhw.workflows.unfinished import Unfinished, of_batch, remove


@dataclass(frozen=True)
class Measured:
    """What the samples of all processes gave."""

    record: SpikeRecord
    accuracy: dict[str, float]  # by stage; empty without labels
    steps: tuple[NetworkCounts, ...] = ()  # of each time step, on request


@dataclass(frozen=True)
class Keeping:
    """The folder in which each process keeps the sums of what is finished."""

    folder: Path
    force: bool = False  # replace files of such names that are of no report

    def of(self, graph: Graph, inputs: Samples, *, by_step: bool) -> Unfinished:
        """The file of this process, for these samples alone."""
        said = {
            "graph": graph_checksum(graph),
            "samples": [inputs.checksum, len(inputs.values)],
            "by_step": by_step,
            "versions": software_versions(),
        }
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return Unfinished(self.folder, key, parts()[rank()], force=self.force)

    def remove(self) -> None:
        """What all processes keep, once the report is written."""
        remove(self.folder, parts())


def measure(
    model: LoadedModel,
    inputs: Samples,
    progress: Progress | None = None,
    *,
    by_step: bool = False,
    keeping: Keeping | None = None,
) -> Measured:
    """Simulate `model` on `inputs`; of several processes each takes its share, and all get the sums.

    Memory does not grow with the samples, so that the record has no logits.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        progress: called with the stage "simulation", samples finished, samples in all.
        by_step: count each time step on its own, too.
        keeping: where the sums of what is finished are kept; a process that finds them there goes on behind them.

    Raises:
        InputError: the samples do not fit, or are fewer than the processes, or what is kept is damaged.
    """
    model = for_data(model, inputs)
    inputs = judging(model, inputs)
    check_run(model.graph)
    mine = share(inputs)
    kept = None if keeping is None else keeping.of(model.graph, inputs, by_step=by_step)
    total, sums = len(mine.values), None if kept is None else kept.read()
    done = 0 if sums is None else sums.samples
    finished = counter(progress, "simulation", total, done)
    for record in simulate_in_batches(model.graph, mine.values[done:], raster=by_step):
        batch = slice(done, done + record.samples)
        steps = step_records(model.graph, mine.values[batch], record) if by_step else ()
        right = 0 if mine.targets is None else record.correct(mine.targets[batch])
        new = of_batch(record, steps, right)
        sums, done = new if sums is None else sums + new, batch.stop
        if kept is not None and done < total:
            kept.save(sums)
        if finished:
            finished(record.samples)
    if sums is None:
        raise InputError("There are no samples to simulate; give inputs with at least one.")
    accuracy = {}
    if mine.targets is not None:
        accuracy = {"loihi integers" if model.graph.is_integer else "float": summed(sums.correct) / len(inputs.values)}
    whole, *steps_of_all = (sum_over_processes(record) for record in sums.records)
    return Measured(whole, accuracy, tuple(count(model.graph, step) for step in steps_of_all))
