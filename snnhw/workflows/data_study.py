"""Accuracy against the size of the training set: many small trainings, each a run folder, and what they add up to.

The same call again goes on where a study was stopped: finished runs are read, a killed one goes on from its last epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.machine import MEASURED
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.data.datasets import stratified_split
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.parquet_file import no_parquet
from snnhw.progress import Progress
from snnhw.studies.plan import NETWORKS, Data, Plan, Point, check_plan
from snnhw.studies.result import DataStudy, Trained
from snnhw.train.card import CARD, Card, read_card
from snnhw.train.epoch import steps_per_epoch
from snnhw.train.fit import fit
from snnhw.train.recipe import Recipe, recipe_from
from snnhw.train.resume import plain
from snnhw.train.splits import Splits, load_splits, network_of
from snnhw.workflows.run_counts import counts_of_run
from snnhw.workflows.train import train

STAGE = "trainings"


@dataclass(frozen=True)
class Known:
    """The data of one recipe, as its networks see them."""

    data: Data
    spiking: Splits  # all training samples
    relu: Splits
    counted: Samples  # whose spikes are priced

    def splits(self, point: Point) -> Splits:
        """Those of a network."""
        return self.spiking if NETWORKS[point.network].spikes else self.relu


def data_study(plan: Plan, folder: Path, data: Path | None = None, progress: Progress | None = None) -> DataStudy:
    """Train what is not trained yet, count and price it.

    Args:
        plan: what is trained.
        folder: gets a run folder for each training.
        data: folder with data sets.
        progress: called with "trainings", finished ones, all of them.

    Raises:
        InputError: the plan, the data or the profile cannot be used, networks of a recipe differ in parameters, pyarrow
            is missing, or a run folder holds something else.
        FailedRunError: a training came to no good end.
    """
    known = check_study(plan, data)
    profile, points = load_profile(plan.profile), list(plan.points())
    runs: list[Trained] = []
    twins: dict[str, Mapping[str, Range]] = {}  # by recipe: they depend on the layers alone
    for done, point in enumerate(points):
        if progress is not None:
            progress(STAGE, done, len(points))
        run = trained(plan, point, known[point.recipe], folder, data)
        if NETWORKS[point.network].spikes:
            counts = counts_of_run(point.folder(folder), known[point.recipe].counted).counts
            run = replace(run, energy=estimate(counts, profile).per_inference)
            if point.recipe not in twins:
                found = ann_estimates(counts, profile)
                twins[point.recipe] = {key: twin.per_inference for key, twin in found.items()}
        runs.append(run)
    if progress is not None:
        progress(STAGE, len(points), len(points))
    return DataStudy(plan, tuple(runs), twins)


def check_study(plan: Plan, data: Path | None = None) -> dict[str, Known]:
    """The data of every recipe, where all trainings can begin.

    Raises:
        InputError: they cannot; the message says why.
    """
    check_plan(plan)
    if missing := no_parquet():
        raise InputError(f"The study keeps counts of spikes as Parquet files, and {missing}.")
    if load_profile(plan.profile).model == MEASURED:
        raise InputError(f"Profile {plan.profile!r} is a measurement of one network; choose one that prices any.")
    known = {}
    for recipe in plan.recipes:
        base = plan.base(recipe)
        splits = load_splits(base, data)
        events = splits.train.values.ndim == 5
        if events and not splits.train.binned:
            raise InputError(
                f"{base.data} has time steps of its own, so the ReLU twin cannot see it as one frame; give a recipe "
                "of a data set."
            )
        about = Data(base.epoch_steps or steps_per_epoch(base, splits.train, 1), events)
        relu = load_splits(plan.recipe_at(Point(recipe, "relu", 1.0, 1), about), data) if events else splits
        known[recipe] = Known(about, splits, relu, splits.test.first(plan.samples))
        check_parameters(plan, recipe, known[recipe])
    return known


def check_parameters(plan: Plan, recipe: str, known: Known) -> None:
    """Nothing, where all networks of a recipe have equally many parameters.

    Raises:
        InputError: they have not.
    """
    counts = {}
    for name in NETWORKS:
        point = Point(recipe, name, 1.0, 1)
        at = plan.recipe_at(point, known.data)
        network = network_of(at, known.splits(point).train)
        counts[name] = sum(parameter.numel() for parameter in network.parameters())
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise InputError(f"The networks of {recipe} differ in parameters ({listed}); choose a recipe of a DS-ResNet.")


def trained(plan: Plan, point: Point, known: Known, root: Path, data: Path | None = None) -> Trained:
    """The run of a point, trained where it is not finished.

    Raises:
        InputError: its folder holds a run of another recipe or of other data, or it cannot be trained.
    """
    recipe, folder, splits = plan.recipe_at(point, known.data), point.folder(root), known.splits(point)
    card = finished(folder, recipe, splits)
    if card is None:
        settings = plan.settings_at(point, known.data)
        card = train(point.recipe, settings, folder, partial(fit, data_dir=data, resume=True)).run.card
    return Trained(
        point=point,
        accuracy=card.accuracy,
        parameters=card.parameters,
        samples=many_of(recipe, splits.train),
        steps=recipe.epochs * recipe.epoch_steps,
        batch=recipe.batch,
        seconds=card.seconds,
        energy=None,
    )


def finished(folder: Path, recipe: Recipe, splits: Splits) -> Card | None:
    """The card of the run in `folder`; None where it is not finished.

    Raises:
        InputError: it is of another recipe or of other data.
    """
    if not (folder / CARD).exists():
        return None
    card, _ = read_card(folder)
    if plain(recipe_from(card.recipe, str(folder))) != plain(recipe):
        raise InputError(f"{folder} holds a run of another recipe; choose another folder for the study.")
    if (card.data_checksum, card.test_checksum) != (splits.checksum, splits.test.checksum):
        raise InputError(f"{folder} holds a run on other data called {recipe.data}; choose another folder.")
    return card


def many_of(recipe: Recipe, train: Samples) -> int:
    """Different samples that the recipe trains on, of all that there are."""
    if recipe.fraction == 1.0:
        return len(train)
    return len(stratified_split(train.labels(), recipe.fraction, recipe.seed)[1])
