"""A sweep made, taken up again or priced anew: every trial a run folder with the counts of its held-out samples.

Takes a SPEC and a place; gives a `SweepResult`. Any number of processes and machines may work at one sweep: each asks
the storage what is left, and nobody need know of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.place import COUNTS
from snnhw.analysis.stored.table import read_counts
from snnhw.errors import InputError
from snnhw.gates.text import file_name
from snnhw.sweeps.dimension import Drawn
from snnhw.sweeps.importance import importances
from snnhw.sweeps.lives import Watch, beating, living, sweep_up
from snnhw.sweeps.outcome import Outcome, Pricing, outcome_of
from snnhw.sweeps.queue import Queue, folder_of
from snnhw.sweeps.reading import tried
from snnhw.sweeps.result import SweepResult, Tried
from snnhw.sweeps.spec import Spec, check_pricing, has_latency
from snnhw.sweeps.storage import open_study
from snnhw.train.fit import fit
from snnhw.train.splits import load_splits, network_of
from snnhw.workflows.pricing import pricing_of
from snnhw.workflows.run_counts import counts_of_run
from snnhw.workflows.train import train

LONGEST = 500  # characters of what is kept of an error


@dataclass(frozen=True)
class Place:
    """Where a sweep lies."""

    folder: Path  # run folders, journal, report
    url: str | None = None  # of a database in place of the journal
    data: Path | None = None  # folder with data sets


def place_of(spec: Spec, folder: Path | None = None, url: str | None = None, data: Path | None = None) -> Place:
    """The place, by default sweeps/NAME."""
    return Place(folder or Path("sweeps") / file_name(spec.name), url, data)


def check_trials(spec: Spec, place: Place) -> None:
    """Nothing, where the data are there and each value of the space gives a network and a price.

    Raises:
        InputError: one does not; the message says why.
    """
    splits, known = None, set()
    for point in spec.corners():
        recipe = spec.recipe_at(point)
        pricing_of(recipe)
        splits = splits or load_splits(recipe, place.data)
        network = (recipe.model, repr(recipe.arguments))
        if network not in known:
            network_of(recipe, splits.train)
            known.add(network)


def make_trials(
    spec: Spec, place: Place, told: Callable[[], None] | None = None, wanted: Callable[[], bool] | None = None
) -> None:
    """Make trials until none is left: what one worker does.

    Args:
        spec: of the sweep.
        place: of the sweep.
        told: called after each trial.
        wanted: asked before each trial; False ends the work.

    Raises:
        InputError: the storage cannot be used, or the folder not be written. What a trial raises is kept with it.
    """
    study = open_study(spec, place.folder, place.url)
    queue = Queue(spec, study, Watch(place.folder))
    with living(place.folder) as me:
        while wanted is None or wanted():
            trial = queue.next(me)
            if trial is None:
                sweep_up(place.folder)
                return
            with beating(trial):
                outcome, sentence = attempt(spec, place, queue.root(trial), trial.params)
            if outcome is None:
                queue.fail(trial, sentence)
            else:
                queue.complete(trial, outcome)
            if told is not None:
                told()


def attempt(spec: Spec, place: Place, root: int, point: Mapping[str, Drawn]) -> tuple[Outcome | None, str]:
    """The outcome of a point, or the sentence of what kept it from one; no exception of a trial ends a sweep."""
    try:
        return run_trial(spec, place, root, point), ""
    except InputError as error:
        return None, str(error)[:LONGEST]
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:LONGEST]


def run_trial(spec: Spec, place: Place, root: int, point: Mapping[str, Drawn]) -> Outcome:
    """Train the recipe at a point, count its held-out samples and price them; goes on where a killed trial stopped.

    Raises:
        InputError: as `snnhw.workflows.train.train` and `counts_of_run`, or the recipe holds no sample out.
    """
    folder = folder_of(place.folder, root)
    recipe = spec.recipe_at(point)
    run = train(spec.recipe, spec.settings_at(point), folder, partial(fit, data_dir=place.data, resume=True)).run
    held_out = load_splits(recipe, place.data).validation
    if held_out is None:
        raise InputError(f"Recipe {recipe.name!r} holds no sample out, so no trial can be judged; give validation.")
    inputs = replace(held_out, name=f"{held_out.name}, held out").first(spec.samples or None)
    counts_of_run(folder, inputs)
    return _priced(spec, folder, spec.deployment_at(point), run.card.accuracy)


def result_of(spec: Spec, place: Place) -> SweepResult:
    """What the storage knows of a sweep.

    Raises:
        InputError: there is none.
    """
    found = tried(open_study(spec, place.folder, place.url, new=False), place.folder)
    return SweepResult(spec, spec.profile, spec.objectives, found, importances(spec, found, spec.objectives))


def rescore(spec: Spec, place: Place, profile: str) -> SweepResult:
    """The sweep priced on another profile, from the counts of its trials, without a network.

    Trials whose counts are not on this machine are left out, and so is latency where the profile bounds none; both are
    said.

    Raises:
        InputError: there is no such sweep or profile, or the profile prices no network.
    """
    loaded, notes = load_profile(profile), []
    other = replace(spec, profile=profile)
    if "latency" in spec.objectives and not has_latency(other, loaded):
        other = replace(other, objectives=tuple(one for one in spec.objectives if one != "latency"))
        notes.append(f"{loaded.name} bounds no time, so latency is no objective here")
    if not other.objectives:
        raise InputError(f"{loaded.name} bounds no time, and latency is all that {spec.name} asks for; choose another.")
    check_pricing(other, loaded, "the sweep")
    found, away = [], 0
    for one in tried(open_study(spec, place.folder, place.url, new=False), place.folder):
        if one.outcome is None or (Path(one.folder) / COUNTS).is_file():
            found.append(_repriced(other, one))
        else:
            away += 1
    if away:
        notes.append(f"{away} trials are left out, whose counts lie on other machines")
    shares = importances(other, found, other.objectives)
    return SweepResult(other, loaded.name, other.objectives, tuple(found), shares, tuple(notes))


def _repriced(spec: Spec, one: Tried) -> Tried:
    if one.outcome is None:
        return one
    return replace(
        one, outcome=_priced(spec, Path(one.folder), spec.deployment_at(one.point), one.outcome.test_accuracy)
    )


def _priced(spec: Spec, folder: Path, deployment: str, test_accuracy: float | None) -> Outcome:
    pricing = Pricing(load_profile(spec.profile), spec.chip_asked, spec.chips)
    return outcome_of(read_counts(folder / COUNTS), pricing, deployment, test_accuracy)
