"""A sweep of 60 trials on digits against all points of the same space: how much of the front it finds, at which cost.

    python benchmarks/sweep_front.py                                  # a sweep of 6 of 18 points, a minute
    python benchmarks/sweep_front.py --full --out fronts              # 60 trials of 180 points, 20 minutes on two cores
    python benchmarks/sweep_front.py --full --out fronts --replay 16  # how much chance there is in that

Both sweeps train the recipe `digits` with narrow widths, for accuracy and energy on loihi1-davies2018, with two
workers. The hypervolume is that of both fronts up to an accuracy of 0 and the dearest network of the grid, with the
energy on a logarithmic axis, since it spans orders of magnitude. The last line has both ratios: hypervolume of the
sweep over that of the grid (aimed at: 0.95 or more), and seconds of trials in the sweep over those in the grid (aimed
at: a third). With --out the folders are kept, and an unfinished run goes on.

One sweep is one draw of chance. With --replay the sampler draws that many sweeps anew, one trial after the other, with
other seeds; since training gives the same every time, each trial gets the outcome that its point has in the grid.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import optuna

from snnhw.files import write_text
from snnhw.sweeps.front import Losses, hypervolume
from snnhw.sweeps.result import SweepResult, Tried
from snnhw.sweeps.sampler import OnceEach, suggest
from snnhw.sweeps.spec import Spec, read_spec
from snnhw.workflows.sweep import Place
from snnhw.workflows.sweep_workers import sweep

SPEC = """
recipe = "digits"
trials = {trials}
sampler = "{sampler}"
[set]
epochs = {epochs}
validation = 0.2
[space]
arguments.timesteps = {steps}
arguments.thresholds = [[0.6], [0.6, 1.6], [0.6, 1.6, 2.6]]
arguments.widths = {widths}
energy_weight = {weights}
"""
QUICK = {"epochs": 1, "steps": [1, 2, 3], "widths": [[2, 4, 4], [4, 4, 8]], "weights": [0.0]}
FULL = {
    "epochs": 6,
    "steps": [1, 2, 3, 4],
    "widths": [[4, 8, 8], [4, 8, 16], [8, 12, 24]],
    "weights": [0.0, 0.1, 0.3, 1.0, 3.0],
}
TRIALS = {"quick": (6, 18), "full": (60, 180)}
LEAST, MOST_COST = 0.95, 1 / 3


@dataclass(frozen=True)
class Ratios:
    """The sweep over the grid."""

    hypervolume: float
    cost: float  # seconds of all trials

    @property
    def reached(self) -> bool:
        """Whether both are what is aimed at; a tenth more cost is the noise of a busy machine."""
        return self.hypervolume >= LEAST and self.cost <= 1.1 * MOST_COST


def losses(result: SweepResult) -> list[Losses]:
    """Error and logarithm of the energy of all trials that fit."""
    found = [one.outcome for one in result.tried if one.fits and one.outcome is not None]
    return [(1 - one.accuracy, math.log10(one.energy.high)) for one in found]


def ratios(tried: SweepResult, grid: SweepResult) -> Ratios:
    """Both ratios; the reference is an accuracy of 0 at the largest energy of the grid."""
    of_grid = losses(grid)
    reference = (1.0, max(energy for _, energy in of_grid))
    volume = hypervolume(losses(tried), reference) / hypervolume(of_grid, reference)
    return Ratios(volume, sum(one.seconds for one in tried.tried) / sum(one.seconds for one in grid.tried))


def replayed(grid: SweepResult, spec: Spec, seed: int) -> Ratios:
    """Both ratios of a sweep of `spec` with another seed, whose trials get the outcomes of the grid."""
    known = {json.dumps(dict(one.point), sort_keys=True): one for one in grid.tried}
    spec = replace(spec, seed=seed)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=OnceEach(spec))
    tried: list[Tried] = []
    for _ in range(spec.budget):
        trial = study.ask()
        point = {dimension.key: suggest(trial, dimension) for dimension in spec.space}
        one = known[json.dumps(point, sort_keys=True)]
        assert one.outcome is not None
        tried.append(one)
        study.tell(trial, [one.outcome.accuracy, one.outcome.energy.high])
    return ratios(replace(grid, tried=tuple(tried)), grid)


def made(folder: Path, name: str, trials: int, parts: dict[str, object], workers: int) -> SweepResult:
    """The sweep in its folder."""
    sampler = "grid" if name == "grid" else "tpe"
    path = write_text(folder / f"{name}.toml", SPEC.format(trials=trials, sampler=sampler, **parts))
    print(f"{name}: {trials} trials", file=sys.stderr, flush=True)
    return sweep(read_spec(path), Place(folder / name), workers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both fronts and the ratios; 1 where they are not reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="60 trials of 180 points")
    parser.add_argument("--out", type=Path, help="folder of both sweeps (default: none is kept)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--replay", type=int, default=0, help="how many sweeps to draw from the outcomes of the grid")
    given = parser.parse_args(arguments)
    some, every = TRIALS["full" if given.full else "quick"]
    parts = FULL if given.full else QUICK
    with TemporaryDirectory() as nowhere:
        folder = given.out or Path(nowhere)
        tried = made(folder, "tried", some, parts, given.workers)
        grid = made(folder, "grid", every, parts, given.workers)
        again = [replayed(grid, tried.spec, seed) for seed in range(1, given.replay + 1)]
    print("| sweep | trial | accuracy | nJ at the high end | point |\n|---|---|---|---|---|")
    for name, result in (("tried", tried), ("grid", grid)):
        for one in result.front:
            assert one.outcome is not None
            high, values = 1e9 * one.outcome.energy.high, result.values(one)
            print(f"| {name} | {one.root} | {one.outcome.accuracy:.2%} | {high:,.1f} | {values} |")
    found = ratios(tried, grid)
    print(f"hypervolume, {some} trials over {every} points: {found.hypervolume:.3f}; cost: {found.cost:.3f}")
    if again:
        volumes = [one.hypervolume for one in again]
        print(
            f"{len(again)} sweeps replayed: hypervolume {statistics.mean(volumes):.3f} ({min(volumes):.3f} to "
            f"{max(volumes):.3f}); cost: {statistics.mean(one.cost for one in again):.3f}; "
            f"{LEAST} or more in {sum(volume >= LEAST for volume in volumes)} of them"
        )
    return 0 if found.reached else 1


if __name__ == "__main__":
    sys.exit(main())
