"""`energy.csv` of a run: where the energy of each epoch went, by unit and level; the sums are those of `metrics.csv`.

A row is a part of an epoch: a level of a unit, its graded spikes, a value of an input of events, or what a sample costs
whatever fires. The spikes of a level are its own, not those that the sum of all levels suggests.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnhw.files import write_text

ENERGY = "energy.csv"
COLUMNS = (
    *("epoch", "unit", "level", "threshold"),
    *("train_energy_pj", "probe_energy_pj", "probe_counted_pj"),  # per sample; as in metrics.csv
)
INPUT = "input"  # stands for the module path that an input has not
Row = Sequence[float | str | None]  # one value for each of COLUMNS


@dataclass(frozen=True)
class Part:
    """What energy is summed for.

    Level 0 is what no level has: the graded spikes of a unit, which cost the same whatever the value, and, with unit
    "", what a sample costs whatever its spikes.
    """

    unit: str  # module path
    level: int  # 1..K
    threshold: float | None = None

    @property
    def key(self) -> tuple[str, float]:
        """By which the same part is known in a network whose unit has other levels beside it."""
        return self.unit, float(self.level) if self.threshold is None else self.threshold


CONSTANT = Part("", 0)
Spent = Mapping[Part, float]  # pJ per sample


def energy_rows(epoch: int, trained: Spent, probed: Spent, counted: Spent) -> list[Row]:
    """Rows of epoch 1, 2, ...; a part that the probed network does not have costs nothing there."""
    by_key = [{part.key: spent for part, spent in found.items()} for found in (probed, counted)]
    return [
        [epoch, part.unit, part.level, part.threshold, spent, *(found.get(part.key, 0.0) for found in by_key)]
        for part, spent in trained.items()
    ]


def save_energy(path: Path, rows: Iterable[Row]) -> None:
    """Write `energy.csv` into the run folder `path`; nothing where there are no rows."""
    rows = list(rows)
    if not rows:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    write_text(path / ENERGY, text.getvalue())
