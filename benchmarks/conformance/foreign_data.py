"""What all foreign cases share: weights and inputs on a grid, and what a framework hands back. Needs NumPy alone.

Weights are multiples of 1/4, thresholds and decays of 1/8, so that sums are exact in float32 and membranes meet their
thresholds exactly: a reader that takes > for >= is found out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

STEPS, INPUTS, HIDDEN, OUTPUTS = 40, 6, 5, 4
IMAGE = (2, 6, 6)  # channels, height, width
CHANNELS = 3


@dataclass
class Ran:
    """A network that a framework wrote and ran.

    `spikes`: node of the file -> what it sends [T, *shape]; `outputs`: what the network gives in every step [T, n];
    `options`: what the reader is told; `lost`: what the exporter leaves out, as `Convention.lost` has it, so that no
    reader can be right; `late`: steps by which the framework's spikes come after the membrane that crossed.
    """

    graph: Any
    spikes: dict[str, Array]
    options: dict[str, Any]
    outputs: Array | None = None
    input: Array | None = None
    lost: str = ""
    late: int = 0
    versions: tuple[str, ...] = field(default_factory=tuple)


def grid(seed: int, *shape: int, low: int = -3, high: int = 6) -> npt.NDArray[np.float32]:
    """Multiples of 1/4 from `low`/4 to below `high`/4."""
    return (np.random.default_rng(seed).integers(low, high, shape) / 4).astype(np.float32)


def events(seed: int, *shape: int, share: float = 0.4) -> npt.NDArray[np.float32]:
    """Binary frames [T, *shape]."""
    return (np.random.default_rng(seed).random((STEPS, *shape)) < share).astype(np.float32)


INTO = grid(1, HIDDEN, INPUTS)
BIAS = grid(2, HIDDEN, low=-1, high=2)
ONWARD = grid(3, OUTPUTS, HIDDEN)
AROUND = grid(4, HIDDEN, HIDDEN, low=-3, high=3)
KERNEL = grid(5, CHANNELS, IMAGE[0], 3, 3, low=-2, high=4)
SECOND = grid(6, CHANNELS, CHANNELS, 3, 3, low=-2, high=3)
HEAD = grid(7, OUTPUTS, CHANNELS * IMAGE[1] * IMAGE[2] // 4, low=-2, high=3)
BETA = np.array([0.5, 0.75, 0.875, 0.5, 0.25], np.float32)
ALPHA = np.array([0.5, 0.25, 0.75, 0.5, 0.0], np.float32)
THETA = np.array([1.0, 1.5, 2.0, 1.25, 1.0], np.float32)
X = events(8, INPUTS)
IMAGES = events(9, *IMAGE, share=0.3)
