"""A recipe trained into a run folder, by one process or several; the caller says how progress is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from snnhw.gates.text import file_name
from snnhw.train.fit import fit
from snnhw.train.handed import NOTHING, Handed
from snnhw.train.recipe import Recipe, load_recipe
from snnhw.train.run import Run
from snnhw.workflows import processes
from snnhw.workflows.handed import handed_to


class Fit(Protocol):
    """`snnhw.train.fit.fit` with its other arguments chosen."""

    def __call__(self, recipe: Recipe, out: Path, /, *, handed: Handed = NOTHING) -> Run:
        """Train."""


@dataclass(frozen=True)
class Trained:
    """A finished run."""

    run: Run
    first: bool  # this process is the one of several that prints

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"path": str(self.run.path), "card": self.run.card.to_dict()}


def train(recipe: str, settings: Iterable[str] = (), folder: str | Path | None = None, fit: Fit = fit) -> Trained:
    """Train `recipe` into `folder`.

    Args:
        recipe: name or TOML file.
        settings: key=value, in place of what the recipe says.
        folder: of the run, by default runs/RECIPE.
        fit: the training loop.

    Raises:
        InputError: the recipe, a setting, the data or the folder cannot be used.
    """
    loaded = load_recipe(recipe, list(settings))
    handed = handed_to(loaded)
    with processes.left_together():
        run = fit(loaded, Path(folder or Path("runs") / file_name(loaded.name)), handed=handed)
        return Trained(run, processes.rank() == 0)
