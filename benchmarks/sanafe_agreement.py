"""Energy and time of one sample on SANA-FE's Loihi: SANA-FE's own run beside ours, from exact counts.

Both get one network, one sample and one placement. Ours is the run of the spikes (`run_stepwise`), then the placement
and `run_on_mesh`, which is all that is left where the spikes are known. SANA-FE's is the making of its network and of
its chip, loading and simulating. One thread each; seconds are processor time, so that a busy machine does not count.
The last line gives the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch

from snnhw.analysis.counting.fanout import fanout
from snnhw.analysis.hardware.mesh import LOIHI_MESH, Mesh, place
from snnhw.analysis.hardware.mesh_time import run_on_mesh
from snnhw.analysis.hardware.profiles import Profile, load_profile
from snnhw.analysis.hardware.reach import paths, senders
from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.data.inputs import load_inputs
from snnhw.exporters.sanafe import run, with_relays
from snnhw.exporters.sanafe.network import loihi
from snnhw.exporters.sanafe.run import channels
from snnhw.graph.ir import LIF, MLF, Array, Conv2d, Graph, Input, Linear, Readout
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.load import load_model

RNG = np.random.default_rng(0)
REPETITIONS = 3  # of ours, the fastest counts; SANA-FE runs once


@dataclass(frozen=True)
class Case:
    """One network with a sample of it."""

    name: str
    graph: Graph  # as `channels` gives it
    sample: Array
    mesh: Mesh = LOIHI_MESH


def conv(name: str, into: int, out: int, size: int, stride: int = 1) -> Conv2d:
    weight = RNG.normal(size=(out, into, 3, 3)) * 1.5 / np.sqrt(9 * into)
    return Conv2d(name=name, shape=(out, size, size), weight=weight, padding=(1, 1), stride=(stride, stride))


def lif(name: str, *shape: int, threshold: float = 0.5) -> LIF:
    return LIF(name=name, shape=shape, decay=0.25, threshold=threshold)


def end(size: int, classes: int = 10) -> tuple[Linear, Readout]:
    fc = Linear(name="fc", shape=(classes,), weight=RNG.normal(size=(classes, size)))
    return fc, Readout(name="readout", shape=(classes,), reduction="sum")


def chain(steps: int, *nodes: Any) -> Graph:
    return Graph.build(list(nodes), list(pairwise(n.name for n in nodes)), timesteps=steps)


def events(steps: int, *shape: int) -> Array:
    return (RNG.random((steps, *shape)) < 0.3).astype(np.uint8)


def convolutions(channels_: int, size: int, steps: int) -> Case:
    source, body = Input(name="events", shape=(2, size, size), levels=1), conv("body", channels_, channels_, size)
    first, second = (lif(name, channels_, size, size) for name in ("a", "b"))
    stem, fc = conv("stem", 2, channels_, size), end(channels_ * size * size)
    graph = chain(steps, source, stem, first, body, second, *fc)
    return Case(f"2 convolutions, {channels_}x{size}x{size}", graph, events(steps, 2, size, size))


def image(steps: int) -> Case:
    source = Input(name="image", shape=(1, 17, 17))
    nodes = (conv("stem", 1, 6, 17), lif("a", 6, 17, 17), conv("half", 6, 12, 9, 2), lif("b", 12, 9, 9), *end(972))
    return Case("image as a bias, stride 2", chain(steps, source, *nodes), RNG.normal(size=(1, 17, 17)) * 2)


def dense(steps: int) -> Case:
    first = Linear(name="one", shape=(600,), weight=RNG.normal(size=(600, 200)) * (RNG.random((600, 200)) < 0.5))
    source = Input(name="events", shape=(200,), levels=1)
    graph = chain(steps, source, first, lif("a", 600, threshold=4.0), *end(600))
    return Case("dense, 12 neurons a core", graph, events(steps, 200), Mesh(neurons_per_core=12))


def residual(steps: int) -> Case:
    def unit(name: str, size: int) -> MLF:
        return MLF(name=name, shape=(size, 8, 8), thresholds=(0.6, 1.6, 2.6), decay=0.25)

    source = Input(name="events", shape=(2, 8, 8), levels=1)
    nodes = [source, conv("stem", 2, 6, 8), unit("a", 6), conv("body", 6, 6, 8), unit("b", 6), conv("tail", 6, 6, 8)]
    nodes += [unit("c", 6), *end(384)]
    edges = [*pairwise(n.name for n in nodes), ("a", "tail")]
    graph = channels(Graph.build(nodes, edges, timesteps=steps))
    return Case("residual, K = 3, with relays", graph, events(steps, 2, 8, 8))


def digits() -> Case:
    model = load_model("digits")
    samples = load_inputs("digits:test", None, model.timesteps, None).first(64)
    graph = channels(compile_loihi(model.graph, samples.values).graph)
    return Case("digits of the zoo, Loihi integers", graph, np.asarray(samples.values[0]))


def cases() -> Iterator[Callable[[], Case]]:
    yield lambda: dense(50)
    yield lambda: image(20)
    yield lambda: residual(20)
    yield lambda: convolutions(8, 16, 20)
    yield lambda: convolutions(16, 32, 4)
    yield digits


HEAD = (
    "network", "cores", "synapses", "steps", "energy", "ours / theirs", "time", "ours / theirs",
    "SANA-FE", "ours", "faster", "spikes known", "faster",
)  # fmt: skip


def row(case: Case, profile: Profile) -> tuple[tuple[str, ...], tuple[float, float, float, float]]:
    """Cells of the table; ratio of energy, ratio of time, times faster, times faster where the spikes are known."""
    graph, _ = with_relays(case.graph)
    steps, cores = graph.timesteps, place(graph, case.mesh)
    activity, running = fastest(lambda: run_stepwise(graph, case.sample, steps))
    found, pricing = fastest(lambda: run_on_mesh(graph, activity, place(graph, case.mesh), profile, case.mesh))
    theirs, slow = seconds(lambda: run(graph, case.sample, steps, case.mesh))
    joule = theirs.synapse + theirs.soma + theirs.network
    ratios = found.energy.total / joule, found.seconds.sum() / theirs.seconds
    faster = slow / (running + pricing), slow / pricing
    synapses = sum(int(fanout(path, s.shape).sum()) for s in senders(graph) for path, _ in paths(graph, s.name))
    cells = (
        case.name, f"{sum(len(np.unique(at)) for at in cores.values())}", f"{synapses:,}", f"{steps}",
        f"{joule * 1e6:.4g} uJ", f"{ratios[0]:.9f}", f"{theirs.seconds * 1e6:.4g} us", f"{ratios[1]:.9f}",
        f"{slow:.2f} s", f"{(running + pricing) * 1e3:.1f} ms", f"{faster[0]:,.0f}x",
        f"{pricing * 1e3:.1f} ms", f"{faster[1]:,.0f}x",
    )  # fmt: skip
    return cells, (*ratios, *faster)


def seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def fastest(work: Callable[[], Any]) -> tuple[Any, float]:
    return min((seconds(work) for _ in range(REPETITIONS)), key=lambda one: one[1])


def main() -> None:
    torch.set_num_threads(1)
    profile = load_profile("loihi1-sanafe")
    loihi()  # reading the architecture is no part of either
    print(f"| {' | '.join(HEAD)} |\n|---|{'---:|' * (len(HEAD) - 1)}")
    found = []
    for make in cases():
        cells, numbers = row(make(), profile)
        print(f"| {' | '.join(cells)} |", flush=True)
        found.append(numbers)
    energy, took, whole, priced = zip(*found, strict=True)
    off = max(abs(ratio - 1) for ratio in energy + took)
    print(
        f"largest deviation {off:.1e}; faster {min(whole):,.0f}x to {max(whole):,.0f}x, median {median(whole):,.0f}x; "
        f"from known spikes {min(priced):,.0f}x to {max(priced):,.0f}x, median {median(priced):,.0f}x"
    )


if __name__ == "__main__":
    main()
