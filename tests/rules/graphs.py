"""Seeded random graphs, sound and broken, as tracing, passes and foreign files make them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from snnhw.graph.ilif import nearest
from snnhw.graph.ir import (
    ILIF,
    LI,
    LIF,
    MLF,
    Array,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    MaxPool,
    Node,
    Norm,
    Pool,
    Readout,
    Scale,
)
from snnhw.graph.shapes import Window
from tests.rules.broken import broken

Rng = np.random.Generator


class Maker:
    """Grows one graph node by node; `tame` draws what most networks are made of, else anything."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.tame = self.rng.random() < 0.4
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.number = 0

    def pick(self, *choices: object) -> object:
        return choices[int(self.rng.integers(len(choices)))]

    def odd(self, share: float = 0.15) -> bool:
        """Something unusual, now and then, and never in a tame graph."""
        return not self.tame and bool(self.rng.random() < share)

    def add(self, node: Node, *sources: str) -> str:
        self.nodes[node.name] = node
        self.edges += [Edge(s, node.name, int(self.pick(2, -1, 3)) if self.odd(0.05) else 1) for s in sources]
        return node.name

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    def shape(self, name: str) -> tuple[int, ...]:
        return self.nodes[name].shape

    def weights(self, *shape: int) -> Array:
        return self.rng.normal(size=shape) / np.sqrt(max(1, np.prod(shape[1:])))

    def graph(self) -> Graph:
        rng = self.rng
        shape = (int(rng.integers(1, 3)), int(rng.integers(3, 6)), int(rng.integers(3, 6)))
        if rng.random() < 0.3:
            shape = (int(rng.integers(2, 7)),)
        levels = self.pick(None, None, 1, 3, 200) if self.odd(0.5) else None
        last = [self.add(Input(name="input", shape=shape, levels=levels))]
        for _ in range(int(rng.integers(1, 7))):
            last = self.layer(last)
        if self.tame or rng.random() < 0.5:
            last = [self.linear(last)]
        reads = [*last]
        if self.odd(0.2):
            reads += [n for n in self.nodes if self.shape(n) == self.shape(last[0]) and n not in last][:1]
        if self.odd(0.1):
            reads += [self.linear(last, outputs=self.nodes[last[0]].size)]
            reads = [n for n in reads if self.shape(n) == self.shape(reads[0])]
        self.add(Readout(name="readout", shape=self.shape(reads[0]), reduction="mean"), *reads)
        return Graph.build(self.nodes.values(), self.edges, int(rng.integers(1, 4)))

    def layer(self, last: list[str]) -> list[str]:
        kinds: tuple[Callable[[list[str]], str], ...] = (self.weighted, self.pool, self.flatten)
        if self.tame or self.rng.random() < 0.6:
            new = self.weighted(last)
            if len(self.shape(new)) == 3 and self.rng.random() < 0.25:
                new = self.pool([new])
            fires = self.integrate if self.rng.random() < 0.2 else self.fires
            together = self.with_residual([fires([new])], last)
            return [self.largest(together)] if self.rng.random() < 0.15 else together
        foreign = (self.fires, self.scale, self.delay, self.integrate, self.loop, self.levels, self.norm, self.largest)
        kinds += foreign
        return self.with_residual([kinds[int(self.rng.integers(len(kinds)))](last)], last)

    def with_residual(self, new: list[str], old: list[str]) -> list[str]:
        same = self.shape(new[0]) == self.shape(old[0]) and "input" not in old
        return new + [o for o in old if o not in new] if same and self.rng.random() < 0.3 else new

    def weighted(self, last: list[str]) -> str:
        return self.conv(last) if len(self.shape(last[0])) == 3 and self.rng.random() < 0.8 else self.linear(last)

    def conv(self, last: list[str]) -> str:
        channels, height, width = self.shape(last[0])
        groups = channels if self.rng.random() < 0.2 else 1
        out = groups * int(self.rng.integers(1, 3))
        kernel = int(self.rng.integers(1, min(3, height, width) + 1))
        padding = int(self.rng.integers(0, 2))
        stride = 130 if self.odd(0.05) else int(self.rng.integers(1, 3))
        window = Window((height, width), (kernel, kernel), (stride, stride), (padding, padding), (1, 1))
        name = self.name("conv")
        conv = Conv2d(
            name=name,
            shape=(out, *window.out),
            weight=self.weights(out, channels // groups, kernel, kernel),
            bias=self.weights(out) if self.rng.random() < 0.5 else None,
            stride=(stride, stride),
            padding=(padding, padding),
            groups=groups,
        )
        self.add(conv, *last)
        return self.norm([name]) if self.rng.random() < 0.3 else name

    def linear(self, last: list[str], outputs: int | None = None) -> str:
        if len(self.shape(last[0])) == 3 and self.rng.random() < 0.7:
            last = [self.flatten(last)]
        out = outputs or int(self.rng.integers(2, 6))
        bias = self.weights(out) if self.rng.random() < 0.5 else None
        weight = self.weights(out, self.nodes[last[0]].size)
        return self.add(Linear(name=self.name("fc"), shape=(out,), weight=weight, bias=bias), *last)

    def norm(self, last: list[str]) -> str:
        shape = self.shape(last[0])
        c = shape[0]
        one = np.ones(c)
        made = Norm(name=self.name("norm"), shape=shape, gamma=one, beta=0.1 * one, mean=0 * one, var=one, eps=1e-5)
        return self.add(made, *last)

    def fires(self, last: list[str]) -> str:
        shape, name = self.shape(last[0]), self.name("unit")
        theta, decay = float(self.rng.uniform(0.1, 1.0)), float(self.pick(0.0, 0.25, 0.9, 1.0))
        if self.rng.random() < 0.4:
            thresholds = tuple(theta + k for k in range(int(self.rng.integers(1, 4))))
            return self.add(MLF(name=name, shape=shape, thresholds=thresholds, decay=decay), *last)
        if self.rng.random() < 0.15:
            thresholds = nearest(int(self.rng.integers(1, 4)), theta)
            return self.add(ILIF(name=name, shape=shape, thresholds=thresholds, decay=decay, taken_off=theta), *last)
        changes: dict[str, object] = {}
        if self.tame and self.rng.random() < 0.3:
            key = str(self.pick("gain", "leak", "v_reset"))
            changes = {key: ODD_NEURONS[key]}
        elif self.odd(0.5):
            changes = dict([self.pick(*ODD_NEURONS.items())])  # type: ignore[list-item]
            changes = {key: value(self.rng, shape) if callable(value) else value for key, value in changes.items()}
        return self.add(LIF(**{"name": name, "shape": shape, "decay": decay, "threshold": theta} | changes), *last)

    def levels(self, last: list[str]) -> str:
        """Two channels of one unit, now and then with inputs of their own."""
        shape, unit = self.shape(last[0]), self.name("unit")
        for level in (1, 2):
            channel = LIF(
                name=f"{unit}_l{level}", shape=shape, decay=0.5, threshold=0.5 * level, unit=unit, level=level
            )
            self.add(channel, *(last if level == 1 or not self.odd(0.3) else [self.scale(last)]))
        return self.linear([f"{unit}_l1", f"{unit}_l2"])

    def pool(self, last: list[str]) -> str:
        shape = self.shape(last[0])
        if len(shape) != 3:
            return self.fires(last)
        kernel = (min(2, shape[1]), min(2, shape[2]))
        stride = kernel if self.rng.random() < 0.7 else (1, 1)
        padding = (1, 1) if self.odd(0.3) and min(kernel) == 2 else (0, 0)
        window = Window(shape[1:], kernel, stride, padding)
        kind = "sum" if self.rng.random() < 0.3 else "avg"
        made = Pool(name=self.name("pool"), shape=(shape[0], *window.out), kind=kind, kernel=kernel, stride=stride,
                    padding=padding)  # fmt: skip
        return self.add(made, *last)

    def largest(self, last: list[str]) -> str:
        """A max pool, of spikes or of anything."""
        shape = self.shape(last[0])
        if len(shape) != 3:
            return self.fires(last)
        kernel = (min(2, shape[1]), min(3, shape[2]))
        padding = (kernel[0] // 2, 0) if self.odd(0.5) else (0, 0)
        window = Window(shape[1:], kernel, (1, 2), padding)
        made = MaxPool(name=self.name("largest"), shape=(shape[0], *window.out), kernel=kernel, stride=(1, 2),
                       padding=padding)  # fmt: skip
        return self.add(made, *last)

    def flatten(self, last: list[str]) -> str:
        return self.add(Flatten(name=self.name("flat"), shape=(self.nodes[last[0]].size,)), *last)

    def scale(self, last: list[str]) -> str:
        return self.add(Scale(name=self.name("scale"), shape=self.shape(last[0]), scale=0.5), *last)

    def delay(self, last: list[str]) -> str:
        return self.add(Delay(name=self.name("delay"), shape=self.shape(last[0]), steps=1), *last)

    def integrate(self, last: list[str]) -> str:
        """A leaky integrator of its own, or the current of the neurons behind it."""
        shape, decay = self.shape(last[0]), float(self.pick(0.0, 0.5))
        if not self.tame and self.rng.random() < 0.4:
            return self.add(LI(name=self.name("li"), shape=shape, decay=decay), *last)
        current, neuron = self.name("current"), self.name("unit")
        of_each = _mixed(self.rng, shape) if self.odd(0.3) else decay
        self.add(LI(name=current, shape=shape, decay=of_each, current_of=neuron), *last)
        return self.add(LIF(name=neuron, shape=shape, decay=0.5, threshold=0.5), current)

    def loop(self, last: list[str]) -> str:
        unit = self.fires([self.weighted(last)])
        if self.odd(0.2):
            self.edges.append(Edge(unit, unit))  # without a delay
        else:
            self.edges.append(Edge(self.delay([unit]), unit))
        return unit


def _mixed(rng: Rng, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0.2, 0.9, shape)


ODD_NEURONS: dict[str, object] = {
    "reset": "subtract",
    "v_reset": 0.2,
    "leak": 0.1,
    "gain": 2.0,
    "decay": _mixed,
    "threshold": _mixed,
}


def random_graph(seed: int) -> Graph:
    """One graph; every third has something broken."""
    graph = Maker(seed).graph()
    rng = np.random.default_rng(seed + 1_000_000)
    return broken(graph, rng) if seed % 3 == 2 else graph
