"""Tensors that are joined, padded, cut, put into another order or enlarged: wires, along which nothing is computed."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from snnhw.graph.nodes import Array, Node
from snnhw.graph.shapes import Shape


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Wires(Node):
    """Each element that it sends is one of those that arrive, or 0: y[i] = x[source[i]], 0 where source[i] is -1.

    `source` int64 of `shape` numbers what arrives, of shape `taken`, in C order. Spikes pass as spikes. Of tensors
    that are joined along their channels, each has wires into its own channels, and the sum of them is what goes on.
    """

    source: Array
    taken: Shape

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """Its own, if what arrives has the shape that its wires start from."""
        fits = self.source.shape == self.shape and self.source.max(initial=-1) < math.prod(self.taken)
        return self.shape if fits and tuple(arriving) == tuple(self.taken) else None

    @property
    def remedy(self) -> str:
        """What to do where a target has nothing for it."""
        return "join, pad or move values in front of convolutions with groups=1 that take all of them, not before sums"

    @property
    def connected(self) -> npt.NDArray[np.bool_]:
        """Where a wire ends; elsewhere it sends 0 always. bool of `shape`."""
        ends: npt.NDArray[np.bool_] = self.source >= 0
        return ends

    @property
    def copies(self) -> bool:
        """Whether something that arrives is sent more than once."""
        used = self.source[self.connected]
        return len(np.unique(used)) < used.size

    @cached_property
    def changes_nothing(self) -> bool:
        """Whether every value stays where it is."""
        return self.shape == self.taken and np.array_equal(self.source.flatten(), np.arange(self.size))

    def then(self, behind: Wires) -> Wires:
        """It and the wires behind it as one, which has the name of those."""
        ends = np.append(self.source.flatten(), -1)
        return dataclasses.replace(behind, source=ends[behind.source], taken=self.taken)

    @property
    def channels(self) -> Array | None:
        """[C] of which channel each one sent is the whole, -1 for zeros; None where other things than channels move."""
        if len(self.shape) != 3 or self.shape[1:] != self.taken[1:]:
            return None
        size = self.shape[1] * self.shape[2]
        first = self.source.reshape(self.shape[0], size)[:, :1]
        whole = np.where(first >= 0, first + np.arange(size), -1)
        aligned = bool(((first < 0) | (first % size == 0)).all())
        if not aligned or not np.array_equal(whole, self.source.reshape(self.shape[0], size)):
            return None
        found: Array = np.where(first[:, 0] >= 0, first[:, 0] // size, -1)
        return found

    @property
    def border(self) -> tuple[int, int] | None:
        """(rows, columns) of zeros that it puts on each side of an image, None where it does something else."""
        if len(self.shape) != 3 or self.shape[0] != self.taken[0]:
            return None
        rows, columns = (self.shape[axis] - self.taken[axis] for axis in (1, 2))
        if rows < 0 or columns < 0 or rows % 2 or columns % 2:
            return None
        around = ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2))
        padded = np.pad(np.arange(math.prod(self.taken)).reshape(self.taken), around, constant_values=-1)
        return (rows // 2, columns // 2) if np.array_equal(padded, self.source) else None
