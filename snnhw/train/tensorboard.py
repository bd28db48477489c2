"""The columns of `metrics.csv` as TensorBoard scalars in the run folder, one step per epoch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from snnhw.errors import InputError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"


class ScalarLog:
    """Context manager that writes the row of every epoch that ends.

    Earlier event files are replaced by one that starts with the epochs a resumed run goes on from, so that every epoch
    is there once, whatever moment the earlier run was killed at.

    Args:
        out: run folder; None writes nothing.
        rows: of `metrics.csv`, one for each finished epoch.

    Raises:
        InputError: the package tensorboard is missing.
    """

    def __init__(self, out: Path | None, rows: Iterable[Mapping[str, float]]) -> None:
        self.writer: SummaryWriter | None = None
        if out is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise InputError(
                "TensorBoard's event files need the package tensorboard; call pip install snnhw[tensorboard]."
            ) from error
        for old in (out / FOLDER).glob("events.out.tfevents.*"):
            old.unlink()
        self.writer = SummaryWriter(str(out / FOLDER))
        for row in rows:
            self.epoch(row)

    def __enter__(self) -> ScalarLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer is not None:
            self.writer.close()

    def epoch(self, row: Mapping[str, float]) -> None:
        """Write the row of `metrics.csv` of an epoch that has ended."""
        if self.writer is None:
            return
        for name, value in row.items():
            if name != "epoch":
                self.writer.add_scalar(name, value, int(row["epoch"]))
        self.writer.flush()
