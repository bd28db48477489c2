"""The SPEC of a sweep: a recipe, a space over its keys, and what is to be made small or large; read from TOML.

recipe = "digits"
trials = 60
profile = "loihi1-davies2018"

[set]
epochs = 10

[space]
"arguments.timesteps" = { low = 1, high = 4 }
"arguments.thresholds" = [[0.6], [0.6, 1.6]]
energy_weight = { low = 0.01, high = 10.0, log = true }
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnhw.analysis.hardware.floorline import no_bound
from snnhw.analysis.hardware.profiles import Profile, load_profile
from snnhw.analysis.report.report import CHIPS
from snnhw.errors import InputError, unknown
from snnhw.gates.plain_text import read_toml, shown
from snnhw.passes import DEPLOYMENTS
from snnhw.sweeps.dimension import Choice, Dimension, Drawn, Whole, dimensions, setting
from snnhw.train.recipe import Recipe, load_recipe

SAMPLERS = ("tpe", "nsga2", "grid")
OBJECTIVES = ("accuracy", "energy", "latency")
DEPLOYMENT = "deployment"  # the one dimension that is no key of a recipe: how the levels are deployed when priced
NOT_SWEPT = ("name", "data", "test", "relu", "validation", "seed")  # runs would be compared on other grounds
MOST_TRIALS, MOST_SAMPLES = 100_000, 2**31
DEFAULT_PROFILE = "loihi1-davies2018"
WHOLE: dict[str, tuple[int, int]] = {  # key of a whole number -> smallest and largest
    "trials": (1, MOST_TRIALS),
    "seed": (0, 2**32 - 1),
    "chips": (1, 1_000_000),
    "samples": (0, MOST_SAMPLES),
}


@dataclass(frozen=True)
class Spec:
    """What is swept, and how it is judged."""

    name: str
    recipe: str  # name or TOML file
    settings: tuple[str, ...]  # key=value, the same in all trials
    space: tuple[Dimension, ...]
    trials: int = 60
    sampler: str = "tpe"
    seed: int = 1  # of the draws; that of the training is the recipe's
    objectives: tuple[str, ...] = ("accuracy", "energy")
    profile: str = DEFAULT_PROFILE
    deployment: str = ""  # "": the profile's own
    chip: str = ""  # which a network has to fit; "": that of the profile, where it is one
    chips: int = 1  # so many of them at most
    samples: int = 0  # of the held-out ones, that are counted and judged; 0: all

    @property
    def size(self) -> int | None:
        """How many points the space has; None where a range of numbers has no end of them."""
        sizes = [dimension.size for dimension in self.space]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    @property
    def budget(self) -> int:
        """Trials that are made: none is made twice, so never more than the space has points."""
        return self.trials if self.size is None else min(self.trials, self.size)

    def point(self, index: int) -> dict[str, Drawn]:
        """The point with that number of a space that has an end, from 0; the last dimension changes first."""
        found: dict[str, Drawn] = {}
        for dimension in reversed(self.space):
            assert isinstance(dimension, Choice | Whole)
            index, at = divmod(index, dimension.size)
            found[dimension.key] = dimension.at(at)
        return {dimension.key: found[dimension.key] for dimension in self.space}

    def settings_at(self, point: Mapping[str, Drawn]) -> list[str]:
        """What `snnhw train` is given with `--set` at a point."""
        swept = [setting(dimension, point[dimension.key]) for dimension in self.space if dimension.key != DEPLOYMENT]
        return [*self.settings, *swept]

    def recipe_at(self, point: Mapping[str, Drawn]) -> Recipe:
        """The recipe at a point.

        Raises:
            InputError: it is none there; the message says why.
        """
        return load_recipe(self.recipe, self.settings_at(point))

    def deployment_at(self, point: Mapping[str, Drawn]) -> str:
        """How the levels are deployed at a point."""
        swept = point.get(DEPLOYMENT)
        return json.loads(str(swept)) if swept is not None else self.deployment or load_profile(self.profile).deployment

    @property
    def chip_asked(self) -> str:
        """The chip that a network has to fit; empty: none."""
        if self.chip:
            return self.chip
        profile = load_profile(self.profile)
        return next((name for name in CHIPS if profile.is_of(name)), "")

    def identity(self) -> dict[str, object]:
        """What makes two sweeps the same; more trials may be asked for later."""
        plain: dict[str, object] = json.loads(json.dumps(dataclasses.asdict(self)))
        return {key: value for key, value in plain.items() if key not in ("name", "trials")}

    def corners(self) -> Iterable[dict[str, Drawn]]:
        """Points with each value that must be allowed: one dimension after the other, the others at their first."""
        first = {dimension.key: dimension.ends[0] for dimension in self.space}
        yield first
        for dimension in self.space:
            for end in dimension.ends[1:]:
                yield {**first, dimension.key: end}


def read_spec(path: Path) -> Spec:
    """The SPEC of a file.

    Raises:
        InputError: a key, a range, a name or a value of the space is wrong; the message names it.
    """
    values = read_toml(path, "SPEC of a sweep", "give a TOML file with recipe and [space]")
    where, known = str(path), ["set", *(f.name for f in dataclasses.fields(Spec) if f.name not in ("name", "settings"))]
    for key in values:
        if key not in known:
            raise InputError(f"{where} has the unknown key {shown(key)}; it may have {', '.join(known)}.")
    for key in ("recipe", "space"):
        if key not in values:
            raise InputError(f"{where} has no {key}; add {'recipe = ...' if key == 'recipe' else 'a table [space]'}.")
    for key in ("set", "space"):
        if not isinstance(values.get(key, {}), Mapping):
            raise InputError(f"{where} has {key} = {shown(values[key])}; give a table.")
    given: dict[str, Any] = {key: value for key, value in values.items() if key not in ("set", "space", "recipe")}
    _check_kinds(given, where)
    if "objectives" in given:
        given["objectives"] = tuple(given["objectives"])
    space = dimensions(values["space"], where)
    spec = Spec(path.stem, _recipe(values["recipe"], path), _fixed(values.get("set", {}), where), space, **given)
    _check(spec, where)
    return spec


def with_trials(spec: Spec, trials: int | None) -> Spec:
    """The SPEC with other trials, where they are given.

    Raises:
        InputError: there are too few or too many.
    """
    if trials is None:
        return spec
    _check_kinds({"trials": trials}, "--trials")
    return dataclasses.replace(spec, trials=trials)


def _recipe(name: object, path: Path) -> str:
    """The recipe; a file is looked for beside the SPEC."""
    if not isinstance(name, str) or not name:
        raise InputError(f"{path} has recipe = {shown(name)}; give the name of a recipe or a TOML file.")
    beside = path.parent / name
    return str(beside) if name.endswith(".toml") and beside.exists() else name


def _fixed(table: Mapping[str, object], where: str) -> tuple[str, ...]:
    """[set] as key=value; tables in it are dotted keys."""
    found: list[str] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            found += [f"{key}.{inner}" for inner in _fixed(value, where)]
            continue
        try:
            found.append(f"{key}={json.dumps(value, allow_nan=False)}")
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{where} sets {shown(key)} to what no recipe can have ({error}); leave it out."
            ) from error
    return tuple(found)


def _check_kinds(given: Mapping[str, object], where: str) -> None:
    for key, value in given.items():
        if key in WHOLE:
            low, high = WHOLE[key]
            if type(value) is not int or not low <= value <= high:
                raise InputError(f"{where} has {key} = {shown(value)}; give a whole number of {low:,} to {high:,}.")
        elif key == "objectives":
            if not isinstance(value, list) or not value or len(set(map(str, value))) < len(value):
                raise InputError(f"{where} has objectives = {shown(value)}; give a list of {', '.join(OBJECTIVES)}.")
        elif not isinstance(value, str):
            raise InputError(f"{where} has {key} = {shown(value)}; give a text.")


def _check(spec: Spec, where: str) -> None:
    if not spec.space:
        raise InputError(f"{where} has an empty space; give at least one key of the recipe and its values.")
    if spec.sampler not in SAMPLERS:
        raise unknown("sampler", spec.sampler, SAMPLERS)
    for objective in spec.objectives:
        if objective not in OBJECTIVES:
            raise unknown("objective", objective, OBJECTIVES)
    if spec.sampler == "grid" and spec.size is None:
        raise InputError(f'{where} has a range of numbers, which no grid ends; give lists, or sampler = "tpe".')
    fixed = {setting.partition("=")[0] for setting in spec.settings}
    for dimension in spec.space:
        if dimension.key in fixed:
            raise InputError(f"{where} has {dimension.key} in [set] and in [space]; leave it in one of them.")
    if spec.chip and spec.chip not in CHIPS:
        raise unknown("chip whose place is stored with the counts", spec.chip, CHIPS)
    check_keys(spec.space, where)
    check_pricing(spec, load_profile(spec.profile), where)
    for point in spec.corners():
        try:
            recipe = spec.recipe_at(point)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        if not recipe.validation:
            raise InputError(
                f"{where} holds no sample out, and trials that are chosen by their test accuracy flatter it; give "
                "validation in [set]."
            )


def check_keys(space: Iterable[Dimension], where: str) -> None:
    """Nothing, where every dimension is a key of a recipe that may differ between trials.

    Raises:
        InputError: one is not.
    """
    known = [field.name for field in dataclasses.fields(Recipe) if field.name not in NOT_SWEPT]
    seen: set[str] = set()
    for dimension in space:
        root = dimension.key.partition(".")[0]
        if root in NOT_SWEPT:
            raise InputError(f"{where} sweeps {root}, and such trials cannot be compared; write it into [set].")
        if root not in known and dimension.key != DEPLOYMENT:
            raise unknown("key of a recipe", dimension.key, [DEPLOYMENT, *known])
        if dimension.key in seen:
            raise InputError(f"{where} has {dimension.key} twice in its space; leave one of them out.")
        seen.add(dimension.key)


def check_pricing(spec: Spec, profile: Profile, where: str) -> None:
    """Nothing, where the profile prices every deployment of the SPEC and has the times of what is asked for.

    Raises:
        InputError: it does not.
    """
    if profile.model == "measured":
        raise InputError(
            f"Profile {profile.name!r} is a measurement of one network; {where} needs one that prices any."
        )
    ways = {str(spec.deployment_at(point)) for point in spec.corners()}
    for way in sorted(ways):
        if way not in DEPLOYMENTS:
            raise unknown("deployment", way, DEPLOYMENTS)
        if spec.chip_asked and not DEPLOYMENTS[way].fits_cores:
            raise InputError(f"{where} deploys as {way}, which cannot be placed on {spec.chip_asked}; choose another.")
    if "latency" in spec.objectives and not has_latency(spec, profile):
        why = no_bound(profile) or f"{profile.name} is of none of the chips {', '.join(CHIPS)}"
        raise InputError(f"{where} asks for latency, and {why}; leave latency out or choose another profile.")


def has_latency(spec: Spec, profile: Profile) -> bool:
    """Whether the least time of a sample is known for the chip of the sweep."""
    return bool(spec.chip_asked) and profile.is_of(spec.chip_asked) and not no_bound(profile)
