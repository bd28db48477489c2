"""The neurons that a network of ours may be made of, by name, from the arguments that all of them share.

`set_thresholds` gives single units thresholds of their own: fewer levels, other ones. Norms keep their factor, which is
the first threshold of the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from torch import nn

from snnhw.errors import unknown
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
AS_ALL: Mapping[str, Sequence[float]] = MappingProxyType({})  # no unit has thresholds of its own


def set_thresholds(network: nn.Module, thresholds_of: Mapping[str, Sequence[float]]) -> None:
    """Give the MLF units at these module paths thresholds of their own.

    Raises:
        InputError: there is no MLF unit at a path, or the thresholds are none.
    """
    units = {path: module for path, module in network.named_modules() if type(module) is MLF}
    for path, thresholds in thresholds_of.items():
        if path not in units:
            raise unknown("MLF unit", path, units)
        unit = units[path]
        replace_module(network, path, MLF(thresholds, unit.decay, unit.surrogate_width, unit.timesteps))


def replace_module(network: nn.Module, path: str, module: nn.Module) -> None:
    """Put `module` where the module at `path` is."""
    above, _, name = path.rpartition(".")
    setattr(network.get_submodule(above), name, module)
