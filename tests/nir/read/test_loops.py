"""Recurrent files of any framework against the equations of NIR, evaluated by recursion over (layer, step)."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from pathlib import Path

import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import Delay
from snnhw.nir.io import Reading, from_nir, read_nir, to_nir
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE

DT, T = 1e-4, 10
Array = np.ndarray


@dataclass(frozen=True)
class Layer:
    """Neurons with the weights in front of them; what comes back from other layers arrives behind those weights."""

    weight: nir.Affine
    neuron: nir.NIRNode
    delay: Array | None  # steps of each neuron

    @property
    def size(self) -> int:
        return len(self.weight.weight)


@dataclass(frozen=True)
class Net:
    """Layers in a row, and the weights that lead from layer j back to layer i <= j."""

    layers: list[Layer]
    back: dict[tuple[int, int], nir.NIRNode]

    def file(self, rng: np.random.Generator) -> nir.NIRGraph:
        """The graph with nodes and edges in any order."""
        nodes = {"input": nir.Input(np.array([self.layers[0].weight.weight.shape[1]]))}
        edges, before = [], "input"
        enters = [f"delay{i}" if layer.delay is not None else f"n{i}" for i, layer in enumerate(self.layers)]
        for i, layer in enumerate(self.layers):
            nodes |= {f"w{i}": layer.weight, f"n{i}": layer.neuron}
            edges += [(before, f"w{i}"), (f"w{i}", enters[i])]
            if layer.delay is not None:
                nodes[f"delay{i}"] = nir.Delay(layer.delay * DT)
                edges.append((f"delay{i}", f"n{i}"))
            before = f"n{i}"
        for (i, j), weight in self.back.items():
            nodes[f"back{i}{j}"] = weight
            edges += [(f"n{j}", f"back{i}{j}"), (f"back{i}{j}", enters[i])]
        nodes["output"] = nir.Output(np.array([self.layers[-1].size]))
        edges.append((before, "output"))
        names = [str(n) for n in rng.permutation(list(nodes))]
        return nir.NIRGraph({n: nodes[n] for n in names}, [edges[i] for i in rng.permutation(len(edges))])

    def extra(self, i: int, j: int) -> int:
        """Steps by which the way back is late beyond what delays on the loop say."""
        delays = [layer.delay for layer in self.layers[i : j + 1] if layer.delay is not None]
        return 0 if any(d.min() >= 1 for d in delays) else 1


@st.composite
def nets(draw: st.DrawFn) -> Net:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))

    def spread(low: float, high: float, n: int) -> Array:
        return rng.uniform(low, high, n) if rng.random() < 0.7 else np.full(n, rng.uniform(low, high))

    def neuron(kind: str, n: int) -> nir.NIRNode:
        fires = {"v_threshold": spread(0.2, 1.2, n), "v_reset": spread(-0.5, 0.15, n)}
        leaks = {"r": spread(0.5, 6, n), "v_leak": spread(-0.3, 0.3, n)}
        if kind == "LIF":
            return nir.LIF(tau=spread(1.1e-4, 8e-4, n), **leaks, **fires)
        if kind == "IF":
            return nir.IF(r=spread(0.5, 1.5, n) / DT, **fires)
        taus = {"tau_syn": spread(1.1e-4, 5e-4, n), "tau_mem": spread(1.1e-4, 8e-4, n)}
        return nir.CubaLIF(**taus, **leaks, **fires, w_in=spread(0.5, 4, n))

    layers = []
    for before, n in itertools.pairwise(sizes):
        weight = nir.Affine(rng.normal(0.3, 1.2, (n, before)), rng.normal(0, 0.3, n))
        delay = rng.integers(0, 4, n) if draw(st.booleans()) else None
        delay = None if delay is None or not delay.any() else delay
        layers.append(Layer(weight, neuron(draw(st.sampled_from(["LIF", "IF", "CubaLIF"])), n), delay))
    loops = [(i, j) for j in range(len(layers)) for i in range(j + 1)]
    chosen = draw(st.lists(st.sampled_from(loops), unique=True, min_size=1))
    back = {}
    for i, j in chosen:
        weight = rng.normal(0, 0.8, (layers[i].size, layers[j].size))
        back[i, j] = (
            nir.Affine(weight, rng.normal(0, 0.2, layers[i].size)) if draw(st.booleans()) else nir.Linear(weight)
        )
    return Net(layers, back)


def expected(net: Net, x: Array) -> list[Array]:
    """Spikes of every layer [T, n] for x [T, inputs]: each value asks for those that it needs, nothing is scheduled."""

    def through(node: nir.NIRNode, z: Array) -> Array:
        return node.weight @ z + (node.bias if isinstance(node, nir.Affine) else 0)

    @functools.cache
    def arriving(i: int, t: int) -> Array:
        total = through(net.layers[i].weight, x[t] if i == 0 else state(i - 1, t)[0])
        for (target, source), weight in net.back.items():
            if target == i:
                past = t - net.extra(target, source)
                total = total + through(
                    weight, state(source, past)[0] if past >= 0 else np.zeros(net.layers[source].size)
                )
        return total

    @functools.cache
    def state(i: int, t: int) -> tuple[Array, Array, Array]:
        """(spikes, membrane, current) behind step t."""
        layer, zero = net.layers[i], np.zeros(net.layers[i].size)
        _, v, current = state(i, t - 1) if t else (zero, zero, zero)
        late = zero.astype(int) if layer.delay is None else layer.delay
        drive = np.array([arriving(i, t - d)[k] if t >= d else 0.0 for k, d in enumerate(late)])
        n = layer.neuron
        if isinstance(n, nir.CubaLIF):
            drive = current = current + DT / n.tau_syn * (-current + n.w_in * drive)
        if isinstance(n, nir.IF):
            v = v + DT * n.r * drive
        else:
            v = v + DT / (n.tau if isinstance(n, nir.LIF) else n.tau_mem) * ((n.v_leak - v) + n.r * drive)
        spikes = v > n.v_threshold
        return spikes.astype(float), np.where(spikes, n.v_reset, v), current

    return [np.array([state(i, t)[0] for t in range(len(x))]) for i in range(len(net.layers))]


@settings(max_examples=25)
@given(nets(), st.integers(0, 2**32 - 1))
def test_any_recurrent_file_fires_as_the_equations_say(net: Net, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = from_nir(net.file(rng), Reading(dt=DT, timesteps=T))
    x = rng.uniform(-0.5, 2, (2, T, *graph.input.shape))
    for form in (graph, from_nir(to_nir(graph))):
        raster = simulate(form, x, execution=DOUBLE, raster=True).raster
        for sample in range(2):
            for i, spikes in enumerate(expected(net, x[sample])):
                assert np.array_equal(raster[f"n{i}"][sample, :, 0], spikes)


@pytest.mark.parametrize("loop", [False, True])
def test_a_delay_of_which_some_neurons_are_not_late_cuts_no_loop(loop: bool, tmp_path: Path) -> None:
    ones, eye = np.ones(2), np.eye(2)
    neuron = nir.LIF(tau=ones * DT, r=ones, v_leak=ones * 0, v_threshold=ones * 0.5, v_reset=ones * 0)
    nodes = {"input": nir.Input(np.array([2])), "delay": nir.Delay(np.array([0, 2]) * DT), "n": neuron}
    nodes |= {"back": nir.Linear(eye), "output": nir.Output(np.array([2]))}
    edges = [("input", "delay"), ("delay", "n"), ("n", "output")]
    edges += [("n", "back"), ("back", "delay")] if loop else []
    nir.write(tmp_path / "a.nir", nir.NIRGraph({n: nodes[n] for n in nodes if loop or n != "back"}, edges))
    graph = read_nir(tmp_path / "a.nir", Reading(dt=DT, timesteps=7))
    assert [n.steps.tolist() if isinstance(n.steps, Array) else n.steps for n in graph.of_type(Delay)] == (
        [[0, 2], 1] if loop else [[0, 2]]
    )
    pulse = np.zeros((1, 7, 2))
    pulse[0, 0] = 1.0
    fired = simulate(graph, pulse, raster=True).raster["n"][0, :, 0].T.tolist()
    once = [[1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0]]
    assert fired == ([[1, 1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 0, 1, 0]] if loop else once)
