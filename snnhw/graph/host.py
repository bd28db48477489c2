"""Nodes that neither neurons nor synapses compute: a host does them, on every value and in every step.

Largest values of windows, and norms by the statistics of their own input, which no weight can take in. They are run
and counted; chips have nothing for them, and no profile has a price for their operations.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from snnhw.graph.nodes import Array, Node
from snnhw.graph.shapes import Pair, Shape, Window

OPERATIONS_PER_VALUE = 4  # of a norm: mean, difference, square into the variance, scale and shift
OPERATIONS_PER_GROUP = 3  # two divisions by the size of the group, and a root


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HostNode(Node, ABC):
    """A node that a host computes."""

    @abstractmethod
    def operations(self, arriving: Shape) -> int:
        """Operations of one step and sample on values of the shape that arrives."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MaxPool(HostNode):
    """The largest value of each window over (H, W), positions inside the image alone.

    Of binary spikes it is an OR. It sends the largest sum of levels as spikes of K levels. Where levels are nested
    (`MLF.nested`), so that a spike of level k comes with those of all lower levels, it is K binary pools:
    max(sum_k s_k) = sum_k max(s_k).
    """

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def window(self, size: Pair) -> Window:
        """Its window over an input of (height, width)."""
        return Window(size, self.kernel, self.stride, self.padding, self.dilation)

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """The outputs of its window on each channel of an image."""
        return self.window((arriving[1], arriving[2])).sent(arriving[0]) if len(arriving) == 3 else None

    def operations(self, arriving: Shape) -> int:
        """Comparisons: of every output, one less than its window has positions inside the image."""
        window = self.window((arriving[1], arriving[2]))
        rows, columns = (int(window.inside(axis).sum()) for axis in (0, 1))
        return arriving[0] * (rows * columns - math.prod(window.out))

    @property
    def remedy(self) -> str:
        """What to do where a target has nothing for it."""
        return "put neurons before the pool, or train with average pools or with convolutions of stride 2"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GroupNorm(HostNode):
    """y = gamma * (x - mean) / sqrt(var + eps) + beta, mean and variance of each group of values in each step.

    The `groups` are equal parts of a sample in C order: of channels in torch's GroupNorm, the whole sample or the last
    axes of it in LayerNorm, one channel in InstanceNorm. `gamma` and `beta` broadcast to `shape`.
    """

    groups: int
    gamma: Array
    beta: Array
    eps: float

    def operations(self, arriving: Shape) -> int:
        """Additions, products, divisions and roots."""
        return OPERATIONS_PER_VALUE * int(np.prod(arriving, dtype=np.int64)) + OPERATIONS_PER_GROUP * self.groups

    @property
    def remedy(self) -> str:
        """What to do where a target has nothing for it."""
        return "train with batch norm, which folds into the weights"
