"""How much less energy the network of a `_lean` recipe spends than the zoo network, and at what accuracy.

    python benchmarks/energy_aware.py                                  # digits, three seeds, about three minutes
    python benchmarks/energy_aware.py mnist fashion nmnist cifar10     # data in SNNHW_DATA; hours on a CPU
    python benchmarks/energy_aware.py nmnist --seeds 1 2 --runs runs --json lean.json

Trains the committed recipe with every seed into a run folder, unless a finished run of that recipe and seed lies there,
and counts both networks on the same samples, each in the deployment of the profile. Energies are the high ends of their
ranges. Beside them stands the INT8 twin of the new network: what an ANN of the same layers would cost. The last line
says for how many data sets every saving is 60 % or more at a mean accuracy within 0.3 points of the zoo network.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.files import write_text
from snnhw.simulation.engine import simulate
from snnhw.train.card import CARD, read_card
from snnhw.train.recipe import load_recipe
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model
from snnhw.workflows.train import train

DATA = ("digits", "mnist", "fashion", "nmnist", "cifar10")
PROFILES = ("loihi1-davies2018", "horowitz45-int8")
SEEDS = (1, 2, 3)
SAMPLES = 256  # of the test split, counted
SAVING, POINTS = 0.6, 0.3  # what is aimed at: share of energy saved, points of accuracy lost at most


@dataclass(frozen=True)
class Measured:
    """A network on the test split."""

    model: str
    accuracy: float  # of the whole split
    energy_nj: dict[str, float]  # by profile, high end, nJ per inference
    twin: dict[str, str]  # by profile, how its INT8 twin compares
    twin_nj: dict[str, float]  # by profile, high end


@dataclass(frozen=True)
class Outcome:
    """One data set: the zoo network and the runs of all seeds."""

    data: str
    zoo: Measured
    runs: tuple[Measured, ...]

    @property
    def points(self) -> list[float]:
        """Accuracy above the zoo network's, in points, by seed."""
        return [100 * (run.accuracy - self.zoo.accuracy) for run in self.runs]

    def savings(self, profile: str) -> list[float]:
        """Share of the zoo network's energy that is saved, by seed."""
        return [1 - run.energy_nj[profile] / self.zoo.energy_nj[profile] for run in self.runs]

    @property
    def reached(self) -> bool:
        """Every saving is large enough, and the mean accuracy near enough."""
        saved = all(min(self.savings(profile)) >= SAVING for profile in PROFILES)
        return saved and statistics.mean(self.points) >= -POINTS


def measured(model: str | Path, data: str) -> Measured:
    """Accuracy by the card of `model`, energies of the first samples of the test split."""
    loaded = load_model(model)
    inputs = load_inputs(f"{data}:test", None, loaded.timesteps).first(SAMPLES)
    graph = for_data(loaded, inputs).graph
    counts = count(graph, simulate(graph, inputs.values))
    energy, twins = {}, {}
    for name in PROFILES:
        profile = load_profile(name)
        energy[name] = estimate(counts, profile).per_inference
        twins[name] = ann_estimate(counts, profile, "int8").per_inference
    accuracy = loaded.card["accuracy"]
    assert isinstance(accuracy, float)
    return Measured(
        str(model),
        accuracy,
        {name: 1e9 * spent.high for name, spent in energy.items()},
        {name: compared(energy[name], twins[name]) for name in PROFILES},
        {name: 1e9 * spent.high for name, spent in twins.items()},
    )


def compared(network: Range, twin: Range) -> str:
    """Which of two ranges lies below the other."""
    if twin.high < network.low:
        return "the twin is cheaper"
    return "the network is cheaper" if network.high < twin.low else "their ranges overlap"


def trained(recipe: str, seed: int, runs: Path) -> Path:
    """The run folder of `recipe` with `seed`, which may start from the run of another recipe, made first."""
    start, settings = Path(load_recipe(recipe).start), [f"seed={seed}"]
    if start.parent.name:  # a folder, no network of the zoo
        settings.append(f"start={made(start.name, [], runs / start.name)}")
    return made(recipe, settings, runs / f"{recipe}_{seed}")


def made(recipe: str, settings: list[str], folder: Path) -> Path:
    """`folder`, into which `recipe` is trained unless it holds a finished run of just that."""
    if not (folder / CARD).is_file() or read_card(folder)[0].recipe != load_recipe(recipe, settings).to_dict():
        print(f"training {recipe} {' '.join(settings)}".rstrip(), file=sys.stderr, flush=True)
        train(recipe, settings, folder)
    return folder


def outcome(data: str, seeds: Sequence[int], runs: Path) -> Outcome:
    """Both networks of one data set."""
    zoo = measured(data, data)
    found = tuple(measured(trained(f"{data}_lean", seed, runs), data) for seed in seeds)
    return Outcome(data, zoo, found)


def spread(values: Sequence[float], form: str) -> str:
    """Mean and, of several values, the lowest and the highest."""
    mean = format(statistics.mean(values), form)
    return mean if len(values) == 1 else f"{mean} ({min(values):{form}} to {max(values):{form}})"


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown, a row for each data set and profile."""
    lines = [
        "| data | seeds | zoo accuracy | points, lean - zoo | profile | zoo nJ | lean nJ | saved % | INT8 twin nJ |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for found in outcomes:
        for name in PROFILES:
            lean = [run.energy_nj[name] for run in found.runs]
            twin = f"{statistics.mean(run.twin_nj[name] for run in found.runs):,.1f}: "
            of_data = f"| {found.data} | {len(found.runs)} | {found.zoo.accuracy:.2%} | {spread(found.points, '+.2f')} "
            lines.append(
                f"{of_data}| {name} | "
                f"{found.zoo.energy_nj[name]:,.1f} | {spread(lean, ',.1f')} | "
                f"{spread([100 * saved for saved in found.savings(name)], '.1f')} | "
                f"{twin}{', '.join(sorted({run.twin[name] for run in found.runs}))} |"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where a data set does not reach what is aimed at."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="*", default=["digits"], help=", ".join(DATA))
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, help="folder of the runs, kept and used again (default: none is kept)")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    given = parser.parse_args(arguments)
    for name in given.data:
        if name not in DATA:
            parser.error(f"{name!r} is no data set of the zoo; choose from {', '.join(DATA)}")
    found: list[Outcome] = []
    with TemporaryDirectory() as nowhere:
        for name in given.data:
            try:
                found.append(outcome(name, given.seeds, given.runs or Path(nowhere)))
            except InputError as error:
                print(f"{name} is left out: {error}")
    print(table(found))
    if given.json is not None:
        plain = [{**asdict(one), "points": one.points, "reached": one.reached} for one in found]
        write_text(given.json, json.dumps(plain, indent=2) + "\n")
    reached = sum(one.reached for one in found)
    print(
        f"{100 * SAVING:.0f} % less energy within {POINTS} points of accuracy: {reached} of {len(given.data)} data sets"
    )
    return 0 if reached == len(given.data) else 1


if __name__ == "__main__":
    sys.exit(main())
