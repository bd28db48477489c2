"""Random networks for the laws of counting: residual sums, strides, dilation, groups, padding, zero weights."""

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, MLF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, Pool, Readout
from snnhw.simulation.record import SpikeRecord, unit_record


def conv_shape(shape, out, kernel, stride, padding, dilation):
    spatial = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(shape[1:], kernel, stride, padding, dilation, strict=True)
    ]
    return (out, *spatial)


def weights(rng, shape, zeros=0.3):
    return rng.normal(size=shape) * (rng.random(shape) >= zeros)


@st.composite
def convs(draw, name, shape, rng):
    groups = draw(st.sampled_from([g for g in (1, 2) if shape[0] % g == 0]))
    kernel = tuple(draw(st.integers(1, min(3, size))) for size in shape[1:])
    dilation = tuple(draw(st.integers(1, 2)) if (k - 1) * 2 < s else 1 for k, s in zip(kernel, shape[1:], strict=True))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    padding = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
    out = groups * draw(st.integers(1, 2))
    after = conv_shape(shape, out, kernel, stride, padding, dilation)
    bias = rng.normal(size=out) if draw(st.booleans()) else None
    weight = weights(rng, (out, shape[0] // groups, *kernel))
    return Conv2d(
        name=name,
        shape=after,
        weight=weight,
        bias=bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def mlf(name, shape, levels):
    return MLF(name=name, shape=shape, thresholds=tuple(0.6 + k for k in range(levels)), decay=0.25)


@st.composite
def networks(draw):
    """A stem, one or two stages with an identity or conv shortcut, and a pooled read-out."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = st.integers(1, 4)
    events = draw(st.sampled_from([None, 1, 3]))
    shape = (draw(st.integers(1, 2)), draw(st.integers(4, 7)), draw(st.integers(4, 7)))
    stem = draw(convs("stem", shape, rng))
    nodes = [Input(name="input", shape=shape, levels=events), stem, mlf("stem_mlf", stem.shape, draw(k))]
    edges = [Edge("input", "stem"), Edge("stem", "stem_mlf")]
    sources = [Edge("stem_mlf", "?")]
    for i in range(draw(st.integers(1, 2))):
        conv = draw(convs(f"conv{i}", nodes[-1].shape, rng))
        unit = mlf(f"mlf{i}", conv.shape, draw(k))
        nodes += [conv, unit]
        edges += [Edge(e.source, conv.name, e.gain) for e in sources] + [Edge(conv.name, unit.name)]
        shortcut = draw(st.sampled_from(["none", "identity", "spiking conv", "into neuron"]))
        if shortcut == "identity":
            body = Conv2d(
                name=f"body{i}",
                shape=unit.shape,
                weight=weights(rng, (unit.shape[0], unit.shape[0], 3, 3)),
                padding=(1, 1),
            )
            nodes += [body, mlf(f"body_mlf{i}", unit.shape, draw(k))]
            edges += [Edge(unit.name, body.name), Edge(body.name, f"body_mlf{i}")]
            sources = [Edge(unit.name, "?", draw(st.integers(1, 2))), Edge(f"body_mlf{i}", "?")]
        elif shortcut == "spiking conv":
            side = Conv2d(
                name=f"side{i}", shape=conv.shape, weight=conv.weight * 2, bias=conv.bias, stride=conv.stride,
                padding=conv.padding, dilation=conv.dilation, groups=conv.groups,
            )  # fmt: skip
            nodes += [side, mlf(f"side_mlf{i}", conv.shape, draw(k))]
            edges += [Edge(e.source, side.name, e.gain) for e in sources] + [Edge(side.name, f"side_mlf{i}")]
            sources = [Edge(unit.name, "?"), Edge(f"side_mlf{i}", "?")]
        elif shortcut == "into neuron":
            late = mlf(f"late{i}", unit.shape, draw(k))
            nodes += [late]
            edges += [Edge(unit.name, late.name), Edge(conv.name, late.name)]
            sources = [Edge(late.name, "?")]
        else:
            sources = [Edge(unit.name, "?")]
    last = nodes[-1].shape
    if draw(st.booleans()):
        kernel = tuple(draw(st.integers(1, min(3, size))) for size in last[1:])
        stride = tuple(draw(st.integers(1, size)) for size in kernel)
        pooled = conv_shape(last, last[0], kernel, stride, (0, 0), (1, 1))
        nodes.append(Pool(name="pool", shape=pooled, kind="avg", kernel=kernel, stride=stride))
        edges += [Edge(e.source, "pool", e.gain) for e in sources]
        sources, last = [Edge("pool", "?")], pooled
    size = int(np.prod(last))
    nodes += [
        Flatten(name="flatten", shape=(size,)),
        Linear(name="fc", shape=(3,), weight=weights(rng, (3, size)), bias=np.ones(3)),
        Readout(name="readout", shape=(3,)),
    ]
    edges += [Edge(e.source, "flatten", e.gain) for e in sources] + [Edge("flatten", "fc"), Edge("fc", "readout")]
    return Graph.build(nodes, edges, timesteps=draw(st.integers(1, 2)))


def random_raster(graph, rng, samples=2, density=0.15):
    """Nested levels, as a multi-level unit fires them: unit -> uint8 [N, T, K, *shape]."""
    raster = {}
    sources = {u: (sum(getattr(n, "levels", 1) for n in ns), ns[0].shape) for u, ns in graph.units().items()}
    if graph.input.levels:
        sources[graph.input.name] = (graph.input.levels, graph.input.shape)
    for name, (levels, shape) in sources.items():
        value = rng.integers(1, levels + 1, (samples, graph.timesteps, 1, *shape))
        value = value * (rng.random(value.shape) < density)
        raster[name] = (value > np.arange(levels).reshape(-1, *[1] * len(shape))).astype(np.uint8)
    return raster


def record_of(graph, raster, classes=3):
    samples = next(iter(raster.values())).shape[0]
    units = {name: unit_record(r) for name, r in raster.items()}
    return SpikeRecord(samples, graph.timesteps, units, np.zeros((samples, classes)), raster)


def small_net():
    """Two multi-level layers (K = 3 and 2), average pool and read-out, T = 3, analogue input [2, 6, 6]."""
    rng = np.random.default_rng(7)
    nodes = [
        Input(name="input", shape=(2, 6, 6)),
        Conv2d(
            name="stem",
            shape=(4, 6, 6),
            weight=rng.normal(size=(4, 2, 3, 3)),
            bias=np.array([1.0, 0, 2, 3]),
            padding=(1, 1),
        ),
        MLF(name="stem_mlf", shape=(4, 6, 6), thresholds=(0.6, 1.6, 2.6), decay=0.25),
        Conv2d(name="body", shape=(2, 6, 6), weight=rng.normal(size=(2, 4, 3, 3)), padding=(1, 1)),
        MLF(name="body_mlf", shape=(2, 6, 6), thresholds=(0.6, 1.6), decay=0.25),
        Pool(name="pool", shape=(2, 1, 1), kind="avg", kernel=(6, 6), stride=(6, 6)),
        Flatten(name="flatten", shape=(2,)),
        Linear(name="fc", shape=(5,), weight=rng.normal(size=(5, 2))),
        Readout(name="readout", shape=(5,)),
    ]
    names = [node.name for node in nodes]
    return Graph.build(nodes, list(pairwise(names)), timesteps=3)


def integer_net() -> Graph:
    """All weights integers, decay 1/4 and thresholds in quarters: float64 is exact whatever the order of additions."""
    rng = np.random.default_rng(11)
    nodes = [
        Input(name="input", shape=(1, 5, 5)),
        Conv2d(name="stem", shape=(3, 5, 5), weight=rng.integers(-2, 3, (3, 1, 3, 3)).astype(float), padding=(1, 1)),
        MLF(name="a", shape=(3, 5, 5), thresholds=(0.5, 1.5, 2.5), decay=0.25),
        Conv2d(name="body", shape=(3, 5, 5), weight=rng.integers(-1, 2, (3, 3, 3, 3)).astype(float), padding=(1, 1)),
        MLF(name="b", shape=(3, 5, 5), thresholds=(0.5, 1.5, 2.5), decay=0.25),
        Flatten(name="flatten", shape=(75,)),
        Linear(name="fc", shape=(4,), weight=rng.integers(-3, 4, (4, 75)).astype(float)),
        Readout(name="readout", shape=(4,), reduction="sum"),
    ]
    edges = [("input", "stem"), ("stem", "a"), ("a", "body"), ("body", "b"), ("b", "flatten"), ("a", "flatten")]
    return Graph.build(nodes, [*edges, ("flatten", "fc"), ("fc", "readout")], timesteps=4)


def three_layers(loop=True, delay=1):
    """3 -> 5, 5 -> 4 with a loop 4 -> 4 one step later, 4 -> 2: the loop is in the middle layer; T = 6."""
    rng = np.random.default_rng(5)

    def linear(name, inputs, outputs):
        return Linear(name=name, shape=(outputs,), weight=rng.normal(0, 1, (outputs, inputs)))

    nodes = [
        Input(name="input", shape=(3,)),
        linear("into", 3, 5),
        LIF(name="before", shape=(5,), threshold=0.5, decay=0.5),
        linear("middle", 5, 4),
        LIF(name="hidden", shape=(4,), threshold=0.5, decay=0.5),
        Delay(name="previous", shape=(4,), steps=delay),
        linear("around", 4, 4 if loop else 2),
        linear("head", 4, 2),
        Readout(name="readout", shape=(2,)),
    ]
    chain = ["input", "into", "before", "middle", "hidden", "head", "readout"]
    edges = [Edge(a, b) for a, b in pairwise(chain)]
    edges += [Edge("hidden", "previous"), Edge("previous", "around"), Edge("around", "hidden" if loop else "readout")]
    return Graph.build(nodes, edges, 6)


def chain(channels=16, size=8, levels=3, **options):
    rng = np.random.default_rng(0)
    options = {"padding": (1, 1), "shape": (channels, size, size), **options}
    after = options["shape"]
    nodes = [
        Input(name="input", shape=(1, size, size)),
        Conv2d(name="stem", shape=(channels, size, size), weight=rng.normal(size=(channels, 1, 3, 3)), padding=(1, 1)),
        MLF(name="a", shape=(channels, size, size), thresholds=tuple(0.6 + k for k in range(levels)), decay=0.25),
        Conv2d(name="body", weight=rng.normal(size=(channels, channels, 3, 3)), **options),
        MLF(name="b", shape=after, thresholds=tuple(0.6 + k for k in range(levels)), decay=0.25),
        Linear(name="fc", shape=(10,), weight=rng.normal(size=(10, int(np.prod(after))))),
        Readout(name="readout", shape=(10,)),
    ]
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=4)
