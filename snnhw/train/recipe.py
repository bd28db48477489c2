"""Recipes: everything a training run depends on, as one frozen value read from TOML (see `snnhw/train/recipes`)."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from snnhw.errors import InputError, unknown
from snnhw.gates.plain_text import parse_toml, read_toml, shown
from snnhw.gates.shipped import names_in
from snnhw.nn.limits import MOST_TIMESTEPS
from snnhw.train.augment import AUGMENTATIONS

FOLDER = Path(__file__).parent / "recipes"
LARGEST = sys.float_info.max
MOST_PIXELS = 4096  # of a side of an image, and of what an augmentation does to it
LONGEST_EPOCH = 9  # digits of the number of an epoch
KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}  # else a table
RANGES: dict[str, tuple[float, float]] = {  # smallest and largest value of a key
    "epochs": (1, 100_000),
    "batch": (1, 2**20),
    "accumulate": (1, 2**20),
    "lr": (0, LARGEST),
    "momentum": (0, 1),
    "weight_decay": (0, LARGEST),
    "step_epochs": (1, LARGEST),
    "step_factor": (0, LARGEST),
    "warmup": (0, LARGEST),
    "tet_lambda": (0, 1),
    "tet_mean": (-LARGEST, LARGEST),
    "label_smoothing": (0, 1),
    "ema": (0, 0.999999),
    "norm_batches": (0, 100_000),
    "fraction": (1e-9, 1),
    "epoch_steps": (0, 10**6),
    "test_samples": (0, 2**31),
    "seed": (0, 2**32 - 1),  # of NumPy's generators
    "threads": (0, 1024),
    "energy_weight": (0, LARGEST),
    "energy_target_nj": (0, LARGEST),
    "level_gates": (0, 1),
    "teacher_share": (0, 1),
    "teacher_temperature": (0.01, 1000),
}


@dataclass(frozen=True)
class Recipe:
    """Model, data and training; the schedule is a function of the epoch alone, so a run can be resumed."""

    name: str
    model: str  # of snnhw.nn.models.MODELS
    data: str  # of snnhw.data.datasets.NAMES, or an .npz file, FILE.py:NAME or module:NAME (snnhw.data.own)
    test: str = ""  # .npz file with the test split of own data
    arguments: Mapping[str, object] = field(default_factory=dict)  # of the model, in place of its defaults
    relu: bool = False  # train the ReLU twin
    start: str = ""  # trained network whose weights the run begins with: a run folder or a zoo name; "": random ones
    teacher: str = ""  # trained network whose logits on the same batch are imitated, likewise; "": none
    teacher_share: float = 0.5  # of the imitation in the loss; the rest is that of the targets
    teacher_temperature: float = 2.0  # by which the logits of both are divided there
    epochs: int = 10
    timesteps_from: Mapping[str, int] = field(default_factory=dict)  # {0 = 1, 8 = 4}: T is 1, from epoch 8 on 4
    pixels_from: Mapping[str, int] = field(
        default_factory=dict
    )  # height and width that images are resized to, likewise
    batch: int = 64  # samples per process and optimiser step
    accumulate: int = 1  # equal pieces into which a batch is cut to save memory; norms see the statistics of a piece
    packed_spikes: bool = False  # keep the spikes for backward as bytes: about a third less, with the same gradients
    optimiser: Literal["sgd", "adamw"] = "sgd"
    lr: float = 0.1
    momentum: float = 0.9  # of sgd
    weight_decay: float = 1e-4  # not on norms and biases unless decay_all
    decay_all: bool = False
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    step_epochs: int = 40  # "step": the rate falls by step_factor every so many epochs
    step_factor: float = 0.1
    warmup: float = 0.0  # epochs of linear rise
    loss: Literal["mean", "tet"] = "mean"  # cross-entropy of the mean logits, or TET (Deng et al., 2022)
    tet_lambda: float = 0.05  # share of TET's term that pulls the logits of every step to tet_mean
    tet_mean: float = 1.0
    label_smoothing: float = 0.0
    energy_weight: float = 0.0  # of the energy in the loss, as a share of what it costs if everything fires; 0: none
    energy_target_nj: float = 0.0  # nJ per inference at the high end: the weight is then a multiplier; 0: no target
    energy_profile: str = ""  # whose constants price the spikes; "": loihi1-davies2018
    energy_deployment: str = ""  # how the levels are deployed, one of passes.DEPLOYMENTS; "": as the profile says
    level_gates: float = 0.0  # share of the epochs in which levels above the first have gates and may go; 0: none
    any_timesteps: bool = False  # every batch runs for 1 to T steps, drawn anew, so that all of them can be used
    augment: Mapping[str, float] = field(default_factory=dict)  # of snnhw.train.augment.AUGMENTATIONS
    validation: float = 0.1  # share of the training split that is held out
    fraction: float = 1.0  # share of what is left of each class that is trained on, at least one sample of each
    epoch_steps: int = 0  # of the optimiser in an epoch, samples being shown again where they are too few; 0: one pass
    test_samples: int = 0  # of the test split, the first so many; 0: all
    keep: Literal["best", "last"] = "best"  # which epoch's weights the run ends with, judged on the held-out share
    ema: float = 0.0  # decay of a moving average of the weights, which is judged and kept in their place; 0: none
    norm_batches: int = 0  # batches of plain samples on which norms take their statistics anew at the end; 0: kept
    precision: Literal["32-true", "bf16-mixed", "64-true"] = "32-true"
    channels_last: bool = False  # images as [N, H, W, C] in the memory of a GPU; the loops of the CPU want [N, C, H, W]
    seed: int = 1
    threads: int = 0  # of torch on the CPU; 0: as the machine has it

    @property
    def gated_epochs(self) -> int:
        """The first so many epochs have gates on levels."""
        return round(self.level_gates * self.epochs)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


def recipe_names() -> tuple[str, ...]:
    """Recipes that come with the package."""
    return names_in(FOLDER)


def load_recipe(source: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Recipe by name or from a TOML file; overrides are "key=value", with a dot into tables: "arguments.timesteps=2".

    Raises:
        InputError: the recipe, a key or the type of a value is unknown; the message names it.
    """
    path = Path(source)
    if str(source) in recipe_names():
        path = FOLDER / f"{source}.toml"
    elif not os.path.exists(path):
        raise unknown("recipe", source, recipe_names(), "a TOML file")
    values: dict[str, object] = {"name": path.stem, **read_toml(path, "recipe", "give a TOML file")}
    settings = list(overrides)
    for override in settings:
        set_value(values, override)
    where = f"The recipe {source} with {', '.join(map(shown, settings))}" if settings else str(path)
    return recipe_from(values, where)


def recipe_from(values: Mapping[str, object], where: str = "the recipe") -> Recipe:
    """Recipe from plain values, checked.

    Raises:
        InputError: a key is missing or unknown or a value has the wrong type or range.
    """
    fields = {f.name: f for f in dataclasses.fields(Recipe)}
    for key in sorted(set(values) - set(fields)):
        raise InputError(f"{where} has the unknown key {shown(key)}; it may have {', '.join(fields)}.")
    for key in ("name", "model", "data"):
        if key not in values:
            raise InputError(f'{where} has no {key!r}; add the line {key} = "...".')
    hints = get_type_hints(Recipe)
    recipe = Recipe(**{key: _checked(key, value, hints[key], where) for key, value in values.items()})
    for key, (lowest, highest) in RANGES.items():
        value = getattr(recipe, key)
        if not lowest <= value <= highest:  # not a number is in no range
            raise InputError(f"{where} has {key} = {shown(value)}; give {_range(lowest, highest)}.")
    if recipe.batch % recipe.accumulate:
        raise InputError(
            f"{where} cuts a batch of {recipe.batch} into {recipe.accumulate} pieces; give a divisor of the batch, "
            "for pieces of one size."
        )
    _check_augmentations(recipe.augment, where)
    for key in ("timesteps_from", "pixels_from"):
        for start, value in getattr(recipe, key).items():
            most = MOST_TIMESTEPS if key == "timesteps_from" else MOST_PIXELS
            epoch = start.isdecimal() and len(start) <= LONGEST_EPOCH
            if not epoch or type(value) is not int or not 1 <= value <= most:
                given = f"{{ {shown(start)} = {shown(value)} }}"
                raise InputError(f"{where} has {key} = {given}; give epochs and numbers of 1 to {most}.")
    for key in ("energy_target_nj", "energy_profile", "energy_deployment", "level_gates"):
        if getattr(recipe, key) and not recipe.energy_weight:
            raise InputError(f"{where} has {key} and no energy_weight, without which nothing is priced; give both.")
    if recipe.energy_weight and recipe.relu:
        raise InputError(f"{where} trains a ReLU twin, whose activations have no price; leave energy_weight out.")
    if recipe.level_gates and not 0 < recipe.gated_epochs < recipe.epochs:
        raise InputError(
            f"{where} has level_gates = {recipe.level_gates}, {recipe.gated_epochs} of {recipe.epochs} epochs; "
            "give a share that leaves at least one epoch with and one without gates."
        )
    if recipe.level_gates and recipe.packed_spikes:
        raise InputError(f"{where} has level_gates, whose spikes are no whole numbers; leave packed_spikes out.")
    of_units = recipe.arguments.get("thresholds_of")
    apart = of_units.values() if isinstance(of_units, dict) else ()
    for given in (recipe.arguments.get("thresholds"), *apart):
        if isinstance(given, list | tuple) and any(isinstance(one, int | float) and one < 0 for one in given):
            raise InputError(
                f"{where} has the thresholds {shown(list(given))}; give none below 0, at which a unit fires at rest."
            )
    if not 0.0 <= recipe.validation < 1.0:
        raise InputError(f"{where} holds out {recipe.validation} of the training split; give 0 to below 1.")
    return recipe


def _check_augmentations(amounts: Mapping[str, object], where: str) -> None:
    for name, amount in amounts.items():
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= MOST_PIXELS:
            raise InputError(f"{where} augments by {name} = {shown(amount)}; give a number of 0 to {MOST_PIXELS}.")


def _range(lowest: float, highest: float) -> str:
    return f"{lowest} to {highest}" if highest < LARGEST else f"at least {lowest}"


def _checked(key: str, value: Any, kind: Any, where: str) -> Any:
    choices = get_args(kind)
    if getattr(kind, "__origin__", None) is Literal:
        if value not in choices:
            raise InputError(f"{where} has {key} = {shown(value)}; choose one of {', '.join(map(str, choices))}.")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = dict if choices else kind
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise InputError(f"{where} has {key} = {shown(value)}; give {KINDS.get(wanted, 'a table')}.")
    return value


def set_value(values: dict[str, object], override: str) -> None:
    """Write "key=value" into a table, with TOML's values and a bare word as a string; dots lead into tables in it.

    Raises:
        InputError: there is no equals sign, or a dot leads into what is no table.
    """
    key, equals, text = override.partition("=")
    if not equals or not key or key.count(".") > 8:
        raise InputError(f"Setting {shown(override)} is not key=value; write for example epochs=3.")
    try:
        read = parse_toml(f"value = {text}")
    except ValueError:
        read = {}
    value = read["value"] if set(read) == {"value"} else text  # a bare word, as in schedule=step
    *tables, last = key.strip().split(".")
    place = values
    for table in tables:
        inner = place.setdefault(table, {})
        if not isinstance(inner, dict):
            raise InputError(f"Setting {shown(override)} goes into {table!r}, which is no table; drop the dot.")
        place = inner
    place[last] = value
