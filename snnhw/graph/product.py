"""Products of two values that both change from step to step: the matrix products and the gates of attention."""

from __future__ import annotations

import math
from dataclasses import dataclass

from snnhw.graph.nodes import Node
from snnhw.graph.shapes import Shape

LEFT, RIGHT = 0, 1


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Product(Node):
    """y[g] = left[g] @ right[g] for each group g, such as a head: [rows, inner] @ [inner, columns].

    `shape` is (groups, rows, columns). Both factors arrive as one vector, the left one first, each in C order: wires
    carry either into its part of it, so edges into this node are added up as into any other. With rows, inner and
    columns 1 it is a product element by element.
    """

    inner: int

    @property
    def left(self) -> Shape:
        """Shape of the left factor."""
        return self.shape[0], self.shape[1], self.inner

    @property
    def right(self) -> Shape:
        """Shape of the right factor."""
        return self.shape[0], self.inner, self.shape[2]

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of elements of the left and of the right factor."""
        return math.prod(self.left), math.prod(self.right)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one dense product."""
        return self.size * self.inner

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """Its own, if as many values arrive as both factors have."""
        fits = len(self.shape) == 3 and self.inner >= 1
        return self.shape if fits and tuple(arriving) == (sum(self.sizes),) else None

    @property
    def remedy(self) -> str:
        """What to do where a target has nothing for it."""
        return "simulate, count and report it, or train with convolutions in the place of attention"
