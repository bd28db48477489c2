"""Small integer and float networks for the Lava tests, built node by node; delays come from the pass."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.passes.balance_delays import balance_delays


class Net:
    """Builder: `conv`, `neurons` and `linear` add nodes and give back the names to connect from."""

    def __init__(self, seed=0, *, integer=True, levels=3, timesteps=3, shape=(2, 6, 6), decay=0.25, bias_exp=3):
        self.rng = np.random.default_rng(seed)
        self.integer, self.levels, self.timesteps = integer, levels, timesteps
        self.decay, self.bias_exp = decay, bias_exp
        scale = {"scale": 32.0, "bits": 8} if integer else {}
        self.nodes = [Input(name="input", shape=shape, **scale)]
        self.edges = []
        self.shapes = {"input": shape}

    def weights(self, shape, fan_in):
        if self.integer:
            return (2 * self.rng.integers(-128, 128, shape)).astype(np.int32)
        return self.rng.normal(0, 1.5 / np.sqrt(fan_in), shape)

    def bias(self, size):
        return None if self.integer else self.rng.normal(0, 0.3, size)

    def connect(self, sources, name, **edge):
        self.edges += [Edge(source, name, **edge) for source in sources]

    def conv(self, name, sources, out, kernel=3, stride=1, groups=1, padding=None, dilation=1):
        padding = kernel // 2 if padding is None else padding
        c, h, w = self.shapes[sources[0]]
        span = dilation * (kernel - 1) + 1
        size = tuple((n + 2 * padding - span) // stride + 1 for n in (h, w))
        weight = self.weights((out, c // groups, kernel, kernel), c // groups * kernel**2)
        node = Conv2d(
            name=name,
            shape=(out, *size),
            weight=weight,
            bias=self.bias(out),
            stride=(stride, stride),
            padding=(padding, padding),
            dilation=(dilation, dilation),
            groups=groups,
        )
        return self.add(node, sources)

    def pool(self, name, sources, kernel, stride, padding=0):
        """Average in floats, sum in integers."""
        c, *size = self.shapes[sources[0]]
        shape = (c, *((n + 2 * padding - kernel) // stride + 1 for n in size))
        kind = "sum" if self.integer else "avg"
        pads, steps = (padding, padding), (stride, stride)
        node = Pool(name=name, shape=shape, kind=kind, kernel=(kernel, kernel), stride=steps, padding=pads)
        return self.add(node, sources)

    def flatten(self, name, sources):
        return self.add(Flatten(name=name, shape=(int(np.prod(self.shapes[sources[0]])),)), sources)

    def linear(self, name, sources, out):
        size = int(np.prod(self.shapes[sources[0]]))
        return self.add(
            Linear(name=name, shape=(out,), weight=self.weights((out, size), size), bias=self.bias(out)), sources
        )

    def neurons(self, unit, sources, *, theta=None, levels=None, **fields):
        shape = self.shapes[sources[0]]
        names = []
        for level in range(1, (levels or self.levels) + 1):
            common = {"name": f"{unit}_l{level}", "shape": shape, "unit": unit, "level": level}
            if self.integer:
                mant = self.rng.integers(-4096, 4096, (shape[0],) + (1,) * (len(shape) - 1)).astype(np.int16)
                vth = 700 * level if theta is None else theta
                dv = min(4095, round((1 - self.decay) * 4096))
                own = {"threshold": vth, "du": 4095, "dv": dv, "bias_mant": mant, "bias_exp": self.bias_exp}
                node = LoihiLIF(**{**own, **fields}, **common)
            else:
                own = {"threshold": 0.4 * level if theta is None else theta, "decay": self.decay}
                node = LIF(**{**own, **fields}, **common)
            names += self.add(node, sources)
        return names

    def add(self, node, sources):
        self.nodes.append(node)
        self.shapes[node.name] = node.shape
        self.connect(sources, node.name)
        return [node.name]

    def graph(self, stream, classes=4):
        head = self.linear("head", stream, classes)
        reduction = "sum" if self.integer else "mean"
        self.add(Readout(name="readout", shape=(classes,), reduction=reduction), head)
        if self.integer:
            bias = self.rng.integers(-5000, 5000, classes)
            self.nodes[-2] = Linear(name="head", shape=(classes,), weight=self.nodes[-2].weight, bias=bias)
        return balance_delays(Graph.build(self.nodes, self.edges, self.timesteps))

    def inputs(self, samples=3, frames=False):
        steps = (self.timesteps,) if frames else ()
        return self.rng.uniform(-4, 4, (samples, *steps, *self.shapes["input"]))


def residual(seed=0, **options):
    """Stem, identity block, downsample block: what the delays are for."""
    net = Net(seed, **options)
    stem = net.neurons("stem", net.conv("stem_conv", ["input"], 4))
    first = net.neurons("a1", net.conv("a1_conv", stem, 4))
    second = net.neurons("a2", net.conv("a2_conv", first, 4))
    stream = stem + second
    third = net.neurons("b1", net.conv("b1_conv", stream, 6, stride=2))
    fourth = net.neurons("b2", net.conv("b2_conv", third, 6))
    shortcut = net.neurons("sc", net.conv("sc_conv", stream, 6, kernel=1, stride=2))
    return net, net.graph(shortcut + fourth)


def plain_resnet(seed=0, **options):
    """Blocks whose main and shortcut convolutions meet in one unit, as in an ordinary spiking ResNet."""
    net = Net(seed, **options)
    stem = net.neurons("stem", net.conv("stem_conv", ["input"], 4))
    first = net.neurons("a1", net.conv("a1_conv", stem, 6, stride=2))
    out = net.neurons("a2", net.conv("a2_conv", first, 6) + net.conv("a_sc", stem, 6, kernel=1, stride=2))
    third = net.neurons("b1", net.conv("b1_conv", out, 6))
    last = net.neurons("b2", net.conv("b2_conv", third, 6) + net.conv("b_sc", out, 6, kernel=1))
    return net, net.graph(last)


def vgg(seed=0, **options):
    """A chain with a hidden Linear; pools, groups, dilation and stride on the way."""
    net = Net(seed, **{"shape": (2, 9, 7), **options})
    x = net.neurons("u1", net.conv("c1", ["input"], 4))
    x = net.pool("p1", x, kernel=2, stride=2, padding=1)
    x = net.neurons("u2", net.conv("c2", x, 6, groups=2, stride=2))
    x = net.neurons("u3", net.conv("c3", x, 6, groups=6, padding=2, dilation=2))
    x = net.neurons("u4", net.linear("c4", x, 10))
    return net, net.graph(x)


@st.composite
def chains(draw, integer=None):
    """Up to three layers of any stride, kernel, padding, dilation and groups, with random skips."""
    net = Net(
        draw(st.integers(0, 2**31)),
        integer=draw(st.booleans()) if integer is None else integer,
        levels=draw(st.integers(1, 4)),
        timesteps=draw(st.integers(1, 4)),
        shape=(2, draw(st.integers(5, 8)), draw(st.integers(5, 8))),
        bias_exp=draw(st.integers(-3, 4)),
    )
    stream = net.neurons("u0", net.conv("c0", ["input"], 4))
    for layer in range(1, draw(st.integers(1, 3)) + 1):
        kernel = draw(st.integers(1, 3))
        out = net.conv(
            f"c{layer}",
            stream,
            4,
            kernel=kernel,
            stride=draw(st.integers(1, 2)),
            padding=draw(st.integers(1, 2)),
            dilation=draw(st.integers(1, 2)),
            groups=draw(st.sampled_from([1, 2, 4])),
        )
        assume(min(net.shapes[out[0]]) > 0)  # three layers of stride 2 may leave no pixel
        new = net.neurons(f"u{layer}", out)
        same = net.shapes[new[0]] == net.shapes[stream[0]]
        stream = stream + new if same and draw(st.booleans()) else new
    return net, net.graph(net.flatten("flat", stream) if draw(st.booleans()) else stream)
