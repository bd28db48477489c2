"""The engine on another device against the CPU: integers equal to the last spike, floats by class, and how much faster.

    python benchmarks/engine_device.py                     # cuda where there is one, else the CPU against itself
    python benchmarks/engine_device.py --device cuda:1 --images 512

The zoo's DS-ResNet-20 of full width in floats and as Loihi integers, on images of CIFAR-10 where SNNHW_DATA names its
folder, else on noise. Ends with 1 where an integer differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import running_on
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.load import load_model

CALIBRATION = 32  # images, enough for integers that are not trivial


@dataclass(frozen=True)
class Row:
    """One graph on both devices."""

    name: str
    here_s: float  # per image, on the CPU
    there_s: float
    spikes: int
    differing: int  # sums of a neuron and level that are not equal, and logits
    same_class: float


def compared(name: str, graph: Graph, images: Array, device: str, images_here: int) -> Row:
    """Run `images_here` images on the CPU and all of them on `device`."""
    start = time.perf_counter()
    here = simulate(graph, images[:images_here])
    here_s = (time.perf_counter() - start) / images_here
    with running_on(device):
        there = simulate(graph, images[:images_here])
        synchronise(device)
        start = time.perf_counter()
        simulate(graph, images)
        synchronise(device)
        there_s = (time.perf_counter() - start) / len(images)
    spikes = sum(int(unit.levels.sum()) for unit in here.units.values())
    same = float((here.logits.argmax(axis=1) == there.logits.argmax(axis=1)).mean())
    return Row(name, here_s, there_s, spikes, differing(here, there), same)


def differing(one: SpikeRecord, other: SpikeRecord) -> int:
    """Numbers of two records that are not equal."""
    pairs = ((values, other.arrays()[key]) for key, values in one.arrays().items())
    return sum(int((a != b).sum()) for a, b in pairs)


def synchronise(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def samples(wanted: int) -> tuple[str, Array]:
    try:
        return "images of CIFAR-10", load_inputs("cifar10:test").first(wanted).values
    except InputError:
        noise = np.random.default_rng(0).normal(size=(wanted, 3, 32, 32)).astype(np.float32)
        return "images of noise", noise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--images", type=int, default=256, help="on the device")
    parser.add_argument("--here", type=int, default=32, help="of these, on the CPU")
    parser.add_argument("--model", default="cifar10_full")
    given = parser.parse_args()
    graph = load_model(given.model).graph
    what, images = samples(given.images)
    images_here = min(given.here, len(images))
    if images.shape[1:] != graph.input.shape:
        images = np.random.default_rng(0).normal(size=(given.images, *graph.input.shape)).astype(np.float32)
        what = "images of noise"
    integers = compile_loihi(graph, images[:CALIBRATION]).graph
    card = torch.cuda.get_device_name(given.device) if given.device.startswith("cuda") else "the CPU itself"
    print(f"{given.model}, {len(images)} {what}, {given.device}: {card}, torch {torch.__version__}")
    rows = [
        compared(name, ran, images, given.device, images_here)
        for name, ran in (("floats", graph), ("integers", integers))
    ]
    print("graph     CPU ms/image  device ms/image  spikes        differing  same class")
    for row in rows:
        times = f"{row.here_s * 1e3:12.2f}  {row.there_s * 1e3:15.3f}"
        print(f"{row.name:8s}  {times}  {row.spikes:12,}  {row.differing:9,}  {row.same_class:.2%}")
    faster = ", ".join(f"{row.name} {row.here_s / row.there_s:.1f}x" for row in rows)
    print(f"{given.device} / CPU: {faster}; integers differing: {rows[1].differing}")
    return 1 if rows[1].differing else 0


if __name__ == "__main__":
    sys.exit(main())
