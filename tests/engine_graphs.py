"""Random integer graphs as short descriptions, so that one on which engines differ can be made smaller.

A graph is drawn from its description and the seed in it alone; what a smaller one leaves out changes nothing else, for
the weights of each layer are drawn from the seed and the layer's own name.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Delay, Edge, Graph, Input, Linear, LoihiLIF, Node, Pool, Readout
from snnhw.graph.shapes import Window
from snnhw.rules.ways import C, refusals


@dataclass(frozen=True)
class Layer:
    """A layer and the unit behind it."""

    name: str
    matrix: bool = False
    outputs: int = 3
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    grouped: bool = False
    pooled: bool = False  # a sum pool in front
    levels: int = 1
    lasts: bool = False  # its current
    subtracts: bool = False
    starts: bool = False  # from another state than 0
    skips: bool = False  # joins the unit before, where shapes allow it
    back: int = 0  # steps of a loop through a matrix or a convolution of its own; 0: none
    late: int = 0  # steps of a delay behind it
    slow: bool = True  # the membrane keeps some of its state
    alike: bool = False  # levels that differ in their thresholds alone
    fine: bool = False  # numbers so small that one unit more or less decides
    bare: bool = False  # no layer: what comes is the current of its neurons


@dataclass(frozen=True)
class Description:
    """A graph and its samples."""

    seed: int
    shape: tuple[int, int, int] = (2, 5, 5)
    steps: int = 3
    samples: int = 1
    events: bool = False
    head: bool = True  # a matrix at the end; else spikes are counted
    even: bool = False  # weights, as Loihi has them
    layers: tuple[Layer, ...] = ()


def drawn(seed: int) -> Description:
    """The description of number `seed`."""
    rng = np.random.default_rng(seed)

    def chance(share: float = 0.3) -> bool:
        return bool(rng.random() < share)

    def layer(number: int) -> Layer:
        return Layer(
            f"layer{number}",
            *(chance(0.25), int(rng.integers(1, 5)), int(rng.integers(1, 4)), int(rng.integers(1, 3))),
            *(int(rng.integers(0, 3)), int(rng.integers(1, 3)), chance(), chance(0.15), int(rng.integers(1, 4))),
            *(chance(), chance(), chance(), chance(0.5), int(rng.integers(1, 4)) * chance()),
            *(int(rng.integers(1, 4)) * chance(0.2), chance(0.8), chance(0.5), chance(0.5)),
            bare=chance(0.1),
        )

    shape = (int(rng.integers(1, 4)), int(rng.integers(3, 7)), int(rng.integers(3, 7)))
    layers = tuple(layer(number) for number in range(int(rng.integers(1, 5))))
    return Description(seed, shape, int(rng.integers(1, 6)), 2, chance(), chance(0.7), chance(0.4), layers)


def made(described: Description) -> tuple[Graph, Array] | None:
    """The graph and its samples; None where a layer leaves nothing of an image, or C refuses the graph."""
    maker = _Maker(described)
    try:
        graph = maker.graph()
    except _NothingLeftError:
        return None
    return None if refusals(graph, C) else (graph, maker.samples())


class _NothingLeftError(Exception):
    """A window fits nowhere."""


class _Maker:
    def __init__(self, described: Description) -> None:
        self.of = described
        entering = {"levels": 3, "bits": 3} if described.events else {"bits": 8}
        self.nodes: list[Node] = [Input(name="input", shape=described.shape, scale=1.0, **entering)]
        self.edges: list[Edge] = []

    def draw(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.of.seed, zlib.crc32(name.encode())])

    def samples(self) -> Array:
        rng, shape = self.draw("samples"), (self.of.samples, self.of.steps, *self.of.shape)
        return rng.integers(0, 4, shape) if self.of.events else rng.integers(-128, 128, shape)

    def graph(self) -> Graph:
        stream, shape = ["input"], self.of.shape
        for layer in self.of.layers:
            stream, shape = self.layer(layer, stream, shape)
        if self.of.head:
            self.matrix("head", stream, (4,), shape, bias=True)
            stream, shape = ["head"], (4,)
        self.add(Readout(name="readout", shape=shape, reduction="sum"), stream)
        return Graph.build(self.nodes, self.edges, self.of.steps)

    def layer(self, layer: Layer, stream: list[str], shape: tuple[int, ...]) -> tuple[list[str], tuple[int, ...]]:
        name = layer.name
        if layer.pooled and len(shape) == 3:
            out = self.out(Window((shape[1], shape[2]), (2, 2), (1, 1), (1, 1)), shape[0])
            self.add(
                Pool(name=f"{name}_pool", shape=out, kind="sum", kernel=(2, 2), stride=(1, 1), padding=(1, 1)), stream
            )
            stream, shape = [f"{name}_pool"], out
        before, arriving = shape, stream
        if not layer.bare:
            shape = self.weights(layer, name, stream, before)
            arriving = [name]
        fired = [f"{name}_u_l{level + 1}" for level in range(layer.levels)]
        if layer.back:
            self.add(Delay(name=f"{name}_back", shape=shape, steps=layer.back), fired)
            weight = self.drawn_weights(f"{name}_loop", -90, 90, (shape[0], shape[0], 1, 1))
            back = Linear(name=f"{name}_loop", shape=shape, weight=weight[:, :, 0, 0])
            over = Conv2d(name=f"{name}_loop", shape=shape, weight=weight)
            self.add(back if len(shape) == 1 else over, [f"{name}_back"])
            arriving = [*arriving, f"{name}_loop"]
        for level, neuron in enumerate(fired):
            self.add(self.neuron(layer, neuron, level, shape), arriving)
        stream = fired + (stream if layer.skips and shape == before and "input" not in stream else [])
        if layer.late:
            self.add(Delay(name=f"{name}_late", shape=shape, steps=layer.late), stream)
            stream = [f"{name}_late"]
        return stream, shape

    def weights(self, layer: Layer, name: str, stream: list[str], before: tuple[int, ...]) -> tuple[int, ...]:
        """Adds a matrix or a convolution; gives the shape of what it sends."""
        low, high = (-3, 4) if layer.fine else (-60, 128)
        if layer.matrix or len(before) == 1:
            self.matrix(name, stream, (layer.outputs,), before, low=low, high=high)
            return (layer.outputs,)
        groups, kernel = before[0] if layer.grouped else 1, (layer.kernel, layer.kernel)
        stride, padding, dilation = ((n, n) for n in (layer.stride, layer.padding, layer.dilation))
        shape = self.out(Window((before[1], before[2]), kernel, stride, padding, dilation), groups * layer.outputs)
        weight = self.drawn_weights(name, low, high, (shape[0], before[0] // groups, *kernel))
        self.add(Conv2d(name=name, shape=shape, weight=weight, stride=stride, padding=padding, dilation=dilation,
                        groups=groups), stream)  # fmt: skip
        return shape

    def drawn_weights(self, name: str, low: int, high: int, shape: tuple[int, ...]) -> Array:
        weight = self.draw(name).integers(low, high, shape)
        return weight - weight % 2 if self.of.even else weight

    def out(self, window: Window, channels: int) -> tuple[int, ...]:
        shape = window.sent(channels)
        if shape is None:
            raise _NothingLeftError
        return shape

    def matrix(self, name: str, stream: list[str], shape: tuple[int, ...], before: tuple[int, ...], *,
               low: int = -90, high: int = 128, bias: bool = False) -> None:  # fmt: skip
        weight = self.drawn_weights(name, low, high, (shape[0], int(np.prod(before))))
        biases = self.draw(f"{name}_bias").integers(-500, 500, shape) if bias else None
        self.add(Linear(name=name, shape=shape, weight=weight, bias=biases), stream)

    def neuron(self, layer: Layer, name: str, level: int, shape: tuple[int, ...]) -> LoihiLIF:
        rng = self.draw(f"{layer.name}_u" if layer.alike else name)
        column = (shape[0],) + (1,) * (len(shape) - 1)
        return LoihiLIF(
            name=name,
            shape=shape,
            threshold=int(self.draw(name).integers(1, 12 if layer.fine else 3000)),
            du=rng.integers(1500, 4096, shape) if layer.lasts else 4095,
            dv=int(rng.integers(0, 4096)) if layer.slow else 4096 - 1,
            bias_mant=rng.integers(-100, 100, column) * (rng.integers(0, 2, column) if layer.fine else 1),
            bias_exp=0 if layer.fine else int(rng.integers(-2, 5)),
            reset="subtract" if layer.subtracts else "hard",
            taken_off=int(rng.integers(0, 900 if layer.fine else 200_000)) if layer.subtracts else 0,
            start=rng.integers(-900, 900, shape) * (1 if layer.fine else 100) if layer.starts else 0,
            current_start=rng.integers(-9_000, 9_000, shape) if layer.starts and layer.lasts else 0,
            unit=f"{layer.name}_u",
            level=level + 1,
        )

    def add(self, node: Node, sources: list[str]) -> None:
        self.nodes.append(node)
        self.edges += [Edge(source, node.name) for source in sources]


def _with(described: Description, at: int, **fields: object) -> Description:
    layers = described.layers
    return replace(described, layers=(*layers[:at], replace(layers[at], **fields), *layers[at + 1 :]))


def fewer_nodes(described: Description) -> Iterator[Description]:
    """Descriptions of graphs with fewer nodes, those that leave out most first.

    What differs in a deep layer may need its small numbers, so the input is also tried as events of many samples.
    """
    for less in _with_less(described):
        yield from (less, replace(less, events=True, samples=8, steps=6))


def _with_less(described: Description) -> Iterator[Description]:
    layers = described.layers
    for at in range(len(layers)):
        if len(layers) > 1:
            yield replace(described, layers=layers[:at] + layers[at + 1 :])
    if described.head:
        yield replace(described, head=False)
    for at, layer in enumerate(layers):
        for field, least in (("bare", True), ("levels", 1), ("pooled", False), ("back", 0), ("late", 0)):
            if getattr(layer, field) != least:
                yield _with(described, at, **{field: least})
        if layer.levels > 2:
            yield _with(described, at, levels=2)


def plainer(described: Description) -> Iterator[Description]:
    """Descriptions with one thing less in the same nodes."""
    flags = ("lasts", "subtracts", "starts", "skips", "alike", "grouped")
    sizes = ("kernel", "stride", "padding", "dilation")
    plain = Layer("")
    for at, layer in enumerate(described.layers):
        for field in (*flags, *sizes, "outputs"):
            least = 1 if field == "outputs" else getattr(plain, field)
            if getattr(layer, field) != least:
                yield _with(described, at, **{field: least})
    for field, least in (("samples", 1), ("steps", 1), ("events", False)):
        if getattr(described, field) != least:
            yield replace(described, **{field: least})
    for shape in ((1, 1, 1), (1, 3, 3)):
        if np.prod(shape) < np.prod(described.shape):
            yield replace(described, shape=shape)


def shrunk(
    described: Description, first_differing: Callable[[Sequence[Description]], int | None], draws: int = 25
) -> Description:
    """A smaller description on which engines still differ.

    What differs by one unit does so for few numbers, so nodes are left out with those of `draws` seeds, asked together;
    what stays is then made plainer with its own.

    Args:
        described: on which they differ.
        first_differing: the place of the first description on which they do, None where they do on none.
        draws: seeds for each graph with fewer nodes.
    """
    for less, seeds in ((fewer_nodes, draws), (plainer, 1)):
        while True:
            found = None
            for small in less(described):
                tried = [replace(small, seed=described.seed + draw) for draw in range(seeds)]
                at = first_differing(tried)
                if at is not None:
                    found = tried[at]
                    break
            if found is None:
                break
            described = found
    return described
