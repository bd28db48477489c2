"""What a value in a forward method is in the graph: a sum of node outputs, with batch and time in its first axes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from operator import floordiv
from typing import Literal

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Conv2d, Flatten, Linear, Node, Norm, Pool, Readout, Scale, Wires
from snnhw.tracing.derived import shown
from snnhw.tracing.sizes import Rows, Size, computed, filled, product

Axes = Literal["step", "time", "batch", "rows", "frames"]
AXES: dict[Axes, str] = {
    "step": "one step, [B, ...]",
    "time": "all steps, time first, [T, B, ...]",
    "batch": "all steps, batch first, [B, T, ...]",
    "rows": "all steps of one sample after the other, [B*T, ...]",
    "frames": "all samples of one step after the other, [T*B, ...]",
}
LINEAR = (Conv2d, Linear, Norm, Pool, Flatten, Scale, Wires)  # commute with a mean over time


@dataclass(frozen=True)
class Stream:
    """A sum of node outputs with integer gains.

    `lead` is what stands before `shape`: the rows [T*B], or [T, B] where time is an axis of its own; in networks that
    put the batch first, which `batch_first` says, [B*T] and [B, T]. `end` is the read-out that the value has passed,
    None before one. The node stands at the end of the graph: linear layers behind a mean over time commute with it, so
    they are before it there. `summed` is T behind a sum over T steps, whose gains hold that factor; otherwise 1.
    """

    terms: tuple[tuple[str, int], ...]
    shape: tuple[int, ...]
    lead: tuple[Size, ...] = (Rows(),)
    end: Readout | None = None
    batch_first: bool = False
    summed: int = 1

    @property
    def sizes(self) -> tuple[Size, ...]:
        """All axes, as torch has them."""
        return (*self.lead, *self.shape)

    @property
    def time_axis(self) -> int | None:
        """The axis of time, None where time and batch are one axis."""
        return None if len(self.lead) != 2 else 1 if self.batch_first else 0

    @property
    def steps(self) -> Size | None:
        """How many steps stand in an axis of their own, None where time and batch are one axis."""
        return None if self.time_axis is None else self.lead[self.time_axis]

    @property
    def axes(self) -> Axes:
        """How time and batch stand in it."""
        if self.time_axis is not None:
            return "batch" if self.batch_first else "time"
        return "step" if self.lead == (Rows(),) else "rows" if self.batch_first else "frames"

    def plus(self, other: Stream, place: str) -> Stream:
        """The sum of both.

        Raises:
            InputError: their axes differ, or one of them is a mean over time and the other is not.
        """
        if self.shape != other.shape:
            raise InputError(f"A sum in {place} adds {self.shape} and {other.shape}; make them equal.")
        kinds = {None if s.end is None else s.end.reduction for s in (self, other)}
        if self.lead != other.lead or self.batch_first != other.batch_first or len(kinds) > 1 or "max" in kinds:
            raise InputError(f"A sum in {place} adds values of other steps; add both before or both after the mean.")
        gains = dict(self.terms)
        for name, gain in other.terms:
            gains[name] = gains.get(name, 0) + gain
        terms = tuple((name, gain) for name, gain in gains.items() if gain)
        if not terms:
            raise InputError(f"A difference in {place} is 0 always; leave it out.")
        return dataclasses.replace(self, terms=terms, summed=max(self.summed, other.summed))

    def times(self, gain: int) -> Stream:
        """It, `gain` times.

        Raises:
            InputError: it is the largest value over time, and the gain is not 1.
        """
        self._check_largest(gain)
        return dataclasses.replace(self, terms=tuple((name, gain * g) for name, g in self.terms))

    def added_up(self, steps: int) -> Stream:
        """`steps` times its mean over as many steps, which is its sum over them."""
        return dataclasses.replace(self.times(steps), summed=steps)

    def parted(self) -> tuple[Stream | None, Stream | None]:
        """What holds the factor of a sum over time, divided by it, and what does not; None where there is nothing.

        In a layer behind a sum over time every spike of every step is worth one, and T only as a part of the mean.
        """
        whole = [(name, gain) for name, gain in self.terms if self.summed > 1 and gain % self.summed == 0]
        single = tuple((name, gain // self.summed) for name, gain in whole)
        rest = tuple(term for term in self.terms if term not in whole)
        return self._of(single), self._of(rest)

    def _of(self, terms: tuple[tuple[str, int], ...]) -> Stream | None:
        return dataclasses.replace(self, terms=terms, summed=1) if terms else None

    def over(self, divisor: int) -> Stream | None:
        """It, divided by a whole number; None where a gain is no multiple of that."""
        if divisor < 1 or any(gain % divisor for _, gain in self.terms):
            return None
        return dataclasses.replace(self, terms=tuple((name, gain // divisor) for name, gain in self.terms))

    def one_step(self) -> Stream:
        """One step of it, where time has an axis."""
        return dataclasses.replace(self, lead=(Rows(),), batch_first=False)

    def all_steps(self, timesteps: int) -> Stream:
        """The values of all steps one behind the other, where it is one step, or the same in all."""
        return dataclasses.replace(self, lead=(timesteps, *self.lead))

    def through(self, node: Node, *, any_axes: bool = False) -> Stream:
        """What `node` sends of it; with `any_axes` it takes time and batch however they stand.

        Raises:
            InputError: time is taken apart, or the node does not commute with the read-out before it.
        """
        if len(self.lead) != 1 and not any_axes:
            raise InputError(f"{node.name!r} gets time and batch as two axes; put flatten(0, 1) before it.")
        if self.end is not None:
            if not isinstance(node, Flatten | Wires):
                self._check_largest(None)
            if not isinstance(node, LINEAR):
                what = "the last step" if self.end.reduction == "last" else "the mean over time"
                raise InputError(
                    f"{node.name!r} ({type(node).__name__}) stands behind {what}, where a graph has linear layers "
                    f"only; put it before {what}"
                )
            shifts = isinstance(node, Norm) or getattr(node, "bias", None) is not None
            if shifts and self.end.reduction == "sum":
                raise InputError(f"{node.name!r} adds a bias behind the sum over time; use the mean, or leave it out.")
        return dataclasses.replace(self, terms=((node.name, 1),), shape=shown(node.shape, self.shape), summed=1)

    def _check_largest(self, gain: int | None) -> None:
        if self.end is not None and self.end.reduction == "max" and gain != 1:
            raise InputError("A forward computes with the largest value over time; return that as it is.")

    def folded(self) -> Stream:
        """It with batch and time as one axis."""
        rows = product(self.lead)
        return self if rows is None else dataclasses.replace(self, lead=(rows,))

    def repeated(self, name: str, timesteps: int) -> Stream:
        """The input, shown `timesteps` times.

        Raises:
            InputError: it has steps already.
        """
        if self.lead != (Rows(),) or self.end is not None:
            raise InputError(f"{name!r} shows {timesteps} times what has time already; leave one out.")
        return dataclasses.replace(self, lead=(Rows(Fraction(timesteps)),))

    def viewed(self, wanted: tuple[Size, ...]) -> Stream | None:
        """It as a view of axes `wanted`, up to three of them behind batch and time; None where it mixes these."""
        sizes = filled(wanted, self.sizes)
        rows = product(self.lead)
        if sizes is None or rows is None:
            return None
        for axes in (1, 2):
            lead, rest = sizes[:axes], sizes[axes:]
            shape = tuple(n for n in rest if isinstance(n, int))
            same = len(shape) == len(rest) in (1, 2, 3) and product(shape) == product(self.shape)
            if product(lead) == rows and same and self._in_order(lead):
                return dataclasses.replace(self, lead=lead, shape=shape)
        return None

    def _in_order(self, lead: tuple[Size, ...]) -> bool:
        """True for [rows], and for [T, B] of rows t*B + b or [B, T] of rows b*T + t, as the batch stands in it."""
        batch, *time = lead if self.batch_first else lead[::-1]
        return isinstance(batch, Rows) and all(isinstance(steps, int) for steps in time)

    def ended(self, readout: Readout, timesteps: int) -> Stream:
        """Its mean, or sum, over the `timesteps` steps.

        Raises:
            InputError: it has passed a read-out before.
        """
        if self.end is not None:
            raise InputError(f"{readout.name!r} takes a mean over time of a mean over time; leave one out")
        rows = product(self.lead)
        over = None if rows is None else computed(floordiv, rows, timesteps)
        return dataclasses.replace(self, end=readout, lead=(Rows() if over is None else over,))


def behind_the_mean(layer: str, end: str) -> Finding:
    """What is said about a linear layer that the network runs on the mean over time."""
    return Finding(
        "behind-the-mean",
        "info",
        layer,
        f"the module computes it once, on the mean over time {end}; the graph runs and counts it at every step before "
        "the mean, which gives the same logits",
        "nothing, or put it before the mean",
    )
