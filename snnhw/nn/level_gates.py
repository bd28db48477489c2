"""Gates on the levels of MLF units while a network is trained, so that a level can die.

They are the hard concrete ones of Louizos, Welling and Kingma, "Learning sparse neural networks through L0
regularization" (ICLR 2018, equations 10 to 13):

    o = s_1 + sum over k >= 2 of z_k s_k;   z = min(1, max(0, s (zeta - gamma) + gamma))
    s = sigmoid((log u - log(1 - u) + log alpha) / beta),  u uniform;   in evaluation s = sigmoid(log alpha)
    P(z > 0) = sigmoid(log alpha - beta log(-gamma / zeta))

beta = 2/3, gamma = -0.1 and zeta = 1.1 are those of the paper. Decided, a level stays where its gate of evaluation is
nearer to 1 than to 0; what is left is an ordinary MLF unit with the thresholds that stay.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.nn.neurons import MLF, fire_levels
from snnhw.nn.units import replace_module

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1
START = math.log(3.0)  # of log alpha: open with a probability of 0.94
Thresholds = Mapping[str, Sequence[float]]  # of units, by module path


class GatedMLF(MLF):
    """An MLF unit whose levels above the first have gates; one draw of them holds for a whole batch.

    Args:
        unit: what it is without gates, with two levels or more.
    """

    drawn: Tensor

    def __init__(self, unit: MLF) -> None:
        super().__init__(unit.thresholds, unit.decay, unit.surrogate_width, unit.timesteps)
        self.log_alpha = nn.Parameter(torch.full((unit.levels - 1,), START))
        self.register_buffer("drawn", torch.full((unit.levels - 1,), 0.5), persistent=False)  # u

    def gates(self) -> Tensor:
        """z_2 .. z_K: in training of the draw, in evaluation without one (equations 10, 11 and 13)."""
        logits: Tensor = self.log_alpha
        if self.training:
            logits = (torch.logit(self.drawn) + logits) / BETA
        return (logits.sigmoid() * (ZETA - GAMMA) + GAMMA).clamp(0.0, 1.0)

    def openness(self) -> Tensor:
        """P(z_k > 0) of levels 1..K (equation 12); the first is always open."""
        above = (self.log_alpha - BETA * math.log(-GAMMA / ZETA)).sigmoid()
        return torch.cat([above.new_ones(1), above])

    def fired(self, x: Tensor) -> tuple[Tensor, ...]:
        """s_1 .. s_K in the shape of x [T*B, ...], with the gradients of the unit."""
        return fire_levels(x, self.recurrence(x))

    def forward(self, x: Tensor) -> Tensor:
        """Numbers 0..K in the dtype and shape of x [T*B, ...]; whole ones where all gates are 0 or 1.

        Raises:
            InputError: the leading dimension is not a multiple of T.
        """
        sent, *above = self.fired(x)
        for gate, level in zip(self.gates(), above, strict=True):
            sent = sent + gate.to(level.dtype) * level
        return sent

    def staying(self) -> tuple[float, ...]:
        """Thresholds of the levels that stay where it is decided now."""
        logits = self.log_alpha.tolist()
        above = (theta for theta, logit in zip(self.thresholds[1:], logits, strict=True) if logit >= 0.0)
        return (self.thresholds[0], *above)


def gates_of(network: nn.Module) -> dict[str, GatedMLF]:
    """Units with gates, by path."""
    return {path: module for path, module in network.named_modules() if isinstance(module, GatedMLF)}


def put_gates(network: nn.Module) -> None:
    """Give every MLF unit with two levels or more its gates.

    Raises:
        InputError: there is no such unit.
    """
    units = [(path, unit) for path, unit in network.named_modules() if type(unit) is MLF and unit.levels > 1]
    if not units:
        raise InputError("No unit of the network has a level above the first that could go; leave level_gates out.")
    for path, unit in units:
        replace_module(network, path, GatedMLF(unit).train(unit.training))


def draw_gates(units: Mapping[str, GatedMLF], generator: torch.Generator) -> None:
    """Draw u anew for every gate, in the order of the units."""
    for unit in units.values():
        unit.drawn.copy_(torch.rand(len(unit.drawn), generator=generator, dtype=torch.float64))


def lost_levels(network: nn.Module) -> dict[str, tuple[float, ...]]:
    """Thresholds that stay, of the units that lose a level where it is decided now; by path."""
    units = gates_of(network)
    return {path: unit.staying() for path, unit in units.items() if unit.staying() != unit.thresholds}


def close_gates(network: nn.Module, thresholds: Thresholds) -> None:
    """Make every unit with gates an ordinary one, with the thresholds given for its path, else with all of its own."""
    for path, unit in gates_of(network).items():
        thetas = thresholds.get(path, unit.thresholds)
        plain = MLF(thetas, unit.decay, unit.surrogate_width, unit.timesteps).train(unit.training)
        replace_module(network, path, plain)


def without_gates(network: nn.Module, thresholds: Thresholds) -> nn.Module:
    """A copy of `network` with closed gates; `network` itself where it has none."""
    if not gates_of(network):
        return network
    plain = copy.deepcopy(network)
    close_gates(plain, thresholds)
    return plain
