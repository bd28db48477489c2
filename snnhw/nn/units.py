"""The neurons that a network of ours may be made of, by name, from the arguments that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF

NeuronKind = Literal["mlf", "ilif"]


@dataclass(frozen=True)
class Unit:
    """What a network says of its neurons; a kind takes what it has.

    `thresholds` and `surrogate_width` are of the MLF, `levels` of the I-LIF, whose threshold is 1.
    """

    kind: NeuronKind
    thresholds: Sequence[float]
    levels: int
    decay: float
    surrogate_width: float
    timesteps: int

    def made(self) -> MLF | ILIF:
        """A new module."""
        return UNITS[self.kind](self)


UNITS: dict[str, Callable[[Unit], MLF | ILIF]] = {
    "mlf": lambda unit: MLF(unit.thresholds, unit.decay, unit.surrogate_width, unit.timesteps),
    "ilif": lambda unit: ILIF(unit.levels, decay=unit.decay, timesteps=unit.timesteps),
}
SPIKING = (MLF, ILIF)
