"""The nodes of the typed graph: frozen values, shapes without time and batch, `(C, H, W)` or `(N,)`.

Neuron, for a unit of K levels (Feng et al., IJCAI 2022):
    u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k (strict);  o[t] = sum_k s_k[t]
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from snnhw.graph.window import Pair, Window

Array = npt.NDArray[Any]
DType = np.dtype[Any]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Node:
    """A node and the shape of what it sends, without time and batch."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements sent per time step and sample."""
        return int(np.prod(self.shape, dtype=np.int64))

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
    first S-th of each step, events of up to S in unary.
    """

    levels: int | None = None
    scale: float | None = None
    bits: int = 8
    slots: int = 1

    def coded(self, x: Array) -> Array:
        """Integers that enter the network: round(scale * x) clipped to `bits` bits (half to even, as numpy rounds)."""
        limit = 2 ** (self.bits - 1)
        scaled: Array = np.clip(np.rint(x.astype(np.float64) * (self.scale or 1.0)), -limit, limit - 1)
        return scaled


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Conv2d(Node):
    """Cross-correlation as torch defines it. weight [O, I/groups, kh, kw], bias [O] or None.

    `identity`: made by `identity_synapses` because hardware adds nothing to a membrane without a synapse; no layer of
    the trained network or of its ANN twin. `unfolded`: the window from before pools were folded into the weights
    (`pool_into_conv`), which is what the ANN twin computes.
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Flatten(Node):
    """(C, H, W) to (C*H*W,), channel slowest."""


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

    `current_of` names the neuron whose synaptic current it is: both together are a current-based neuron (CubaLIF).
    """

    decay: float | Array
    gain: float | Array = 1.0
    leak: float | Array = 0.0
    current_of: str = ""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Neuron(Node):
    """What fires: a multi-level unit, or one of its channels."""

    @property
    def levels(self) -> int:
        """Levels that fire in this node: K of a unit in one node, 1 of a channel."""
        return 1

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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SlotMLF(Neuron):
    """MLF unit in time slots: one binary channel, on which level k sends in sub-step k of each window of `slots`.

    It sums what arrives in a window, adds `bias` (broadcasts to `shape`), and leaks, fires and resets once, at its end.
    In aligned time it sends in the same window; hardware sends slots - 1 sub-steps later (`balance_delays`).
    """

    thresholds: tuple[float, ...]
    decay: float
    slots: int
    bias: Array | None = None

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
    Parameters are numbers or arrays of `shape`. `unit` and `level` (1..K) say which multi-level unit it is a channel
    of; a LIF of its own is its own unit.
    """

    decay: float | Array
    threshold: float | Array
    gain: float | Array = 1.0
    leak: float | Array = 0.0
    v_reset: float | Array = 0.0
    reset: Literal["hard", "subtract"] = "hard"
    unit: str = ""
    level: int = 1

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
    def has_unit_gain(self) -> bool:
        """Whether the input enters as it is."""
        return bool(np.all(np.asarray(self.gain) == 1))

    @property
    def is_plain(self) -> bool:
        """Whether it is u = decay*u + x with a hard reset to 0, the neuron of MLF units, of Lava and of Loihi."""
        return self.resets_to_zero and self.has_unit_gain and not np.any(self.leak)

    @property
    def is_level(self) -> bool:
        """Whether it can be one level of an `MLF`: plain, with numbers as parameters."""
        parameters = (self.decay, self.threshold, self.gain, self.leak, self.v_reset)
        return self.is_plain and all(np.ndim(parameter) == 0 for parameter in parameters)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LoihiLIF(Neuron):
    """Lava's fixed-point LIF (PyLifModelBitAcc): all integers, `du`, `dv` in 0..4095, hard reset, strict threshold.

    `threshold` is the mantissa (compared as threshold << 6); bias = bias_mant << bias_exp (bias_mant of `shape` or
    broadcast along it as [C, 1, 1]) in units of 1/64 weight. See `simulation/neurons.py` for the recurrence.
    """

    threshold: int | Array
    du: int
    dv: int
    bias_mant: Array
    bias_exp: int
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
        return self.dv != 0

    @property
    def bias(self) -> Array:
        """bias_mant << bias_exp (>> for a negative exponent, which rounds down as Lava does), in membrane units."""
        mantissa = self.bias_mant.astype(np.int64)
        shifted: Array = mantissa << self.bias_exp if self.bias_exp >= 0 else mantissa >> -self.bias_exp
        return shifted


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Readout(Node):
    """Where the network ends: logits are the mean (float) or the sum (integers) of the input over time."""

    reduction: Literal["mean", "sum"] = "mean"


NEURONS = (MLF, SlotMLF, LIF, LoihiLIF)
Synapse = Conv2d | Linear
SYNAPSES = (Conv2d, Linear)
