"""The typed graph that every pass, simulator, exporter and counter works on.

Nodes are frozen values, edges are identity connections, and several edges into one node are summed: a residual sum is
explicit fan-in, so each branch keeps its own spikes. Shapes leave out time and batch: `(C, H, W)` or `(N,)`.

Neuron, for a unit of K levels (Feng et al., IJCAI 2022):
    u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k (strict);  o[t] = sum_k s_k[t]
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from snnhw.errors import InputError

Array = npt.NDArray[Any]
Pair = tuple[int, int]
NODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, eq=False, kw_only=True)
class Node:
    """A node and the shape of what it sends, without time and batch."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements sent per time step and sample."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False, kw_only=True)
class Input(Node):
    """Where data enters. `levels` None: analogue values; n: integer events 0..n.

    `scale` is set by quantisation: the integer that enters is round(scale * x), clipped to `bits` bits (two's
    complement).
    """

    levels: int | None = None
    scale: float | None = None
    bits: int = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Conv2d(Node):
    """Cross-correlation as torch defines it. weight [O, I/groups, kh, kw], bias [O] or None."""

    weight: Array
    bias: Array | None = None
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Linear(Node):
    """weight [O, I], bias [O] or None."""

    weight: Array
    bias: Array | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool(Node):
    """Average or sum pooling over (H, W); global pooling has kernel (H, W)."""

    kind: Literal["avg", "sum"]
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Flatten(Node):
    """(C, H, W) to (C*H*W,), channel slowest."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scale(Node):
    """Elementwise product with `scale`, a number or an array of `shape`."""

    scale: float | Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Delay(Node):
    """Sends at step t what arrived at step t - steps, 0 before; part of the function, unlike `Edge.delay`. steps >= 1.

    Every loop of a recurrent graph passes through one.
    """

    steps: int | Array


@dataclass(frozen=True, eq=False, kw_only=True)
class LI(Node):
    """Leaky integrator without spikes: v = decay*v + gain*x + leak; sends v. decay 1 integrates, numbers or arrays.

    In front of a LIF it is the synaptic current of a current-based neuron (CubaLIF).
    """

    decay: float | Array
    gain: float | Array = 1.0
    leak: float | Array = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class MLF(Node):
    """Multi-level firing unit: K hard-reset LIFs on one input, sends the integer 0..K. Thresholds ascend."""

    thresholds: tuple[float, ...]
    decay: float

    @property
    def levels(self) -> int:
        """K, the number of thresholds."""
        return len(self.thresholds)


@dataclass(frozen=True, eq=False, kw_only=True)
class LIF(Node):
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


@dataclass(frozen=True, eq=False, kw_only=True)
class LoihiLIF(Node):
    """Lava's fixed-point LIF (PyLifModelBitAcc): all integers, `du`, `dv` in 0..4095, hard reset, strict threshold.

    `threshold` is the mantissa (compared as threshold << 6); bias = bias_mant << bias_exp (bias_mant of `shape` or
    broadcast along it as [C, 1, 1]) in units of 1/64 weight. See `simulate/engine_int.py` for the recurrence.
    """

    threshold: int | Array
    du: int
    dv: int
    bias_mant: Array
    bias_exp: int
    unit: str = ""
    level: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Readout(Node):
    """Where the network ends: logits are the mean (float) or the sum (integers) of the input over time."""

    reduction: Literal["mean", "sum"] = "mean"


Neuron = MLF | LIF | LoihiLIF
NEURONS = (MLF, LIF, LoihiLIF)
Synapse = Conv2d | Linear
SYNAPSES = (Conv2d, Linear)
N = TypeVar("N", bound=Node)


@dataclass(frozen=True)
class Edge:
    """source -> target; the value is multiplied by `gain`.

    `delay` is what `balance_delays` inserts so that pipelined hardware, where every synapse costs one step, adds values
    of the same time step. Execution in aligned time (the reference engines) therefore does not see it.
    """

    source: str
    target: str
    gain: int = 1
    delay: int = 0


@dataclass(frozen=True)
class Signal:
    """What travels on an edge: analogue values, or spikes that carry an integer 1..levels."""

    kind: Literal["analog", "spikes"]
    levels: int = 0

    @property
    def payload_bits(self) -> int:
        """Bits of a graded spike that can carry `levels`; 0 for a binary spike, whose presence is the message."""
        return 0 if self.levels <= 1 else int(self.levels).bit_length()


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes by name, edges, and the number of time steps a sample lasts. Immutable: passes return new graphs."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    timesteps: int
    name: str = "network"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def build(
        nodes: Iterable[Node],
        edges: Iterable[Edge | tuple[str, str]],
        timesteps: int,
        name: str = "network",
        metadata: Mapping[str, Any] | None = None,
    ) -> Graph:
        """Graph from its parts.

        Raises:
            InputError: a name is used twice or is not an identifier, or an edge ends at an unknown node.
        """
        by_name: dict[str, Node] = {}
        for node in nodes:
            if not NODE_NAME.match(node.name):
                raise InputError(f"Node name {node.name!r} is no identifier; rename it with letters, digits and '_'.")
            if node.name in by_name:
                raise InputError(f"Two nodes are called {node.name!r}; rename one of them.")
            by_name[node.name] = node
        typed = tuple(e if isinstance(e, Edge) else Edge(*e) for e in edges)
        for edge in typed:
            for end in (edge.source, edge.target):
                if end not in by_name:
                    raise InputError(
                        f"Edge {edge.source} -> {edge.target} names the unknown node {end!r}; add it or drop the edge."
                    )
        if timesteps < 1:
            raise InputError(f"A sample lasts {timesteps} time steps; give at least 1.")
        return Graph(by_name, typed, timesteps, name, dict(metadata or {}))

    def replace(self, **changes: Any) -> Graph:
        """Copy with fields changed; `nodes` may be an iterable of nodes."""
        nodes = changes.get("nodes", self.nodes.values())
        return Graph.build(
            nodes.values() if isinstance(nodes, Mapping) else nodes,
            changes.get("edges", self.edges),
            changes.get("timesteps", self.timesteps),
            changes.get("name", self.name),
            changes.get("metadata", self.metadata),
        )

    def of_type(self, *kinds: type[N]) -> tuple[N, ...]:
        """Nodes of the given kinds, in graph order."""
        return tuple(n for n in self.nodes.values() if isinstance(n, kinds))

    def into(self, name: str) -> tuple[Edge, ...]:
        """Edges that end at `name`; what they carry is summed."""
        return self._into.get(name, ())

    def out_of(self, name: str) -> tuple[Edge, ...]:
        """Edges that start at `name`."""
        return self._out_of.get(name, ())

    @cached_property
    def _into(self) -> dict[str, tuple[Edge, ...]]:
        return _by_end(self.edges, "target")

    @cached_property
    def _out_of(self) -> dict[str, tuple[Edge, ...]]:
        return _by_end(self.edges, "source")

    @property
    def input(self) -> Input:
        """The one input node."""
        return _only(self, Input)

    @property
    def readout(self) -> Readout:
        """The one readout node."""
        return _only(self, Readout)

    @property
    def is_integer(self) -> bool:
        """True when the neurons are Loihi integers."""
        return any(isinstance(n, LoihiLIF) for n in self.nodes.values())

    def order(self, *, loops: bool = False) -> tuple[str, ...]:
        """Node names, sources before targets (Kahn 1962), stable with respect to the order of `nodes`.

        With `loops`, a `Delay` node may come before its sources: it sends what arrived in earlier steps.

        Raises:
            InputError: the graph has a cycle (with `loops`: one without a `Delay`); its nodes are named.
        """
        waiting = {name: len(self.into(name)) for name in self.nodes}
        if loops:
            waiting.update(dict.fromkeys((n.name for n in self.of_type(Delay)), 0))
        ready = [name for name, n in waiting.items() if n == 0]
        done: list[str] = []
        while ready:
            name = ready.pop(0)
            done.append(name)
            for edge in self.out_of(name):
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    ready.append(edge.target)
        if len(done) < len(self.nodes):
            cycle = ", ".join(sorted(set(self.nodes) - set(done)))
            raise InputError(f"The graph has a cycle through or before {cycle}; cut the loop.")
        return tuple(done)

    def units(self) -> dict[str, tuple[Neuron, ...]]:
        """Multi-level units: unit name -> its neuron nodes by ascending level. An MLF node is a unit of one node."""
        found: dict[str, list[Neuron]] = {}
        for node in self.nodes.values():
            if isinstance(node, MLF):
                found[node.name] = [node]
            elif isinstance(node, LIF | LoihiLIF):
                found.setdefault(node.unit or node.name, []).append(node)
        return {unit: tuple(sorted(ns, key=lambda n: getattr(n, "level", 1))) for unit, ns in found.items()}

    def signal(self, name: str) -> Signal:
        """What node `name` sends: its kind and, for spikes, the largest integer (sums and pools pass spikes on)."""
        node = self.nodes[name]
        if isinstance(node, Input):
            return Signal("analog") if node.levels is None else Signal("spikes", node.levels)
        if isinstance(node, MLF):
            return Signal("spikes", node.levels)
        if isinstance(node, LIF | LoihiLIF):
            return Signal("spikes", 1)
        if isinstance(node, Flatten | Pool | Delay):
            return self.arriving(name)
        return Signal("analog")

    def arriving(self, name: str) -> Signal:
        """What the sum of all edges into `name` carries."""
        signals = [(self.signal(e.source), e.gain) for e in self.into(name)]
        if not signals or any(s.kind == "analog" for s, _ in signals):
            return Signal("analog")
        return Signal("spikes", sum(s.levels * gain for s, gain in signals))


def _by_end(edges: tuple[Edge, ...], end: Literal["source", "target"]) -> dict[str, tuple[Edge, ...]]:
    lists: dict[str, list[Edge]] = {}
    for edge in edges:
        lists.setdefault(getattr(edge, end), []).append(edge)
    return {name: tuple(found) for name, found in lists.items()}


def _only(graph: Graph, kind: type[N]) -> N:
    nodes = graph.of_type(kind)
    if len(nodes) != 1:
        raise InputError(
            f"Graph {graph.name!r} has {len(nodes)} {kind.__name__} nodes where one is needed; change it to one."
        )
    return nodes[0]


def rename(node: N, name: str) -> N:
    """Copy of `node` under another name."""
    return dataclasses.replace(node, name=name)
