"""One part of a run, for array jobs and several machines: its counts in a file, which `merge` puts together.

A part that is finished is not counted again, one that was killed goes on where it was. Parts share a folder or have one
each; no part needs to know of another.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.analysis.report.place import COUNTS_SIGN, check_place, check_replaceable
from snnhw.analysis.stored.table import read_counts
from snnhw.data.given import samples_given
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.parquet_file import no_parquet
from snnhw.gates.regular import is_file
from snnhw.graph.same import graph_checksum
from snnhw.progress import Progress
from snnhw.train.run import writing
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel, model_given
from snnhw.workflows.measuring import Keeping, measure, shard_samples
from snnhw.workflows.processes import Part, portion_of_all, rank
from snnhw.workflows.readings import with_readings
from snnhw.workflows.stored import write_stored


@dataclass(frozen=True)
class Counted:
    """A part whose counts are in a file."""

    path: Path
    samples: range  # numbers of its samples
    fresh: bool  # counted by this call; False: it was finished before

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        found = {"counts": str(self.path), "first_sample": self.samples.start, "samples": len(self.samples)}
        return {**found, "counted_now": self.fresh}


def file_of(part: Part) -> str:
    """Name of the file of a part."""
    return f"counts-{part.name}.parquet"


def count_part(
    model: LoadedModel,
    inputs: Samples,
    folder: str | Path,
    part: Part,
    progress: Progress | None = None,
    *,
    force: bool = False,
) -> Counted | None:
    """Count one part of the samples into `folder`; of several processes the first one gives the file, others None.

    Args:
        model: any loaded model.
        inputs: all samples of the run.
        folder: gets counts-1of8.parquet and its like; parts that run at the same time may share it.
        part: which samples.
        progress: called with stage, samples finished, samples of the process.
        force: replace a file of that name that holds other counts, or is none.

    Raises:
        InputError: pyarrow is missing, the samples do not fit or are too few for so many parts, the folder cannot be
            written, another process counts this part, or the file there is of something else.
    """
    missing, folder = no_parquet(), Path(folder)
    if missing:
        raise InputError(f"Counts of a part are a Parquet file, and {missing}.")
    model, inputs = model_given(model), samples_given(inputs)
    model = with_readings(for_data(model, inputs), inputs)
    inputs = judging(model, inputs)
    path, kept = folder / file_of(part), folder / f"unfinished-{part.name}"
    together = shard_samples(model.graph, len(inputs), rows=True)
    wanted = portion_of_all(len(inputs), together, part)
    if not force and _finished(path, model, inputs, wanted):
        return Counted(path, wanted, fresh=False) if rank() == 0 else None
    if rank() == 0:
        check_place(folder, ())
        check_replaceable(path, COUNTS_SIGN, "file of counts", force=force)
    with writing(kept) if rank() == 0 else nullcontext():
        keeping = Keeping(kept, force, rows=True)
        measured = measure(model, inputs, progress, keeping=keeping, part=part)
        if rank() > 0:
            return None
        write_stored(path, model, inputs, measured)
        keeping.remove()
    with suppress(OSError):  # of several processes another one may still have a file there
        kept.rmdir()
    return Counted(path, wanted, fresh=True)


def _finished(path: Path, model: LoadedModel, inputs: Samples, wanted: range) -> bool:
    """Whether the file is there and holds exactly the counts that are asked for.

    Raises:
        InputError: it holds other counts, or is damaged.
    """
    if not is_file(path):
        return False
    try:
        found = read_counts(path)
    except InputError as error:
        raise InputError(f"{str(error)[:-1]}, or give --force, which counts the part again.") from error
    header = found.header
    mine = (graph_checksum(model.graph), inputs.checksum, len(inputs))
    same = (header.graph_checksum, header.data_checksum, header.data_samples) == mine
    if not same or not np.array_equal(found.samples, np.arange(wanted.start, wanted.stop)):
        raise InputError(
            f"{path} holds counts of {header.network} on {header.data}, samples {found.samples[0]} to "
            f"{found.samples[-1]} of {header.data_samples}, and others are asked for; choose another folder or give "
            "--force."
        )
    return True
