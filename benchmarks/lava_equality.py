"""Spike for spike: our simulator against Lava, in Loihi integers and in floats, in every population.

The digits network on 50 images, DS-ResNet-14 of width 16 on 10 images of CIFAR-10 and DS-ResNet-20 of width 8 on 5, all
with K = 3, T = 4. The residual networks are freshly initialised, their norms have seen the images. CIFAR-10 comes from
--data or SNNHW_DATA; without it the images are random numbers, and the table says so. The last line counts differences.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import torch

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import Array, Graph
from snnhw.nn import build
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.compare import Agreement, Backend, CompareOptions, compare
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.record import SpikeRecord
from snnhw.tracing.trace import trace
from snnhw.workflows.load import load_model

LIMIT_S = 1800.0


@dataclass(frozen=True)
class Case:
    """A network, what it is run on, and what fixes its scales."""

    name: str
    images_are: str
    graph: Graph
    images: Array
    calibration: Array


def digits() -> Case:
    """The network of the demo."""
    images, calibration = load("digits", "test").values[:50], load("digits", "train").values[:256]
    return Case("digits", "digits", load_model("digits").graph, images, calibration)


def residual(depth: int, width: int, images: int, data: str | None) -> Case:
    """DS-ResNet whose norms have seen the images."""
    try:
        kind, x = "CIFAR-10", load("cifar10", "test", data).values[:images]
    except InputError:
        kind, x = "random", np.random.default_rng(0).normal(size=(images, 3, 32, 32)).astype(np.float32)
    torch.manual_seed(0)
    network = build(f"ds_resnet{depth}", widths=(width, 2 * width, 4 * width), timesteps=4).train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.as_tensor(x))
    graph = run_passes(trace(network.eval(), x.shape[1:]), FLOAT)
    return Case(f"DS-ResNet-{depth} width {width}", kind, graph, x, x)


def compared(graph: Graph, images: Array) -> Agreement:
    """Every spike of every unit, ours in float64 against Lava's."""

    def ours(x: Array, membranes: bool) -> SpikeRecord:
        return simulate(graph, x, raster=True, membranes=membranes, execution=DOUBLE)

    def lava(x: Array, membranes: bool) -> SpikeRecord:
        return run_lava(graph, x, RunOptions(raster=True, membranes=membranes, timeout_s=LIMIT_S))

    return compare(graph, Backend("engine", ours), Backend("Lava", lava), images, CompareOptions(len(images)))


def main() -> None:
    """Print the table and what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="folder with CIFAR-10 (default: SNNHW_DATA)")
    given = parser.parse_args()
    print("network                images          numbers    populations       spikes  compared  differing  seconds")
    found: dict[str, list[Agreement]] = {"integer": [], "float": []}
    for case in (digits(), residual(14, 16, 10, given.data), residual(20, 8, 5, given.data)):
        graphs = {
            "integer": compile_loihi(case.graph, case.calibration).graph,
            "float": compile_channels(case.graph),
        }
        for numbers, graph in graphs.items():
            start = time.perf_counter()
            agreement = compared(graph, case.images)
            found[numbers].append(agreement)
            populations = sum(len(nodes) for nodes in graph.units().values())
            print(
                f"{case.name:22} {len(case.images):2} {case.images_are:12} {numbers:10} {populations:11} "
                f"{agreement.spikes:12,} {agreement.compared:9,} {agreement.differing:10} "
                f"{time.perf_counter() - start:8.1f}",
                flush=True,
            )
            if agreement.first is not None:
                print(f"  first: {agreement.first}")
    exact, close = found["integer"], found["float"]
    print(
        f"integers: {sum(a.differing for a in exact)} of {sum(a.compared for a in exact):,} differ, logits by "
        f"{max(a.logits_difference for a in exact):g}; floats: {sum(a.differing for a in close)} of "
        f"{sum(a.compared for a in close):,} differ, {sum(a.near_ties for a in close)} of them near-ties"
    )


if __name__ == "__main__":
    main()
