"""The demand of every sample of a run, row by row into the spool, and out of it in the blocks of the table.

Takes the records of batches while they run; of several processes the first one gets the rows of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.demand import Demand, demand
from snnhw.analysis.counting.sample_counts import SampleCounter
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.frames import check_inputs, has_steps
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.spool import Rows, Spool


class SampleRows:
    """Rows of one process, or of all of them once they are gathered."""

    def __init__(self, graph: Graph, mine: Samples, first: int, path: Path, key: str, *, force: bool = False) -> None:
        self.demand: Demand = demand(graph, graph.timesteps, stepped=has_steps(graph, mine.values))
        self.labelled = mine.targets is not None
        self.first = first  # number of its first sample
        self._graph = graph
        self._counter = SampleCounter(graph, self.demand)
        columns = len(self.demand.columns) + self.labelled
        self._spool = Spool(path, key, columns, force=force)
        self._kept: int | None = None  # rows that the file begins with, until it is opened

    def begin(self, done: int) -> bool:
        """Go on behind `done` samples; False where their rows are not there, so that all starts anew.

        Raises:
            InputError: the file is somebody else's.
        """
        known = self._spool.holds(done)
        self._kept = done if known else 0
        return known or not done

    def _ready(self) -> None:
        """The file is there from the first finished batch on: samples that are refused leave none."""
        if self._kept is not None:
            self._spool.begin(self._kept)
            self._kept = None

    def add(self, values: Array, record: SpikeRecord, right: Array) -> None:
        """The samples of a batch, which ran with rasters; `right` says of each whether it was classified rightly.

        Raises:
            InputError: the folder cannot be written.
        """
        self._ready()
        rows = self._counter.rows(record, check_inputs(self._graph, values))
        self._spool.append(np.column_stack([rows, right.astype(np.int64)]) if self.labelled else rows)

    def gather(self) -> None:
        """Rows of all processes into the file of the first one; each has to call this."""
        self._ready()
        self._spool.gather()

    def check(self, record: SpikeRecord, correct: int = 0) -> None:
        """Nothing, where the rows add up to the counts of the record, and to so many samples that were right.

        Raises:
            InputError: they do not, so that the file is damaged.
        """
        columns, sums = len(self.demand.columns), [0] * (len(self.demand.columns) + self.labelled)
        for piece in self._spool.pieces():
            sums = [one + other for one, other in zip(sums, piece.sum(axis=0).tolist(), strict=True)]
        right = not self.labelled or sums[-1] == correct
        if not right or self.demand.counts(sums[:columns], record.samples) != count(self._graph, record):
            raise InputError(f"{self._spool.path} is damaged; remove it and what else is unfinished there, and repeat.")

    def pieces(self) -> Iterator[tuple[Rows, npt.NDArray[np.int64]]]:
        """(numbers of samples [n], rows [columns, n]), piece by piece."""
        at = self.first
        for rows in self._spool.pieces():
            yield np.arange(at, at + len(rows)), np.ascontiguousarray(rows.T)
            at += len(rows)

    def remove(self) -> None:
        """The file of this process."""
        self._spool.remove()
