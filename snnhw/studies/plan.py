"""Which trainings a study of data fractions consists of: every recipe, network, fraction and seed.

The networks of a recipe have the same layers, so the same weights in number; what differs is their units and where a
block fires. All get the same steps of the optimiser at every fraction: `epoch_steps` of the recipe, or else as many as
all of its data fill. No sample is held out, and the last weights are kept, so that nothing is chosen by more data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.plain_text import shown
from snnhw.gates.text import file_name
from snnhw.train.depth_study import THRESHOLDS
from snnhw.train.recipe import Recipe, load_recipe

RECIPES = ("digits_little", "fashion_little", "nmnist_little")
MOST_SEEDS = 100
OWN = ("fraction", "seed", "validation", "keep", "relu")  # keys of a recipe that the study sets


@dataclass(frozen=True)
class Network:
    """One of the networks that are compared."""

    title: str
    settings: tuple[str, ...]  # of the recipe
    spikes: bool = True


def _spiking(levels: int, block: str) -> tuple[str, ...]:
    thresholds = f"arguments.thresholds={list(THRESHOLDS[:levels])}"
    return (thresholds, f"arguments.downsample_sum={block}", "arguments.neuron=mlf")


NETWORKS: Mapping[str, Network] = {
    "mlf1": Network("MLF, K = 1", _spiking(1, "ds")),
    "mlf2": Network("MLF, K = 2", _spiking(2, "ds")),
    "mlf3": Network("MLF, K = 3", _spiking(3, "ds")),
    "plain": Network("plain spiking ResNet", _spiking(1, "plain")),
    "relu": Network("ReLU twin", (*_spiking(1, "ds"), "relu=true", "timesteps_from={}"), spikes=False),
}


@dataclass(frozen=True)
class Point:
    """One training."""

    recipe: str
    network: str  # of NETWORKS
    fraction: float
    seed: int

    def folder(self, root: Path) -> Path:
        """Its run folder."""
        return root / "runs" / file_name(Path(self.recipe).stem) / self.network / f"{self.fraction:g}-seed{self.seed}"


@dataclass(frozen=True)
class Data:
    """What the plan has to know of a recipe's data."""

    steps: int  # of the optimiser that all training samples fill in an epoch
    events: bool  # they are events, binned into the time steps of the recipe


@dataclass(frozen=True)
class Plan:
    """What is trained and how it is judged."""

    fractions: tuple[float, ...]  # of the training samples, ascending
    recipes: tuple[str, ...] = RECIPES
    seeds: int = 5  # 1, 2, ... of the weights, the order, and which samples a fraction consists of
    settings: tuple[str, ...] = ()  # key=value, of every recipe
    profile: str = "loihi1-davies2018"
    samples: int = 64  # the first of the test split, whose spikes are counted and priced
    targets: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)  # accuracies whose energy is asked for

    def points(self) -> Iterator[Point]:
        """All trainings, seed by seed, so that a study that is stopped has whole seeds."""
        for seed in range(1, self.seeds + 1):
            for recipe in self.recipes:
                for fraction in self.fractions:
                    for network in NETWORKS:
                        yield Point(recipe, network, fraction, seed)

    def base(self, recipe: str) -> Recipe:
        """The recipe on all data, before a network is chosen."""
        return load_recipe(recipe, [*self.settings, "validation=0.0", "keep=last"])

    def recipe_at(self, point: Point, data: Data) -> Recipe:
        """The recipe of a training.

        Raises:
            InputError: it is none; the message says why.
        """
        return load_recipe(point.recipe, self.settings_at(point, data))

    def settings_at(self, point: Point, data: Data) -> list[str]:
        """What `snnhw train` would be given with `--set` for a training."""
        network = NETWORKS[point.network]
        steps = self.base(point.recipe).epoch_steps or data.steps
        own = (f"fraction={point.fraction!r}", f"seed={point.seed}", f"epoch_steps={steps}")
        frames = () if network.spikes or not data.events else ("arguments.timesteps=1",)
        return [*self.settings, "validation=0.0", "keep=last", *own, *network.settings, *frames]


def check_plan(plan: Plan) -> None:
    """Nothing, where the plan can be carried out as far as it says itself.

    Raises:
        InputError: there is no such recipe, two have one name, a setting is the study's own, or there are too few seeds
            for an interval.
    """
    if not 2 <= plan.seeds <= MOST_SEEDS:
        raise InputError(f"{plan.seeds} seeds were asked for; give 2 to {MOST_SEEDS}, since one has no spread.")
    names = [Path(recipe).stem for recipe in plan.recipes]
    if not names or len(set(names)) < len(names):
        raise InputError(f"The recipes {', '.join(names)} are none or one twice; name each once, by another file.")
    for setting in plan.settings:
        key = setting.partition("=")[0].strip()
        if key in OWN or key in ("arguments.thresholds", "arguments.downsample_sum", "arguments.neuron"):
            raise InputError(f"The study sets {key} itself, so {shown(setting)} would change nothing; leave it out.")
    for recipe in plan.recipes:
        plan.base(recipe)


def read_shares(text: str, option: str) -> tuple[float, ...]:
    """Numbers above 0 up to 1, such as "0.01,0.05,1", ascending.

    Raises:
        InputError: one is none, or is there twice.
    """
    found = []
    for word in text.split(","):
        try:
            found.append(float(word))
        except ValueError:
            raise InputError(
                f"{option} has {shown(word)}; give numbers above 0 up to 1 with commas between, such as 0.1,0.3,1."
            ) from None
    if not all(0 < share <= 1 for share in found) or len(set(found)) < len(found):
        raise InputError(f"{option} is {shown(text)}; give different numbers above 0 up to 1, such as 0.1,0.3,1.")
    return tuple(sorted(found))
