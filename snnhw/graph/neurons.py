"""The nodes that fire: units of K levels, or their channels (Feng et al., IJCAI 2022).

u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k (strict);  o[t] = sum_k s_k[t]
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from snnhw.graph.loihi import DECAY_ONE
from snnhw.graph.nodes import Array, Node


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Neuron(Node):
    """What fires: a multi-level unit, or one of its channels."""

    @property
    def levels(self) -> int:
        """Levels that fire in this node: K of a unit in one node, 1 of a channel."""
        return 1

    @property
    def membranes(self) -> int:
        """Membranes of each of its neurons: one for each level, unless levels share one."""
        return self.levels

    @property
    def unit_name(self) -> str:
        """The unit that this node is, or is a channel of."""
        return self.name

    @property
    def thetas(self) -> tuple[float | Array, ...]:
        """Threshold of each of its levels, ascending: a number, or an array of `shape`."""
        return ()

    @property
    def leaks(self) -> bool:
        """Whether some membrane loses a share of itself in each step."""
        return True


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MLF(Neuron):
    """Multi-level firing unit: K hard-reset LIFs on one input, sends the integer 0..K. Thresholds ascend."""

    thresholds: tuple[float, ...]
    decay: float

    @property
    def levels(self) -> int:
        """K, the number of thresholds."""
        return len(self.thresholds)

    @property
    def thetas(self) -> tuple[float | Array, ...]:
        """The thresholds."""
        return self.thresholds

    @property
    def leaks(self) -> bool:
        """Whether the decay is not 1."""
        return self.decay != 1

    @property
    def nested(self) -> bool:
        """Whether a spike of a level provably comes with those of all lower levels, for every input.

        (1 - decay) * theta_{k+1} >= theta_k; the proof is in docs/theory.md.
        """
        pairs = pairwise(self.thresholds)
        return 0 <= self.decay <= 1 and all(upper >= 0 and (1 - self.decay) * upper >= lower for lower, upper in pairs)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SlotMLF(Neuron):
    """MLF or ILIF unit in time slots: one binary channel, level k sends in sub-step k of each window of `slots`.

    It sums what arrives in a window, adds `bias` (broadcasts to `shape`), and leaks, fires and resets once, at its end.
    In aligned time it sends in the same window; hardware sends slots - 1 sub-steps later (`balance_delays`).
    `taken_off` None: each level has a membrane and resets it to 0; a number: the ILIF unit that takes so much off.
    """

    thresholds: tuple[float, ...]
    decay: float
    slots: int
    bias: Array | None = None
    taken_off: float | None = None

    @property
    def membranes(self) -> int:
        """One for each level, or the one that they share."""
        return self.levels if self.taken_off is None else 1

    @property
    def levels(self) -> int:
        """K, the number of thresholds, at most `slots`."""
        return len(self.thresholds)

    @property
    def thetas(self) -> tuple[float | Array, ...]:
        """The thresholds."""
        return self.thresholds

    @property
    def leaks(self) -> bool:
        """Whether the decay is not 1."""
        return self.decay != 1


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LIF(Neuron):
    """Discrete leaky integrate-and-fire neuron: u = decay*u + gain*x + leak; s = u > threshold; then the reset.

    `reset` "hard": u = v_reset where s; "subtract": u = u - (threshold - v_reset) where s. decay 1 is the IF neuron.
    Parameters are numbers or arrays of `shape`. `start` is u before the first step (`fold_neuron`). `unit` and `level`
    (1..K) say which multi-level unit it is a channel of; a LIF of its own is its own unit. `pool` is the max pool that
    it computes (`max_pool_into_neurons`), "" for a neuron of the network.
    """

    decay: float | Array
    threshold: float | Array
    gain: float | Array = 1.0
    leak: float | Array = 0.0
    v_reset: float | Array = 0.0
    reset: Literal["hard", "subtract"] = "hard"
    start: float | Array = 0.0
    unit: str = ""
    level: int = 1
    pool: str = ""

    @property
    def unit_name(self) -> str:
        """`unit`; its own name where it is no channel of one."""
        return self.unit or self.name

    @property
    def thetas(self) -> tuple[float | Array, ...]:
        """The threshold."""
        return (self.threshold,)

    @property
    def leaks(self) -> bool:
        """Whether some decay is not 1."""
        return bool(np.any(np.asarray(self.decay) != 1))

    @property
    def resets_to_zero(self) -> bool:
        """Whether the membrane is 0 after a spike."""
        return self.reset == "hard" and not np.any(self.v_reset)

    @property
    def taken_off(self) -> float | Array:
        """What a spike takes off the membrane of a neuron that resets by subtraction, threshold - v_reset."""
        return self.threshold - self.v_reset

    @property
    def resetting(self) -> str:
        """What it does to its membrane where it spikes, in words that follow "it"."""
        return _resetting(self)

    @property
    def has_unit_gain(self) -> bool:
        """Whether the input enters as it is."""
        return bool(np.all(np.asarray(self.gain) == 1))

    @property
    def has_one_decay(self) -> bool:
        """Whether all its neurons decay alike."""
        return bool(np.ptp(self.decay) == 0)

    @property
    def one_decay(self) -> float:
        """The decay of its first neuron, which is that of all where it `has_one_decay`."""
        return float(np.ravel(self.decay)[0])

    @property
    def is_plain(self) -> bool:
        """Whether it is u = decay*u + x from 0 with a hard reset to 0, the neuron of MLF units and of Loihi."""
        return self.resets_to_zero and self.has_unit_gain and not np.any(self.leak) and not np.any(self.start)

    @property
    def is_level(self) -> bool:
        """Whether it can be one level of an `MLF`: plain, with numbers as parameters."""
        parameters = (self.decay, self.threshold, self.gain, self.leak, self.v_reset)
        return self.is_plain and all(np.ndim(parameter) == 0 for parameter in parameters)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LoihiLIF(Neuron):
    """Lava's fixed-point LIF (PyLifModelBitAcc): all integers, `du`, `dv` in 0..4095, strict threshold.

    `threshold` is the mantissa (compared as threshold << 6); bias = bias_mant << bias_exp (bias_mant of `shape` or
    broadcast along it as [C, 1, 1]) in units of 1/64 weight. `start` and `current_start` are v and u before the first
    step, in the same units. Where it spikes, `reset` "hard" makes v 0, which is Lava's; "subtract" takes `taken_off`
    off it, in the same units too, which Loihi 2 can be programmed to do. Decays, states and what is taken off are
    numbers or of `shape`. See `simulation/neurons.py` for the recurrence.
    """

    threshold: int | Array
    du: int | Array
    dv: int | Array
    bias_mant: Array
    bias_exp: int
    reset: Literal["hard", "subtract"] = "hard"
    taken_off: int | Array = 0
    start: int | Array = 0
    current_start: int | Array = 0
    unit: str = ""
    level: int = 1

    @property
    def unit_name(self) -> str:
        """`unit`; its own name where it is no channel of one."""
        return self.unit or self.name

    @property
    def thetas(self) -> tuple[float | Array, ...]:
        """The threshold mantissa, in weight units."""
        return (self.threshold,)

    @property
    def leaks(self) -> bool:
        """Whether the membrane decays."""
        return bool(np.any(self.dv))

    @property
    def current_kept(self) -> int | Array:
        """How much of the current stays from one step to the next, in 1/4096; 0 where it lasts one step."""
        return DECAY_ONE - 1 - self.du

    @property
    def current_lasts(self) -> bool:
        """Whether some current lasts longer than one step."""
        return bool(np.any(self.current_kept))

    @property
    def resets_to_zero(self) -> bool:
        """Whether the membrane is 0 after a spike."""
        return self.reset == "hard"

    @property
    def resetting(self) -> str:
        """What it does to its membrane where it spikes, in words that follow "it"."""
        return _resetting(self)

    @property
    def kept(self) -> int | Array:
        """How much of the membrane stays from one step to the next, in 1/4096."""
        return DECAY_ONE - self.dv

    @property
    def has_one_decay(self) -> bool:
        """Whether all its neurons, and all their currents, decay alike."""
        return bool(np.ptp(self.dv) == 0 and np.ptp(self.du) == 0)

    @property
    def bias(self) -> Array:
        """bias_mant << bias_exp (>> for a negative exponent, which rounds down as Lava does), in membrane units."""
        mantissa = self.bias_mant.astype(np.int64)
        shifted: Array = mantissa << self.bias_exp if self.bias_exp >= 0 else mantissa >> -self.bias_exp
        return shifted


def _resetting(node: LIF | LoihiLIF) -> str:
    if node.reset == "subtract":
        return "resets by subtraction" if np.any(node.taken_off) else "never resets"
    return "resets to 0" if node.resets_to_zero else "resets to another value than 0"
