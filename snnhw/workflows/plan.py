"""What a report will take before it starts: time, memory, shards and the size of the file, from the first samples.

A few shards run as they will in the report, and what they took is scaled; nothing is written.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from snnhw.analysis.counting.streaming import sums_alone
from snnhw.analysis.stored.table import read_counts
from snnhw.data.given import samples_given
from snnhw.data.samples import Samples
from snnhw.gates.parquet_file import no_parquet
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate_in_batches
from snnhw.simulation.execution import Execution
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel, model_given
from snnhw.workflows.measuring import Measured, shard_samples
from snnhw.workflows.processes import WHOLE, Part, portion_of_all
from snnhw.workflows.sample_rows import SampleRows
from snnhw.workflows.stored import write_stored

LEAST_S = 0.5  # that are measured, so that small networks are measured on more shards
KIB_IN_RSS = 1 if sys.platform == "darwin" else 1024  # bytes of a unit of ru_maxrss


@dataclass(frozen=True)
class Plan:
    """Of one part of a run on this machine, in one process."""

    model: str
    data: str
    samples: int  # in all
    shard_samples: int  # that run together
    shards: int  # in all: as many processes and parts can share them
    part_samples: int  # that this call would count
    measured_samples: int  # that the numbers below are from
    seconds_per_sample: float
    seconds: float  # of the simulation of the part
    memory_bytes: int  # the most that the process had while it measured
    rows: int  # of counts.parquet; 0 where it cannot be written
    file_bytes: int  # about, of counts.parquet

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return dict(self.__dict__)


def plan(
    model: LoadedModel, inputs: Samples, part: Part = WHOLE, clock: Callable[[], float] = time.perf_counter
) -> Plan:
    """What it takes to count `part` of the samples.

    Raises:
        InputError: the samples do not fit, or are too few for so many parts.
    """
    model, inputs = model_given(model), samples_given(inputs)
    model = for_data(model, inputs)
    inputs = judging(model, inputs)
    graph, stored = model.graph, not no_parquet()
    check_run(graph)
    together = shard_samples(graph, len(inputs), rows=stored)
    mine = portion_of_all(len(inputs), together, part)
    with TemporaryDirectory() as folder:
        rows = SampleRows(graph, inputs, mine.start, Path(folder) / "rows", "plan")
        rows.begin(0)
        _shard(model, inputs.take(slice(mine.start, mine.start + together)), rows, stored)  # warms up
        rows.begin(0)
        taken, run, whole = 0.0, 0, None
        while run < len(mine) and taken < LEAST_S:
            some = inputs.take(slice(mine.start + run, min(mine.start + run + together, mine.stop)))
            before = clock()
            record = _shard(model, some, rows, stored)
            taken, run = taken + clock() - before, run + len(some)
            whole = record if whole is None else whole.merge(record)
        assert whole is not None  # a part has a shard
        fixed, growing = _file_bytes(model, inputs, Measured(whole, {}, rows=rows), Path(folder)) if stored else (0, 0)
        columns = len(rows.demand.columns) + rows.labelled
    each = taken / run
    return Plan(
        model=model.name,
        data=inputs.name,
        samples=len(inputs),
        shard_samples=together,
        shards=-(-len(inputs) // together),
        part_samples=len(mine),
        measured_samples=run,
        seconds_per_sample=each,
        seconds=each * len(mine),
        memory_bytes=_memory_bytes(),
        rows=columns * len(mine) if stored else 0,
        file_bytes=fixed + growing * len(mine) // run,
    )


def _shard(model: LoadedModel, some: Samples, rows: SampleRows, stored: bool) -> SpikeRecord:
    """One shard as a report runs it."""
    (record,) = simulate_in_batches(
        model.graph, some.values, raster=stored, execution=Execution(batch_size=len(some.values))
    )
    if stored:
        right = record.logits[:, 0] > 0 if some.targets is None else record.hits(some.targets)
        rows.add(some.values, record, right)
    return sums_alone(record)


def _file_bytes(model: LoadedModel, inputs: Samples, measured: Measured, folder: Path) -> tuple[int, int]:
    """Bytes of the table of what was measured: of its header, and of its rows."""
    path = write_stored(folder / "counts.parquet", model, inputs, measured)
    whole, header = path.stat().st_size, len(read_counts(path).header.text())
    return header, whole - header


def _memory_bytes() -> int:
    """The most memory that this process has had; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB_IN_RSS
