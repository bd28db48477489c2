"""The reference engine: against its convolutions alone, and against snntorch running the same NIR file.

DS-ResNet-14, width 16 and 64, 32x32, K = 3, T = 4, batch 16, two threads. All three do the same work in one run; the
engine also counts every spike. Medians; the ratios are in the last line.
"""

from __future__ import annotations

import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nir
import numpy as np
import snntorch
import snntorch.utils
import torch
import torch.nn.functional as F
from snntorch.import_nir import import_from_nir

from snnhw.graph.ir import Conv2d, Graph, Input
from snnhw.nir.io import read_nir, write_nir
from snnhw.nn import build
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.tracing.trace import trace

BATCH = 16
AT_ONCE = Execution(batch_size=BATCH)
REPEATS = 7


def network(width: int) -> Graph:
    """Folded multi-level graph with norm statistics under which all levels fire."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    module = build("ds_resnet14", widths=(width, 2 * width, 4 * width)).eval()
    for part in module.modules():
        if hasattr(part, "running_var"):
            part.running_var.uniform_(0.5, 2.0, generator=generator)
            part.running_mean.uniform_(-0.3, 0.3, generator=generator)
            part.weight.data.uniform_(0.6, 1.2, generator=generator)
    return run_passes(trace(module, (3, 32, 32), name=f"ds_resnet14_w{width}"), FLOAT)


def median_s(run: Callable[[], object], repeats: int = REPEATS) -> float:
    run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def convolutions(graph: Graph) -> Callable[[], None]:
    """Every convolution of the graph once, on inputs of the right shape and nothing else."""
    work = []
    for node in graph.of_type(Conv2d):
        source = graph.nodes[graph.into(node.name)[0].source]
        frames = BATCH if isinstance(source, Input) else BATCH * graph.timesteps  # a static image is convolved once
        x = torch.randint(0, 3, (frames, *source.shape)).float()
        weight, bias = (torch.as_tensor(p, dtype=torch.float32) for p in (node.weight, node.bias))
        work.append((x, weight, bias, node.stride, node.padding))

    def run() -> None:
        with torch.no_grad():
            for x, weight, bias, stride, padding in work:
                F.conv2d(x, weight, bias, stride, padding)

    return run


def in_snntorch(path: Path, images: np.ndarray, timesteps: int) -> tuple[Callable[[], None], dict[str, list]]:
    """snntorch on the same file; its spikes are kept."""
    with contextlib.redirect_stdout(io.StringIO()):  # the importer prints
        imported = import_from_nir(nir.read(path))
    spikes: dict[str, list] = {}

    def listen(name: str, module: torch.nn.Module) -> None:
        spikes[name] = []
        module.register_forward_hook(lambda _module, _args, out: spikes[name].append(out.detach()))

    for name, module in imported.named_modules():
        if isinstance(module, snntorch.Leaky):
            listen(name, module)
    x = torch.from_numpy(images)

    def run() -> None:
        for rows in spikes.values():
            rows.clear()
        snntorch.utils.reset(imported)
        with torch.no_grad():
            for _ in range(timesteps):
                imported(x)

    return run, spikes


def compare(width: int, folder: Path) -> dict[str, float]:
    path = write_nir(network(width), folder / f"w{width}.nir")
    graph = read_nir(path)
    images = np.random.default_rng(0).normal(size=(BATCH, 3, 32, 32)).astype(np.float32)
    ours = median_s(lambda: simulate(graph, images, execution=AT_ONCE))
    convs = median_s(convolutions(graph))
    other, spikes = in_snntorch(path, images, graph.timesteps)
    theirs = median_s(other, repeats=3)
    record = simulate(graph, images, execution=AT_ONCE, raster=True)
    differing = sum(
        int((torch.stack(rows, dim=1).numpy() != record.raster[name[:-3]][:, :, int(name[-1]) - 1]).sum())
        for name, rows in spikes.items()
    )
    sent = sum(int(raster.sum()) for raster in record.raster.values())
    print(
        f"width {width:3}: engine {ours * 1e3:8.1f} ms, its convolutions {convs * 1e3:8.1f} ms, "
        f"snntorch {theirs * 1e3:8.1f} ms; {sent:,} spikes, {differing:,} differ"
    )
    return {"convs": ours / convs, "snntorch": theirs / ours, "differing": differing}


def main() -> None:
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        found = {width: compare(width, Path(folder)) for width in (16, 64)}
    print(
        "ratios: "
        + ", ".join(
            f"width {w}: {r['convs']:.2f}x its convolutions, {r['snntorch']:.1f}x faster than snntorch"
            for w, r in found.items()
        )
    )


if __name__ == "__main__":
    main()
