"""The 20 networks: what each has that a framework may get wrong, on numbers whose float32 sums are exact.

Weights are multiples of 1/4, time constants 1, 2 or 4 steps, thresholds multiples of 1/4, so that membranes meet them
exactly: who fires at >= instead of > is found out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
DT, STEPS, SAMPLES = 1e-4, 8, 2
INPUTS, HIDDEN, OUTPUTS, IMAGE = 6, 5, 4, (2, 6, 6)


@dataclass(frozen=True)
class Case:
    """A network and the frames [N, T, *shape] that enter it."""

    what: str
    graph: nir.NIRGraph
    frames: Array


def grid(seed: int, *shape: int, low: int = -3, high: int = 6) -> Array:
    """Multiples of 1/4."""
    return (np.random.default_rng(seed).integers(low, high, shape) / 4).astype(np.float32)


def events(seed: int, *shape: int, share: float = 0.45) -> Array:
    """Binary frames."""
    return (np.random.default_rng(seed).random((SAMPLES, STEPS, *shape)) < share).astype(np.float32)


def full(value: float | Array, shape: Any) -> Array:
    return np.broadcast_to(np.asarray(value, np.float32), shape).copy()


def lif(shape: Any, theta: float | Array = 1.0, steps: float | Array = 2.0, **other: float | Array) -> nir.LIF:
    """tau is `steps` time steps and r = tau/dt, so one unit of input adds one to the membrane."""
    values = {"v_leak": 0.0, "v_reset": 0.0} | other
    return nir.LIF(
        tau=full(np.float32(DT) * np.asarray(steps, np.float32), shape), r=full(steps, shape),
        v_threshold=full(theta, shape), **{key: full(value, shape) for key, value in values.items()},
    )  # fmt: skip


def cuba(shape: Any, theta: float = 1.0) -> nir.CubaLIF:
    taus = full(np.float32(DT) * np.float32(2), shape)
    one, zero = full(2.0, shape), full(0.0, shape)
    return nir.CubaLIF(tau_syn=taus, tau_mem=taus.copy(), r=one, v_leak=zero, v_threshold=full(theta, shape),
                       w_in=one.copy(), v_reset=zero.copy())  # fmt: skip


def affine(seed: int, inputs: int, outputs: int, bias: bool = False) -> nir.Affine:
    return nir.Affine(grid(seed, outputs, inputs), grid(seed + 1, outputs, low=-1, high=2) * bias)


def conv(seed: int, size: tuple[int, int], inputs: int = 2, outputs: int = 3, *, kernel: Any = (3, 3), stride: int = 1,
         padding: Any = (1, 1), dilation: int = 1, groups: int = 1) -> nir.Conv2d:  # fmt: skip
    return nir.Conv2d(
        size, grid(seed, outputs, inputs // groups, *kernel, low=-2, high=4), (stride, stride), tuple(padding),
        (dilation, dilation), groups, grid(seed + 1, outputs, low=-1, high=2),
    )  # fmt: skip


def flatten(*shape: int) -> nir.Flatten:
    return nir.Flatten({"input": np.array(shape)}, -3, -1)


def network(nodes: dict[str, nir.NIRNode], edges: list[tuple[str, str]]) -> nir.NIRGraph:
    """Unchecked: nir 1.0.8 takes the channels of a group for those of the input."""
    return nir.NIRGraph(nodes, edges, type_check=False)


def built(shape: Any, nodes: dict[str, nir.NIRNode], *more: str, outputs: int = OUTPUTS) -> nir.NIRGraph:
    """A chain of `nodes`; `more` edges as "a b"."""
    every = {"input": nir.Input(np.array(shape)), **nodes, "output": nir.Output(np.array([outputs]))}
    extra = [(a, b) for a, b in (edge.split() for edge in more)]
    return network(every, [*itertools.pairwise(every), *extra])


def single(what: str, neuron: nir.NIRNode, seed: int, *, bias: bool = False, quiet: bool = False) -> Case:
    """Six inputs, five neurons, four that read them."""
    nodes = {"in": affine(seed, INPUTS, HIDDEN, bias), "hidden": neuron, "out": affine(seed + 2, HIDDEN, OUTPUTS),
             "last": lif((OUTPUTS,), 0.5)}  # fmt: skip
    return Case(what, built((INPUTS,), nodes), events(seed + 4, INPUTS) * (0 if quiet else 1))


def image(what: str, first: nir.NIRNode, between: tuple[int, ...], seed: int, **pool: nir.NIRNode) -> Case:
    """A convolution or what stands for one, neurons, perhaps a pool, then four that read them."""
    shape = (between[0], between[1] // 2, between[2] // 2) if pool else between
    size = int(np.prod(shape))
    nodes = {"conv": first, "hidden": lif(between, 0.75), **pool, "flat": flatten(*shape),
             "out": affine(seed, size, OUTPUTS), "last": lif((OUTPUTS,), 2.0, 4.0)}  # fmt: skip
    return Case(what, built(IMAGE, nodes), events(seed + 2, *IMAGE, share=0.3))


def levels() -> Case:
    """Three populations that take one current, with ascending thresholds; their spikes add up in the next layer."""
    nodes = {"in": affine(200, INPUTS, HIDDEN), "level_1": lif(HIDDEN, 0.5), "out": affine(202, HIDDEN, OUTPUTS),
             "last": lif((OUTPUTS,))}  # fmt: skip
    nodes |= {"level_2": lif(HIDDEN, 1.0), "level_3": lif(HIDDEN, 1.5)}
    chain = ["input", "in", "level_1", "out", "last", "output"]
    edges = [*itertools.pairwise(chain), *((a, b) for n in ("level_2", "level_3") for a, b in (("in", n), (n, "out")))]
    every = {"input": nir.Input(np.array([INPUTS])), **nodes, "output": nir.Output(np.array([OUTPUTS]))}
    return Case("three populations on one current, thresholds 1/2, 1, 3/2", network(every, edges), events(204, INPUTS))


def residual(strided: bool) -> Case:
    """Spikes of a block and of its shortcut add up in front of the neurons behind."""
    size, stride, seed = (3, 3) if strided else (6, 6), 2 if strided else 1, 230 if strided else 210
    shape = (3, *size)
    nodes = {
        "stem": conv(seed, (6, 6)), "stem_unit": lif((3, 6, 6), 0.75),
        "a": conv(seed + 2, (6, 6), 3, 3, stride=stride), "a_unit": lif(shape, 0.75),
        "b": conv(seed + 4, size, 3, 3), "b_unit": lif(shape, 1.25), "flat": flatten(*shape),
        "out": affine(seed + 6, int(np.prod(shape)), OUTPUTS), "last": lif((OUTPUTS,), 3.0, 4.0),
    }  # fmt: skip
    if not strided:
        return Case(
            "identity shortcut over two convolutions",
            built(IMAGE, nodes, "stem_unit b_unit"),
            events(seed + 8, *IMAGE, share=0.3),
        )
    every = {"input": nir.Input(np.array(IMAGE)), **nodes, "output": nir.Output(np.array([OUTPUTS]))}
    edges = [*itertools.pairwise(every), ("stem_unit", "short"), ("short", "b_unit")]
    every["short"] = conv(seed + 9, (6, 6), 3, 3, kernel=(1, 1), stride=2, padding=(0, 0))
    return Case(
        "shortcut of a 1x1 convolution with stride 2", network(every, edges), events(seed + 8, *IMAGE, share=0.3)
    )


def recurrent() -> Case:
    nodes = {"in": affine(240, INPUTS, HIDDEN), "hidden": lif(HIDDEN), "out": affine(242, HIDDEN, OUTPUTS),
             "last": lif((OUTPUTS,), 0.5)}  # fmt: skip
    every = {"input": nir.Input(np.array([INPUTS])), **nodes, "output": nir.Output(np.array([OUTPUTS]))}
    edges = [*itertools.pairwise(every), ("hidden", "loop"), ("loop", "hidden")]
    every["loop"] = nir.Affine(grid(244, HIDDEN, HIDDEN, low=-3, high=3), np.zeros(HIDDEN, np.float32))
    return Case("weights from a population to itself, one step later", network(every, edges), events(245, INPUTS))


def delayed() -> Case:
    nodes = {
        "in": affine(250, INPUTS, HIDDEN),
        "hidden": lif(HIDDEN),
        "wait": nir.Delay(full(np.arange(HIDDEN) % 3 * DT, HIDDEN)),
        "out": affine(252, HIDDEN, OUTPUTS),
        "last": lif((OUTPUTS,), 0.5),
    }  # fmt: skip
    return Case("delays of 0, 1 and 2 steps", built((INPUTS,), nodes), events(254, INPUTS))


MIXED = np.array([0.5, 0.75, 1.0, 1.25, 1.5], np.float32)
CASES: dict[str, Callable[[], Case]] = {
    "chain": lambda: single("two layers of LIF", lif(HIDDEN), 100),
    "ties": lambda: single("membranes that meet their threshold exactly", lif(HIDDEN, 0.75, 1.0), 110),
    "integrator": lambda: single(
        "IF, r = 1/dt", nir.IF(full(1 / DT, HIDDEN), full(1.0, HIDDEN), full(0.0, HIDDEN)), 120
    ),
    "leak": lambda: single("v_leak 1/2", lif(HIDDEN, 1.25, v_leak=0.5), 130),
    "reset_below": lambda: single("v_reset -1/2", lif(HIDDEN, 0.75, v_reset=-0.5), 140),
    "reset_above": lambda: single("v_reset 1/4", lif(HIDDEN, 0.75, v_reset=0.25), 150),
    "mixed": lambda: single(
        "thresholds and time constants differ between neurons", lif(HIDDEN, MIXED, np.array([1, 2, 4, 2, 1])), 160
    ),
    "bias": lambda: single("biases alone, the input is silent", lif(HIDDEN, 0.25, 4.0), 171, bias=True, quiet=True),
    "convolution": lambda: image("3x3 convolution, padding 1", conv(180, (6, 6)), (3, 6, 6), 182),
    "stride": lambda: image("stride 2", conv(260, (6, 6), stride=2), (3, 3, 3), 262),
    "padding": lambda: image("padding 2 above and below, 1 beside", conv(270, (6, 6), padding=(2, 1)), (3, 8, 6), 272),
    "groups": lambda: image("each channel alone, two outputs each", conv(280, (6, 6), 2, 4, groups=2), (4, 6, 6), 282),
    "dilation": lambda: image("dilation 2", conv(290, (6, 6), dilation=2, padding=(2, 2)), (3, 6, 6), 292),
    "sum_pool": lambda: image(
        "sum over windows of 2x2", conv(300, (6, 6)), (3, 6, 6), 302,
        pool=nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
    ),
    "average_pool": lambda: image(
        "mean over windows of 2x2", conv(310, (6, 6)), (3, 6, 6), 312,
        pool=nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
    ),
    "levels": levels,
    "residual": lambda: residual(False),
    "residual_strided": lambda: residual(True),
    "recurrent": recurrent,
    "cuba": lambda: single("CubaLIF, current and membrane of 2 steps", cuba(HIDDEN), 320),
    "delays": delayed,
}  # fmt: skip
