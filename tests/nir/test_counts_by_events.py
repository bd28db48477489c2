"""Counts of random NIR graphs equal a loop over the events, weight by weight, on the nodes of the file itself.

The graphs are as other frameworks write them: LIF, IF and CubaLIF, Linear, Affine and Conv2d, Flatten and pools,
branches that meet, a way back, an input of events or of analogue values, with a read-out or with neurons at the end.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import nir
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.nir.io import from_nir
from snnhw.nir.reading import Reading
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE

DT, STEPS, SAMPLES = 1e-4, 3, 2
NEURONS = nir.LIF | nir.IF | nir.CubaLIF
WEIGHTS = nir.Conv2d | nir.Linear | nir.Affine
Place = tuple[int, ...]


class File:
    """A NIR graph that grows node by node, and the shape that each node sends."""

    def __init__(self, shape: Place, rng: np.random.Generator) -> None:
        self.rng, self.nodes, self.edges = rng, {"input": nir.Input(np.array(shape))}, []
        self.shapes = {"input": shape}

    def add(self, name: str, node: nir.NIRNode, shape: Place, *sources: str) -> str:
        self.nodes[name], self.shapes[name] = node, shape
        self.edges += [(source, name) for source in sources]
        return name

    def weights(self, *shape: int) -> np.ndarray:
        return self.rng.uniform(-0.4, 1, shape) * (self.rng.random(shape) < 0.7)

    def bias(self, n: int) -> np.ndarray:
        return 0.1 * self.rng.integers(0, 3, n)

    def conv(self, name: str, out: int, how: tuple[int, ...], *sources: str) -> str:
        kernel, stride, padding, dilation, groups = how
        channels, height, width = self.shapes[sources[0]]
        groups = groups if channels % groups == 0 else 1
        padding = max(padding, -(-(dilation * (kernel - 1) + 1 - min(height, width)) // 2))
        sizes = [(n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for n in (height, width)]
        node = nir.Conv2d(
            (height, width), self.weights(out, channels // groups, kernel, kernel), stride, padding, dilation, groups,
            self.bias(out),
        )  # fmt: skip
        return self.add(name, node, (out, *sizes), *sources)

    def again(self, name: str) -> nir.Conv2d:
        """A convolution like `name` with weights of its own."""
        of = self.nodes[name]
        weight, bias = self.weights(*of.weight.shape), self.bias(len(of.weight))
        return nir.Conv2d(of.input_shape, weight, of.stride, of.padding, of.dilation, of.groups, bias)

    def linear(self, name: str, out: int, *sources: str) -> str:
        weight = self.weights(out, int(np.prod(self.shapes[sources[0]])))
        node = nir.Affine(weight, self.bias(out)) if self.rng.random() < 0.5 else nir.Linear(weight)
        return self.add(name, node, (out,), *sources)

    def neuron(self, name: str, kind: str, *sources: str) -> str:
        shape = self.shapes[sources[0]]
        ones, tau = np.ones(shape), self.rng.uniform(2, 5) * DT
        fires = {"v_threshold": ones * self.rng.uniform(0.1, 0.5), "v_reset": ones * 0}
        if kind == "IF":
            node = nir.IF(r=ones / DT, **fires)
        elif kind == "LIF":
            node = nir.LIF(tau=ones * tau, r=ones * tau / DT, v_leak=ones * 0, **fires)
        else:
            node = nir.CubaLIF(
                tau_syn=ones * 2 * DT, tau_mem=ones * tau, r=ones * tau / DT, v_leak=ones * 0, w_in=ones * 2, **fires
            )
        return self.add(name, node, shape, *sources)

    def flat(self, name: str, source: str) -> str:
        shape = self.shapes[source]
        node = nir.Flatten({"input": np.array(shape)}, start_dim=0, end_dim=-1)
        return self.add(name, node, (int(np.prod(shape)),), source)

    def pool(self, name: str, source: str) -> str:
        channels, height, width = self.shapes[source]
        kind = nir.AvgPool2d if self.rng.random() < 0.5 else nir.SumPool2d
        node = kind(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0]))
        return self.add(name, node, (channels, height // 2, width // 2), source)

    def into(self, name: str) -> list[str]:
        return [a for a, b in self.edges if b == name]

    def analogue(self, name: str, events: bool) -> bool:
        """Whether what `name` sends is no spikes."""
        node = self.nodes[name]
        if isinstance(node, nir.Input):
            return not events
        return not isinstance(node, NEURONS) and (
            isinstance(node, WEIGHTS) or any(self.analogue(source, events) for source in self.into(name))
        )


HOW = st.tuples(*(st.integers(low, high) for low, high in ((1, 3), (1, 2), (0, 2), (1, 2), (1, 2))))
KIND = st.sampled_from(["LIF", "IF", "CubaLIF"])


@st.composite
def files(draw) -> File:
    file = File(
        (draw(st.integers(1, 2)), *draw(st.tuples(*[st.integers(4, 6)] * 2))),
        np.random.default_rng(draw(st.integers(0, 2**32 - 1))),
    )
    yes = st.booleans()
    last = file.pool("pool0", "input") if draw(yes) else "input"
    for i in range(draw(st.integers(1, 2))):
        heads = [file.conv(f"conv{i}", 2, draw(HOW), last)]
        if draw(yes):  # a second branch into the same neurons
            heads.append(file.add(f"side{i}", file.again(f"conv{i}"), file.shapes[heads[0]], last))
        ends = [file.neuron(f"n{i}", draw(KIND), *heads)]
        if draw(yes):  # a residual sum of spikes
            inner = file.conv(f"inner{i}", 2, (3, 1, 1, 1, 1), ends[0])
            ends.append(file.neuron(f"m{i}", draw(KIND), inner))
        if draw(yes) and ends[1:]:  # spikes that go into neurons without weights
            file.edges.append((ends[0], ends[1]))
        last, *others = ends
        if others:
            last = file.conv(f"both{i}", 2, draw(HOW), *ends)
            last = file.neuron(f"k{i}", draw(KIND), last)
        if min(file.shapes[last][1:]) > 1 and draw(yes):
            last = file.pool(f"pool{i + 1}", last)
    hidden = file.linear("fc", 4, file.flat("flat", last))
    if draw(yes):  # an analogue input, or events, beside the spikes
        file.edges.append((file.linear("skip", 4, file.flat("flat_input", "input")), "h"))
    last = file.neuron("h", draw(KIND), hidden)
    if "skip" in file.nodes and draw(yes):  # a layer on a sum of spikes and of what another layer sums
        last = file.neuron("g", draw(KIND), file.linear("late", 4, "h", "skip"))
    if draw(yes):  # a way back
        file.add("back", nir.Linear(file.weights(4, 4)), (4,), "h")
        file.edges.append(("back", "h"))
    if draw(yes):
        last = file.linear("out", 3, last)
    file.add("output", nir.Output(np.array(file.shapes[last])), file.shapes[last], last)
    return file


def reached(file: File, name: str, place: Place) -> set[Place]:
    """Places of node `name` to which a spike at `place` of what it takes leads, weights of zero left out."""
    node, shape = file.nodes[name], file.shapes[name]
    if isinstance(node, nir.Flatten):
        before = file.shapes[file.into(name)[0]]
        return {(int(np.ravel_multi_index(place, before)),)}
    if isinstance(node, nir.Linear | nir.Affine):
        return {(o,) for o in range(shape[0]) if node.weight[o, place[0]] != 0}
    found = set()
    channel, y, x = place
    if isinstance(node, nir.Conv2d):
        per_group, kernel = node.weight.shape[1], node.weight.shape[2]
        (sy, sx), (py, px), (dy, dx) = (np.broadcast_to(v, 2) for v in (node.stride, node.padding, node.dilation))
        for o, row, column, i, j in product(*map(range, (*shape, kernel, kernel))):
            group = o // (shape[0] // node.groups)
            meets = (row * sy + i * dy - py, column * sx + j * dx - px) == (y, x)
            if meets and channel // per_group == group and node.weight[o, channel % per_group, i, j] != 0:
                found.add((o, row, column))
    elif y // 2 < shape[1] and x // 2 < shape[2]:  # windows of 2 x 2 that do not overlap
        found.add((channel, y // 2, x // 2))
    return found


def walked(file: File, events: bool, raster: dict[str, np.ndarray]) -> Counter:
    """What the events of `raster`, name -> values [N, T, *shape], cost."""
    did = Counter()

    def send(name: str, place: Place, value: int) -> None:
        for after in (b for a, b in file.edges if a == name):
            node = file.nodes[after]
            if isinstance(node, NEURONS):
                did.update(events=1, unit_synops=value)
            elif isinstance(node, WEIGHTS):
                if not any(file.analogue(source, events) for source in file.into(after)):
                    met = len(reached(file, after, place))
                    did.update(events=met, unit_synops=value * met)
            elif not isinstance(node, nir.Output):
                for there in reached(file, after, place):
                    send(after, there, value)

    for name, values in raster.items():
        for n, t, *place in np.argwhere(values).tolist():
            send(name, tuple(place), int(values[(n, t, *place)]))
    for name, node in file.nodes.items():
        size = int(np.prod(file.shapes[name]))
        if isinstance(node, NEURONS):
            did["neuron_updates"] += SAMPLES * STEPS * size
            did["current_updates"] += SAMPLES * STEPS * size * isinstance(node, nir.CubaLIF)
        elif isinstance(node, WEIGHTS):
            bias = getattr(node, "bias", np.zeros(1))
            did["bias_adds"] += SAMPLES * STEPS * int((bias != 0).sum()) * (size // file.shapes[name][0])
            if any(file.analogue(source, events) for source in file.into(name)):
                places = product(*map(range, file.shapes[file.into(name)[0]]))
                did["macs"] += SAMPLES * STEPS * sum(len(reached(file, name, place)) for place in places)
        elif isinstance(node, nir.AvgPool2d | nir.SumPool2d) and not events and file.into(name) == ["input"]:
            channels, height, width = file.shapes[name]
            did["pool_adds"] += SAMPLES * STEPS * channels * height * width * 4
        elif isinstance(node, nir.Output) and isinstance(file.nodes[file.into(name)[0]], WEIGHTS):
            did["neuron_updates"] += SAMPLES * STEPS * size
    return did


@settings(max_examples=25, deadline=None)
@given(files(), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_counts_are_those_of_a_loop_over_the_events(file: File, levels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (SAMPLES, STEPS, *file.shapes["input"])
    x = rng.integers(0, levels + 1, shape) * (rng.random(shape) < 0.3) if levels else rng.normal(size=shape)
    written = nir.NIRGraph(file.nodes, file.edges, type_check=False)  # its check of types knows no groups
    graph = from_nir(written, Reading(dt=DT, written_by="nir", timesteps=STEPS))
    record = simulate(declare_input(graph, levels or None), x.astype(float), execution=DOUBLE, raster=True)
    counts = count(declare_input(graph, levels or None), record)
    raster = {name: values.sum(axis=2) for name, values in record.raster.items() if name != "input"}
    assert set(raster) == {name for name, node in file.nodes.items() if isinstance(node, NEURONS)}
    if levels:
        raster["input"] = x.astype(int)
    did = walked(file, levels > 0, raster)
    keys = ("events", "unit_synops", "macs", "pool_adds", "bias_adds", "neuron_updates", "current_updates")
    assert {key: counts.total(key) for key in keys} == {key: did[key] for key in keys}
