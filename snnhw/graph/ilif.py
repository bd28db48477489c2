"""The integer neuron: one membrane that sends how many levels it is above (Luo et al., ECCV 2024; Yao et al., 2025).

u[t] = decay * (u[t-1] - taken_off * s[t-1]) + x[t];  s[t] = number of levels k with u[t] > theta_k, 0..D

The levels of an `MLF` have a membrane each and reset alone; here all that fire take off from one membrane. I-LIF rounds
to the nearest integer, clip(round(u / theta), 0, D), half to even as torch does; burst neurons round down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.graph.neurons import Neuron
from snnhw.graph.nodes import Array


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ILIF(Neuron):
    """Integer leaky integrate-and-fire unit of D levels on one membrane; thresholds ascend, the reset is soft."""

    thresholds: tuple[float, ...]
    decay: float
    taken_off: float = 1.0  # of the membrane, by each level that fires; not negative

    @property
    def levels(self) -> int:
        """D, the number of thresholds and the largest integer that it sends."""
        return len(self.thresholds)

    @property
    def membranes(self) -> int:
        """One, whatever D."""
        return 1

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
        """Whether a spike of a level comes with those of all lower levels: always, since they share a membrane."""
        return True

    def separable(self, timesteps: int) -> bool:
        """Whether D neurons of their own do the same in runs of `timesteps`: no reset of another level is ever felt.

        One level, one step, or nothing kept of a step (docs/theory.md).
        """
        return self.levels == 1 or timesteps == 1 or self.decay == 0


def nearest(levels: int, threshold: float) -> tuple[float, ...]:
    """Thresholds with which `levels` levels send clip(round(u / threshold), 0, levels), half to even.

    Level k fires above (k - 1/2) threshold, an even k at it, too: that is above the next lower float32.
    """
    halves = [np.float32((k - 0.5) * threshold) for k in range(1, levels + 1)]
    return tuple(float(half if k % 2 else _below(half)) for k, half in enumerate(halves, start=1))


def rounded_down(levels: int, threshold: float) -> tuple[float, ...]:
    """Thresholds with which `levels` levels send clip(floor(u / threshold), 0, levels): a burst of so many spikes."""
    return tuple(float(_below(np.float32(k * threshold))) for k in range(1, levels + 1))


def _below(value: np.float32) -> np.float32:
    below: np.float32 = np.nextafter(value, np.float32(-np.inf))
    return below
