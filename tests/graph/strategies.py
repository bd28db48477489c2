"""Hypothesis strategies for small typed graphs: residuals, strides, gains, K 1..5, any decay, float and integer."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from snnhw.graph.ir import (
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
    Pool,
    Readout,
)

DECAYS = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]), st.floats(0, 1, width=32))
THRESHOLDS = st.lists(st.floats(0.125, 8, width=32), min_size=1, max_size=5, unique=True).map(sorted).map(tuple)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def float_graphs(draw: st.DrawFn, *, dyadic: bool = False, grouped: bool = True) -> Graph:
    """A residual network of one to three blocks; `dyadic` weights make every sum exact in float32."""
    rng = np.random.default_rng(draw(SEEDS))
    dtype = draw(st.sampled_from([np.float32, np.float64]))

    def weights(*shape: int) -> np.ndarray:
        values = rng.integers(-64, 65, shape) / 64 if dyadic else rng.normal(size=shape)
        return values.astype(dtype)

    def bias(outputs: int) -> np.ndarray | None:
        return weights(outputs) if draw(st.booleans()) else None

    shape = (draw(st.integers(1, 2)), draw(st.integers(4, 6)), draw(st.integers(4, 6)))
    nodes: list[Node] = [Input(name="input", shape=shape, levels=draw(st.sampled_from([None, 3])))]
    edges: list[Edge | tuple[str, str]] = []
    last = "input"
    for block in range(draw(st.integers(1, 3))):
        conv, source = f"conv{block}", shape
        kernel = (draw(st.sampled_from([1, 3])), draw(st.sampled_from([1, 3])))
        stride = draw(st.sampled_from([1, 2])) if min(shape[1:]) > 2 else 1
        dilation = draw(st.sampled_from([1, 1, 2]))
        padding = tuple(dilation * (k // 2) for k in kernel)
        groups = draw(st.sampled_from([1, shape[0]])) if grouped else 1
        channels = shape[0] * draw(st.integers(1, 2))
        shape = (channels, -(-shape[1] // stride), -(-shape[2] // stride))
        nodes.append(
            Conv2d(
                name=conv,
                shape=shape,
                weight=weights(channels, source[0] // groups, *kernel),
                bias=bias(channels),
                stride=(stride, stride),
                padding=padding,
                dilation=(dilation, dilation),
                groups=groups,
            )
        )
        edges.append((last, conv))
        unit = draw(st.sampled_from([f"unit{block}", "forward", "if_"])) if block == 0 else f"unit{block}"
        nodes.append(MLF(name=unit, shape=shape, thresholds=draw(THRESHOLDS), decay=draw(DECAYS)))
        edges.append((conv, unit))
        if shape == source and last != "input":
            gain = draw(st.integers(1, 3))
            edges.append(Edge(last, unit, gain=gain))
        elif draw(st.booleans()):
            nodes.append(
                Conv2d(
                    name=f"short{block}",
                    shape=shape,
                    weight=weights(channels, source[0], 1, 1),
                    stride=(stride, stride),
                )
            )
            edges += [(last, f"short{block}"), (f"short{block}", unit)]
        last = unit
    if draw(st.booleans()):
        nodes.append(LIF(name="single", shape=shape, decay=draw(DECAYS), threshold=draw(st.floats(0.125, 8, width=32))))
        edges.append((last, "single"))
        last = "single"
    kind = draw(st.sampled_from(["avg", "sum"]))
    nodes += [
        Pool(name="pool", shape=(shape[0], 1, 1), kind=kind, kernel=shape[1:], stride=shape[1:]),
        Flatten(name="flat", shape=(shape[0],)),
        Linear(name="fc", shape=(3,), weight=weights(3, shape[0]), bias=bias(3)),
        Readout(name="readout", shape=(3,)),
    ]
    edges += [(last, "pool"), ("pool", "flat"), ("flat", "fc"), ("fc", "readout")]
    return Graph.build(nodes, edges, draw(st.integers(1, 12)), "random")


@st.composite
def integer_graphs(draw: st.DrawFn) -> Graph:
    """Two units of Loihi integers, the second with a residual, as quantisation makes them."""
    rng = np.random.default_rng(draw(SEEDS))
    shape = (2, 4, 4)
    levels = draw(st.integers(1, 3))
    dv = draw(st.integers(0, 4096))

    def weights(*size: int) -> np.ndarray:
        return (rng.integers(-127, 128, size) * 2).astype(np.int16)

    def channels(unit: str) -> list[Node]:
        bias_shape = draw(st.sampled_from([(2, 1, 1), (1, 1, 1), shape]))
        bias = rng.integers(-4096, 4096, bias_shape) * draw(st.integers(0, 1))
        exponent = draw(st.integers(-2, 3))
        return [
            LoihiLIF(
                name=f"{unit}_l{k}",
                shape=shape,
                threshold=100 * k,
                du=4095,
                dv=dv,
                bias_mant=bias.astype(np.int64),
                bias_exp=exponent,
                unit=unit,
                level=k,
            )
            for k in range(1, levels + 1)
        ]

    first, second = channels("first"), channels("second")
    nodes = [
        Input(name="input", shape=shape, scale=16.0, bits=6),
        Conv2d(name="conv1", shape=shape, weight=weights(2, 2, 3, 3), padding=(1, 1)),
        *first,
        Conv2d(name="conv2", shape=shape, weight=weights(2, 2, 3, 3), padding=(1, 1)),
        Conv2d(name="short", shape=shape, weight=weights(2, 2, 1, 1)),
        *second,
        Flatten(name="flat", shape=(32,)),
        Linear(name="fc", shape=(3,), weight=weights(3, 32), bias=rng.integers(-99, 99, 3)),
        Readout(name="readout", shape=(3,), reduction="sum"),
    ]
    edges: list[Edge | tuple[str, str]] = [("input", "conv1"), ("flat", "fc"), ("fc", "readout")]
    edges += (
        [("conv1", n.name) for n in first] + [(n.name, "conv2") for n in first] + [(n.name, "short") for n in first]
    )
    edges += [(c, n.name) for n in second for c in ("conv2", "short")] + [(n.name, "flat") for n in second]
    return Graph.build(nodes, edges, draw(st.integers(1, 5)), "integers")
