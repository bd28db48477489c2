"""Our simulators against Lava's process models: the same DS-ResNet-14, the same 32x32 images, the same spikes.

K=3, T=4, widths 16 and 64, two threads. Lava's time per image is that of T steps once all processes run, so its start
and the filling of the pipeline are left out; ours is a whole batch from arrays to record. Spikes are compared in the
same run, in float64 where the arithmetic is floating point. About five minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F

from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import Array, Conv2d, Graph, Input
from snnhw.nn import build
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, Execution
from snnhw.simulation.record import SpikeRecord
from snnhw.tracing.trace import trace

Model = Literal["stock", "im2col"]
LIMIT_S = 900.0


@dataclass(frozen=True)
class Timing:
    """Seconds per image of one way to run the network."""

    width: int
    arithmetic: str
    backend: str
    images: int
    seconds: float
    differing: int | None  # spike counts that are not the reference's

    def row(self) -> str:
        """One line of the table."""
        same = "" if self.differing is None else "equal" if self.differing == 0 else f"{self.differing} differ"
        name = f"{self.width:5}  {self.arithmetic:8}  {self.backend:12}"
        return f"{name}  {self.images:6}  {self.seconds * 1e3:12.2f}  {same}"


def network(width: int, images: Array) -> tuple[Graph, Graph]:
    """(float channels, Loihi integers) of a freshly initialised network whose norms have seen the images."""
    torch.manual_seed(0)
    net = build("ds_resnet14", widths=(width, 2 * width, 4 * width), timesteps=4).train()
    with torch.no_grad():
        for _ in range(20):
            net(torch.as_tensor(images, dtype=torch.float32))
    folded = run_passes(trace(net.eval(), images.shape[1:]), FLOAT)
    return compile_channels(folded), compile_loihi(folded, images).graph


def time_ours(graph: Graph, images: Array, repeats: int) -> tuple[float, SpikeRecord]:
    """Median seconds per image, and the record."""
    at_once = Execution(batch_size=len(images))
    record = simulate(graph, images, execution=at_once)
    return median_seconds(lambda: simulate(graph, images, execution=at_once), repeats) / len(images), record


def time_convolutions(graph: Graph, images: int, repeats: int) -> float:
    """Seconds per image of nothing but the convolutions, on arrays that are ready."""
    work = []
    for node in graph.of_type(Conv2d):
        source = graph.nodes[graph.into(node.name)[0].source]
        static = isinstance(source, Input)
        x = torch.ones(images * (1 if static else graph.timesteps), *source.shape)
        work.append((x, torch.as_tensor(node.weight, dtype=torch.float32), node))

    def run() -> None:
        with torch.no_grad():
            for x, weight, node in work:
                F.conv2d(x, weight, None, node.stride, node.padding, node.dilation, node.groups)

    run()
    return median_seconds(run, repeats) / images


def time_lava(graph: Graph, images: Array, conv: Model) -> tuple[float, int]:
    """Seconds per image in Lava, and how many spike counts and logits differ from the reference engine's."""
    moments: list[float] = []
    options = RunOptions(conv=conv, timeout_s=LIMIT_S)
    record = run_lava(graph, images, options, lambda done, of: moments.append(time.perf_counter()))
    steps = len(images) * graph.timesteps + lower(graph).depth - 1  # the first step is part of the start
    per_image = (moments[-1] - moments[0]) / steps * graph.timesteps
    return per_image, differing_counts(record, simulate(graph, images, execution=DOUBLE))


def differing_counts(a: SpikeRecord, b: SpikeRecord) -> int:
    """Neurons and levels whose spike counts differ, and logits that differ by more than rounding."""
    wrong = sum(int((a.units[unit].levels != b.units[unit].levels).sum()) for unit in b.units)
    return wrong + int((np.abs(a.logits - b.logits) > 1e-9).sum())


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median wall time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(width: int, batch: int, lava_images: dict[tuple[str, Model], int], repeats: int) -> list[Timing]:
    """All timings of one width; rows are printed as they come."""
    images = np.random.default_rng(0).uniform(-1, 1, (batch, 3, 32, 32))
    floats, integers = network(width, images)
    timings: list[Timing] = []

    def add(arithmetic: str, backend: str, number: int, seconds: float, differing: int | None = None) -> None:
        timings.append(Timing(width, arithmetic, backend, number, seconds, differing))
        print(timings[-1].row(), flush=True)

    add("float", "convolutions", batch, time_convolutions(floats, batch, repeats))
    for arithmetic, graph in (("integer", integers), ("float", floats)):
        seconds, _ = time_ours(graph, images, repeats)
        add(arithmetic, "ours", batch, seconds)
        for conv in ("im2col", "stock"):
            number = lava_images.get((arithmetic, conv), 0)
            if number:
                seconds, differing = time_lava(graph, images[:number], conv)
                add(arithmetic, f"Lava {conv}", number, seconds, differing)
    return timings


def main() -> None:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, nargs=2, default=(32, 16), help="images at widths 16 and 64")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(2)
    print("width  numbers   backend       images  ms per image  spikes")
    narrow: dict[tuple[str, Model], int] = {("integer", "im2col"): 16, ("integer", "stock"): 3}
    wide: dict[tuple[str, Model], int] = {
        ("integer", "im2col"): 8,
        ("integer", "stock"): 1,
        ("float", "im2col"): 8,
        ("float", "stock"): 1,
    }
    timings = measure(16, given.batch[0], narrow, given.repeats) + measure(64, given.batch[1], wide, given.repeats)
    seconds = {(t.width, t.arithmetic, t.backend): t.seconds for t in timings}

    def ratio(width: int, arithmetic: str, backend: str) -> float:
        return seconds[width, arithmetic, backend] / seconds[width, arithmetic, "ours"]

    over = {w: seconds[w, "integer", "ours"] / seconds[w, "float", "convolutions"] for w in (16, 64)}
    over_float = {w: seconds[w, "float", "ours"] / seconds[w, "float", "convolutions"] for w in (16, 64)}
    different = sum(t.differing or 0 for t in timings)
    own = f"integer {over[16]:.2f} / {over[64]:.2f}, float {over_float[16]:.2f} / {over_float[64]:.2f}"
    print(
        f"ratios: stock fixed width 16 {ratio(16, 'integer', 'Lava stock'):.0f}x, width 64 "
        f"{ratio(64, 'integer', 'Lava stock'):.0f}x; stock float width 64 {ratio(64, 'float', 'Lava stock'):.0f}x; "
        f"im2col width 16 {ratio(16, 'integer', 'Lava im2col'):.0f}x, width 64 "
        f"{ratio(64, 'integer', 'Lava im2col'):.0f}x; ours over its convolutions {own}; "
        f"differing spike counts {different}"
    )


if __name__ == "__main__":
    main()
