"""The counts of a finished run, kept in its folder, so that it is priced on any profile without the network."""

from __future__ import annotations

import os
from pathlib import Path

from snnhw.analysis.report.place import COUNTS
from snnhw.analysis.stored.table import StoredCounts, read_counts
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.regular import is_file
from snnhw.train.card import read_card
from snnhw.workflows.load import load_model
from snnhw.workflows.processes import WHOLE
from snnhw.workflows.shards import count_part


def counts_of_run(folder: Path, inputs: Samples) -> StoredCounts:
    """Counts of the run in `folder` on all of `inputs`, counted where the folder does not have them.

    Raises:
        InputError: as `load_model` and `count_part`.
    """
    (card, _), path = read_card(folder), folder / COUNTS
    if is_file(path):
        try:
            stored = read_counts(path)
        except InputError:  # damaged, or of something else than a run: counted again
            stored = None
        if stored is not None and stored.whole:
            header = stored.header
            same = (header.weights_checksum, header.data_checksum) == (card.weights_checksum, inputs.checksum)
            if same and header.data_samples == len(inputs):
                return stored
    counted = count_part(load_model(folder), inputs, folder, WHOLE, force=True)
    assert counted is not None  # one process
    os.replace(counted.path, path)
    return read_counts(path)
