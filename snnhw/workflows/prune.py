"""A trained network without the channels that cost most for what they give, as a run folder; fine-tuned if asked.

In rounds: channels are judged on calibration samples (`train/channel_loss.py`), priced by a profile
(`analysis/energy/channel_energy.py`) and silenced in the order of energy over loss; then the network is trained on if
that is wanted, its silent channels staying silent. Held-out samples decide where a loss of accuracy ends it; the test
split is measured at the beginning and at the end, and decides nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import nn

from snnhw.analysis.energy.channel_energy import PricedBy
from snnhw.data.datasets import stratified_split
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.passes.cut_channels import Channels
from snnhw.progress import Progress
from snnhw.train.card import Card
from snnhw.train.evaluate import evaluate
from snnhw.train.recipe import Recipe
from snnhw.train.run import check_own, load_run, open_folder, save_run, software_versions, writing
from snnhw.train.silence import Silenced
from snnhw.train.splits import Splits, load_splits
from snnhw.workflows.handed import handed_to
from snnhw.workflows.load import load_model
from snnhw.workflows.pricing import pricing_by
from snnhw.workflows.pruning_result import Pruned, Round, Standing, missed
from snnhw.workflows.pruning_round import Bench, Removal, bench_for, least_energy_pj, removed
from snnhw.workflows.pruning_target import Target

CRITERION = "energy over 1/(2N) sum (dL/dgate)^2, Theis et al. 2018"
STEP = 0.05  # share of the energy that a round takes off where accuracy ends the pruning
MOST = 3  # times as many rounds as wanted, where tuning or the units behind spend again what was saved


@dataclass(frozen=True, eq=False)
class _Job:
    """A pruning that can begin."""

    source: str
    card: Card
    recipe: Recipe
    target: Target
    splits: Splits
    bench: Bench
    data_dir: str | Path | None

    def held_out(self, network: nn.Module) -> float | None:
        """Accuracy on the held-out samples, if there are any."""
        return None if self.splits.validation is None else evaluate(network, self.splits.validation).accuracy

    def standing(self, network: nn.Module) -> Standing:
        """What `network` costs and is able to."""
        few = self.splits.test.first(len(self.bench.calibration))
        energies = self.bench.energy_pj(network), self.bench.energy_pj(network, few)
        return Standing(*energies, self.held_out(network), evaluate(network, self.splits.test).accuracy)

    def tuned(self, removal: Removal) -> nn.Module:
        """The network of `removal` after some epochs more."""
        if not self.target.finetune:
            return removal.network
        from snnhw.train.fit import fit

        parts = (self.bench.parameters, removal.gone)
        handed = replace(
            handed_to(replace(self.recipe, start="")),
            start=Silenced(self.source, removal.network, self.card.weights_checksum, *parts),
        )
        with TemporaryDirectory() as folder:
            fit(self.recipe, Path(folder, "run"), self.data_dir, handed=handed)
            return load_run(Path(folder, "run"))[0]


def prune(
    source: str,
    out: str | Path,
    target: Target,
    data_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> Pruned:
    """Write `source` without its dearest channels to the run folder `out`.

    Args:
        source: run folder or network of the zoo, with the data that its card names.
        out: run folder.
        target: when enough channels are gone, and the way there.
        data_dir: folder of the data files, by default the one SNNHW_DATA names.
        progress: called with the stage, what is finished and all of it.

    Raises:
        InputError: the network has no card or no such channels, the target cannot be reached, or the data or the folder
            cannot be used.
    """
    started, out = time.perf_counter(), Path(out)
    pricing = pricing_by(target.profile, target.deployment)
    model = load_model(source)
    if not model.card or model.network is None:
        raise InputError(f"{source} has no card that names its data; give a run folder or a network of the zoo.")
    if Path(source).is_dir() and out.resolve() == Path(source).resolve():
        raise InputError(f"{out} is the network that is pruned; write to another folder.")
    card = Card(**model.card)  # type: ignore[arg-type]
    recipe = target.recipe(source, card)
    splits = load_splits(recipe, data_dir)
    if target.accuracy_loss is not None and splits.validation is None:
        raise InputError(
            f"The recipe of {source} holds no samples out that could say what accuracy is lost; give --set "
            "validation=0.1, or --energy-left."
        )
    priced_by = PricedBy(pricing.profile, pricing.deployment)
    bench = bench_for(model.network, _calibration(splits.train, target.samples), priced_by, progress)
    job = _Job(source, card, recipe, target, splits, bench, data_dir)
    with writing(out):
        check_own(out)
        before = job.standing(model.network)
        network, gone, rounds = _rounds(job, model.network, before)
        after = job.standing(network)
        written = replace(
            card,
            accuracy=after.test_accuracy,
            validation_accuracy=after.validation_accuracy,
            seconds=round(time.perf_counter() - started, 1),
            command=f"snnhw prune {source}",
            recipe=recipe.to_dict() if target.finetune else card.recipe,
            versions=software_versions(),
            note=f"pruned from {source} (sha256 {card.weights_checksum[:12]})",
            pruned=_about(job, before, after, gone),
        )
        open_folder(out, [])
        run = save_run(out, network, written, [one.row(target.finetune) for one in rounds])
    priced = len(bench.calibration), min(len(bench.calibration), len(splits.test))
    return Pruned(
        run, before, after, tuple(rounds), gone, bench.sizes, priced, missed(target.energy_left, before, after)
    )


def _calibration(data: Samples, samples: int) -> Samples:
    """About as many samples of `data`, every class with its share."""
    if samples >= len(data):
        return data
    return data.take(stratified_split(data.labels(), samples / len(data), 1)[1])


def _rounds(job: _Job, network: nn.Module, before: Standing) -> tuple[nn.Module, Channels, list[Round]]:
    """The network after the last round that counts, its silent channels, and all rounds."""
    target, bench = job.target, job.bench
    gone: Channels = job.card.pruned.get("channels", {})  # type: ignore[assignment]
    goal = 0.0 if target.energy_left is None else target.energy_left * before.energy_pj
    if target.energy_left is not None and (least := least_energy_pj(bench, network)) > goal:
        raise InputError(
            f"With one channel left in every unit, {least / before.energy_pj:.1%} of the energy stays; give an "
            "--energy-left above that."
        )
    rounds: list[Round] = []
    energy = before.energy_pj
    while energy > goal and (target.energy_left is None or len(rounds) < MOST * target.rounds):
        number = len(rounds) + 1
        step = STEP if target.energy_left is None else (1.0 - target.energy_left) / target.rounds
        wanted = (
            energy - STEP * before.energy_pj
            if target.energy_left is None
            else max(goal, (1.0 - number * step) * before.energy_pj)
        )
        removal = removed(bench, network, gone, wanted)
        if removal is None:
            break
        candidate = job.tuned(removal)
        spent = bench.energy_pj(candidate) if target.finetune else removal.counted_pj
        reached = job.held_out(candidate)
        found = Round(number, len(removal.channels), removal.predicted_pj, removal.counted_pj, spent, reached)
        if target.accuracy_loss is not None and _lost(before, reached) > target.accuracy_loss:
            rounds.append(replace(found, kept=False))
            break
        rounds.append(found)
        network, gone, energy = candidate, removal.gone, spent
    if not any(one.kept for one in rounds):
        raise InputError(
            f"No step of {STEP:.0%} of the energy can go within {target.accuracy_loss:g} points of accuracy; "
            "allow more, or give --finetune."
        )
    return network, gone, rounds


def _lost(before: Standing, reached: float | None) -> float:
    """Points of accuracy on the held-out samples, to the millionth."""
    assert before.validation_accuracy is not None and reached is not None
    return round(100.0 * (before.validation_accuracy - reached), 6)


def _about(job: _Job, before: Standing, after: Standing, gone: Channels) -> dict[str, object]:
    """What the card says of the pruning."""
    target, bench = job.target, job.bench
    return {
        "from": job.source,
        "weights_checksum": job.card.weights_checksum,
        "profile": bench.priced_by.profile.name,
        "deployment": bench.priced_by.deployment,
        "energy_left": target.energy_left,
        "accuracy_loss": target.accuracy_loss,
        "finetune": target.finetune,
        "criterion": CRITERION,
        "calibration": {"samples": len(bench.calibration), "checksum": bench.calibration.checksum},
        "energy_pj": {"before": before.energy_pj, "after": after.energy_pj},
        "channels": {unit: list(numbers) for unit, numbers in gone.items()},
    }
