"""What a pruning did: before and after, round by round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from snnhw.graph.finding import Finding
from snnhw.passes.cut_channels import Channels
from snnhw.train.run import Run


@dataclass(frozen=True)
class Round:
    """What one round did."""

    number: int
    channels: int  # removed in it
    predicted_pj: float  # per inference without them, all others firing as before
    counted_pj: float  # as they do
    energy_pj: float  # after fine-tuning, if there is any
    validation_accuracy: float | None  # then; None without held-out samples
    kept: bool = True  # False: it lost too much accuracy, and was taken back

    def row(self, epochs: int) -> dict[str, float]:
        """A row of `metrics.csv`."""
        accuracy = {} if self.validation_accuracy is None else {"validation_accuracy": self.validation_accuracy}
        energies = {"predicted_pj": self.predicted_pj, "counted_pj": self.counted_pj, "energy_pj": self.energy_pj}
        ended = {"kept": int(self.kept)}
        return {
            "epoch": self.number * epochs,
            "round": self.number,
            "channels": self.channels,
            **energies,
            **accuracy,
            **ended,
        }


@dataclass(frozen=True)
class Standing:
    """A network before or after pruning."""

    energy_pj: float  # per inference of the calibration samples, at the high end of the range
    test_energy_pj: float  # of as many test samples
    validation_accuracy: float | None  # of the held-out samples
    test_accuracy: float


def missed(wanted: float | None, before: Standing, after: Standing) -> tuple[Finding, ...]:
    """That more energy is left than the share `wanted`, where it is; None: no share was wanted."""
    left = after.energy_pj / before.energy_pj
    if wanted is None or left <= wanted:
        return ()
    message = f"{left:.1%} of the energy is left where --energy-left {wanted:g} was wanted"
    remedy = "tuning and the units behind spend what is saved: give more --rounds, less --finetune, or a lower --set lr"
    return (Finding("energy-left-missed", "warning", "", message, remedy),)


@dataclass(frozen=True)
class Pruned:
    """A finished pruning."""

    run: Run
    before: Standing
    after: Standing
    rounds: tuple[Round, ...]
    gone: Channels
    sizes: Mapping[str, int]  # channels of every unit that could lose some
    priced: tuple[int, int]  # samples of the calibration and of the test split that were counted
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        units = {unit: {"of": size, "removed": list(self.gone.get(unit, ()))} for unit, size in self.sizes.items()}
        return {
            "path": str(self.run.path),
            "before": asdict(self.before),
            "after": asdict(self.after),
            "rounds": [asdict(one) for one in self.rounds],
            "channels": units,
            "priced_samples": {"calibration": self.priced[0], "test": self.priced[1]},
            "card": self.run.card.to_dict(),
            "findings": [found.to_dict() for found in self.findings],
        }
