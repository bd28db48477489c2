"""Random networks for the laws: small residual MLF graphs, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from snnhw.graph.ilif import nearest
from snnhw.graph.ir import (
    ILIF,
    LIF,
    MLF,
    Conv2d,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Node,
    Norm,
    Pool,
    Readout,
)


@dataclass(frozen=True)
class Sample:
    graph: Graph
    inputs: np.ndarray


def norm(name: str, shape: tuple[int, ...], rng: np.random.Generator, inside: bool = False) -> Norm:
    c = shape[0]
    return Norm(
        name=name,
        shape=shape,
        gamma=rng.uniform(1.0, 3.0, c),
        beta=rng.normal(0.3, 0.3, c),
        mean=rng.normal(0, 0.3, c),
        var=rng.uniform(0.05, 1.0, c),
        eps=1e-5,
        factor=1.0 if inside else 0.6,
        eps_inside_root=inside,
    )


def residual_net(
    seed: int = 0,
    *,
    levels: int = 3,
    timesteps: int = 4,
    widths: tuple[int, ...] = (4, 6),
    size: int = 6,
    decay: float = 0.25,
    groups: int = 1,
    blocks: int = 1,
    samples: int = 3,
    plain: bool = False,
) -> Sample:
    """DS-ResNet of len(widths) stages: stem, `blocks` blocks each, stride 2 between stages, norms unfolded.

    `plain` fires behind the residual sum, as the spiking ResNet does.
    """
    rng = np.random.default_rng(seed)
    thresholds = tuple(float(np.float32(0.6 + k)) for k in range(levels))
    nodes: list[Node] = [Input(name="input", shape=(2, size, size))]
    edges: list[Edge] = []

    def unit(name: str, sources: list[str], c_in: int, shape: tuple[int, ...], kernel: int, stride: int, g: int) -> str:
        weight = rng.normal(0, 1.4 / np.sqrt(c_in * kernel * kernel / g), (shape[0], c_in // g, kernel, kernel))
        nodes.extend(
            [
                Conv2d(
                    name=f"{name}_conv",
                    shape=shape,
                    weight=weight,
                    stride=(stride, stride),
                    padding=(kernel // 2, kernel // 2),
                    groups=g,
                ),
                norm(f"{name}_norm", shape, rng),
                MLF(name=f"{name}_mlf", shape=shape, thresholds=thresholds, decay=decay),
            ]
        )
        edges.extend(Edge(s, f"{name}_conv") for s in sources)
        edges.extend([Edge(f"{name}_conv", f"{name}_norm"), Edge(f"{name}_norm", f"{name}_mlf")])
        return f"{name}_mlf"

    shape: tuple[int, ...] = (widths[0], size, size)
    stream, channels = [unit("stem", ["input"], 2, shape, 3, 1, 1)], widths[0]
    for s, width in enumerate(widths):
        for b in range(blocks):
            stride = 2 if s > 0 and b == 0 else 1
            out = (width, -(-shape[1] // stride), -(-shape[2] // stride))
            name = f"s{s}b{b}"
            first = unit(f"{name}_1", stream, channels, out, 3, stride, groups)
            second = unit(f"{name}_2", [first], width, out, 3, 1, groups)
            skip = stream if stride == 1 else [unit(f"{name}_sc", stream, channels, out, 1, stride, 1)]
            if plain:  # the shortcut ends in the second unit, behind its own norm where the shape changes
                if stride > 1:
                    nodes.remove(next(n for n in nodes if n.name == skip[0]))
                    edges.remove(Edge(f"{name}_sc_norm", skip[0]))
                    skip = [f"{name}_sc_norm"]
                edges.extend(Edge(s, second) for s in skip)
                stream = [second]
            else:
                stream = [*skip, second]
            shape, channels = out, width
    nodes.extend(
        [
            Pool(name="pool", shape=(channels, 1, 1), kind="avg", kernel=shape[1:], stride=shape[1:]),
            Flatten(name="flatten", shape=(channels,)),
            Linear(name="head", shape=(5,), weight=rng.normal(size=(5, channels)), bias=rng.normal(size=5)),
            Readout(name="readout", shape=(5,)),
        ]
    )
    edges.extend(Edge(s, "pool") for s in stream)
    edges.extend([Edge("pool", "flatten"), Edge("flatten", "head"), Edge("head", "readout")])
    inputs = rng.uniform(-1, 1, (samples, 2, size, size))
    return Sample(Graph.build(nodes, edges, timesteps), inputs)


residual_nets = st.builds(
    residual_net,
    seed=st.integers(0, 2**31),
    levels=st.integers(1, 5),
    timesteps=st.integers(1, 6),
    widths=st.sampled_from([(4,), (4, 6), (2, 4, 8)]),
    size=st.sampled_from([5, 6, 8]),
    decay=st.sampled_from([0.0, 0.25, 0.5, 0.9]),
    groups=st.sampled_from([1, 2]),
    blocks=st.integers(1, 2),
    plain=st.booleans(),
)


def product_graph(weight: np.ndarray, bits: int = 8) -> Graph:
    """Integers: an input of `bits`, the matrix `weight`, neurons and a read-out."""
    size = weight.shape[1]
    nodes = [
        Input(name="input", shape=(size,), scale=1.0, bits=bits),
        Linear(name="fc", shape=(len(weight),), weight=weight),
        LoihiLIF(
            name="n", shape=(len(weight),), threshold=1, du=4095, dv=3072, bias_mant=np.zeros(1, np.int16), bias_exp=0
        ),
        Linear(name="out", shape=(1,), weight=np.full((1, len(weight)), 2, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    chain = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(chain)), 1)


def neuron(
    vth: int = 300, du: int = 4095, dv: int = 3072, mant: int = 0, exp: int = 0, taken_off: int | None = None
) -> LoihiLIF:
    """One neuron in integers; with `taken_off` it resets by subtraction."""
    made = LoihiLIF(
        name="n", shape=(1,), threshold=vth, du=du, dv=dv, bias_mant=np.array([mant], np.int16), bias_exp=exp
    )
    return made if taken_off is None else replace(made, reset="subtract", taken_off=taken_off)


def with_integer_neurons(graph: Graph, levels: int, decay: float, threshold: float = 1.0) -> Graph:
    """`graph` with I-LIF in place of its units; gamma of the norms before them as it is."""
    nodes = [
        ILIF(
            name=node.name,
            shape=node.shape,
            thresholds=nearest(levels, threshold),
            decay=decay,
            taken_off=threshold,
        )
        if isinstance(node, MLF | LIF)
        else node
        for node in graph.nodes.values()
    ]
    return graph.replace(nodes=nodes)
