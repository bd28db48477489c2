"""The nodes of the typed graph that do not fire; shapes are those of one frame, `(C, H, W)` or `(N,)`."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from snnhw.graph.shapes import Pair, Shape, Window

Array = npt.NDArray[Any]
DType = np.dtype[Any]
Reduction = Literal["mean", "sum", "last", "max"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Node:
    """A node and the shape of what it sends, without time and batch."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements sent per time step and sample."""
        return int(np.prod(self.shape, dtype=np.int64))

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """The shape that it sends for the shape that arrives, None where it cannot take that."""
        return arriving

    @property
    def remedy(self) -> str:
        """What to do where a target has nothing for it."""
        return "replace it by synapses and LIF neurons"

    def __repr__(self) -> str:
        """Kind, name, shape, and what differs from the usual; of arrays, the type and the shape."""
        shown = [repr(self.name), str(self.shape)]
        for field in dataclasses.fields(self)[2:]:
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                shown.append(f"{field.name}={value.dtype}{list(value.shape)}")
            elif value != field.default:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Input(Node):
    """Where data enters. `levels` None: analogue values; n: integer events 0..n.

    `scale` is set by quantisation: the integer that enters is round(scale * x), clipped to `bits` bits (two's
    complement). `slots` S is set by `decompose_slots`: data of T steps enter over T*S sub-steps, analogue values in the
    first S-th of each step, events of up to S in unary. `sequence`: the torch module takes it as (C, L), which is held
    as an image of one row.
    """

    levels: int | None = None
    scale: float | None = None
    bits: int = 8
    slots: int = 1
    sequence: bool = False

    @property
    def integers(self) -> tuple[int, int]:
        """The least and the largest integer that can enter."""
        return -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1

    def rounded(self, x: Array) -> Array:
        """Integers before they are clipped: round(scale * x), half to even, as numpy rounds."""
        scaled: Array = np.rint(x.astype(np.float64) * (self.scale or 1.0))
        return scaled

    def coded(self, x: Array) -> Array:
        """Integers that enter the network: round(scale * x) clipped to `bits` bits."""
        clipped: Array = np.clip(self.rounded(x), *self.integers)
        return clipped


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Conv2d(Node):
    """Cross-correlation as torch defines it. weight [O, I/groups, kh, kw], bias [O] or None.

    `identity`: made by `identity_synapses` because hardware adds nothing to a membrane without a synapse, or by
    `max_pool_into_neurons`; no layer of the trained network or of its ANN twin. `unfolded`: the window from before
    pools were folded into the weights (`pool_into_conv`), which is what the ANN twin computes.
    """

    weight: Array
    bias: Array | None = None
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    identity: bool = False
    unfolded: Window | None = None

    def window(self, size: Pair) -> Window:
        """Its window over an input of (height, width)."""
        kernel = (self.weight.shape[2], self.weight.shape[3])
        return Window(size, kernel, self.stride, self.padding, self.dilation)

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """The outputs of its window, if the channels fit its groups."""
        fits = len(arriving) == 3 and self.weight.ndim == 4 and self.groups >= 1
        if not fits or arriving[0] != self.weight.shape[1] * self.groups or self.weight.shape[0] % self.groups:
            return None
        return self.window((arriving[1], arriving[2])).sent(self.weight.shape[0])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Linear(Node):
    """weight [O, I], bias [O] or None.

    `identity`: as of `Conv2d`. `unfolded_inputs`: inputs that it had before a pool was folded into the weights
    (`fold_pool`), which is what the ANN twin computes.
    """

    weight: Array
    bias: Array | None = None
    identity: bool = False
    unfolded_inputs: int | None = None

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """Its outputs, if as many values arrive as it has inputs, in whatever shape."""
        fits = self.weight.ndim == 2 and math.prod(arriving) == self.weight.shape[1]
        return (self.weight.shape[0],) if fits else None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Norm(Node):
    """Normalisation at inference: y = gamma * factor * (x - mean) / spread + beta, all arrays [C].

    `spread` is sqrt(var) + eps for tdBN (eps outside the root, factor = the first threshold) and sqrt(var + eps) for
    torch's BatchNorm (factor 1).
    """

    gamma: Array
    beta: Array
    mean: Array
    var: Array
    eps: float
    factor: float = 1.0
    eps_inside_root: bool = False

    def affine(self) -> tuple[Array, Array]:
        """(scale, shift) in float64, such that y = scale * x + shift."""
        var = self.var.astype(np.float64)
        spread = np.sqrt(var + self.eps) if self.eps_inside_root else np.sqrt(var) + self.eps
        scale = self.gamma.astype(np.float64) * self.factor / spread
        return scale, self.beta.astype(np.float64) - self.mean.astype(np.float64) * scale


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Pool(Node):
    """Average or sum pooling over (H, W); global pooling has kernel (H, W)."""

    kind: Literal["avg", "sum"]
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)

    def window(self, size: Pair) -> Window:
        """Its window over an input of (height, width)."""
        return Window(size, self.kernel, self.stride, self.padding)

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """The outputs of its window on each channel of an image."""
        return self.window((arriving[1], arriving[2])).sent(arriving[0]) if len(arriving) == 3 else None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Flatten(Node):
    """(C, H, W) to (C*H*W,), channel slowest."""

    def sent_shape(self, arriving: Shape) -> Shape | None:
        """All values in a row."""
        return (math.prod(arriving),)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Scale(Node):
    """Elementwise product with `scale`, a number or an array of `shape`."""

    scale: float | Array


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Delay(Node):
    """Sends at step t what arrived at step t - steps, 0 before; part of the function, unlike `Edge.delay`. steps >= 0.

    Every loop of a recurrent graph passes through one that is `late`.
    """

    steps: int | Array

    @property
    def late(self) -> bool:
        """True where no element arrives in the step in which it was sent: what goes round a loop is then causal."""
        return int(np.min(self.steps)) >= 1


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LI(Node):
    """Leaky integrator without spikes: v = decay*v + gain*x + leak; sends v. decay 1 integrates, numbers or arrays.

    `start` is v before the first step. `current_of` names the neuron whose synaptic current it is: both together are a
    current-based neuron (CubaLIF).
    """

    decay: float | Array
    gain: float | Array = 1.0
    leak: float | Array = 0.0
    start: float | Array = 0.0
    current_of: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Readout(Node):
    """Where the network ends: logits are the mean (float) or the sum (integers) of the input over time.

    "last" reads the last step alone, "max" the largest value of all steps.
    """

    reduction: Reduction = "mean"


Synapse = Conv2d | Linear
SYNAPSES = (Conv2d, Linear)
