"""Progress of a run on the terminal: bar, rate, time left, loss and accuracy. Without a console nothing is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Rate(ProgressColumn):
    """Samples per second."""

    def render(self, task: Task) -> Text:
        """Rate of the last moments."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} samples/s")


class TrainingBar:
    """Context manager that shows every batch and the end of every epoch."""

    def __init__(self, console: Console | None, epochs: int, epoch: int, samples: int) -> None:
        self.epochs, self.samples = epochs, samples
        self.bar = Progress(
            TextColumn("epoch"),
            TextColumn("{task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
            console=console or Console(stderr=True),
            disable=console is None,
        )
        done = epoch * samples
        self.task = self.bar.add_task(
            "train", total=epochs * samples, completed=done, epoch=epoch, epochs=epochs, state=""
        )

    def __enter__(self) -> TrainingBar:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def batch(self, samples: int) -> None:
        """Advance the bar by a batch of `samples`."""
        self.bar.advance(self.task, samples)

    def epoch(self, row: Mapping[str, float]) -> None:
        """Show the row of `metrics.csv` of an epoch that has ended."""
        state = f"loss {row['train_loss']:.3f}"
        if "validation_accuracy" in row:
            state += f"  validation {100 * row['validation_accuracy']:.1f} %"
        self.bar.update(self.task, completed=row["epoch"] * self.samples, epoch=int(row["epoch"]), state=state)
