"""How far the estimate of wires is off the exact solution, and how long both take, on tiles of a zoo network.

The fullest tiles of Fashion-MNIST's network, 40 uS to 1 uS, all word lines driven and random halves of them: largest
error of a column in per cent of its current, beside what the wires take away. The last line gives ratios.
"""

from __future__ import annotations

import time

import numpy as np
import torch

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.chips import SIEMENS
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.analysis.crossbar.devices.programming import Levels
from snnhw.analysis.crossbar.devices.wires import effective_conductances
from snnhw.analysis.crossbar.devices.wires_estimate import estimated_conductances
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.load import load_model

OHM = (0.365, 1.0, 2.12, 5.0, 10.0)
TILES = 3  # of each size, those with the most current


def fullest(crossbar: str) -> torch.Tensor:
    """Conductances float64 [TILES, rows, columns] in S of whole tiles."""
    model = load_model("fashion")
    noise = np.random.default_rng(0).uniform(0, 1, (4, *model.graph.input.shape)).astype(np.float32)
    graph = compile_loihi(model.graph, noise).graph
    array = load_crossbar(crossbar)
    layers = programmed(map_crossbars(graph, array))
    tiles = [tile.devices for layer in layers.values() for tile in layer.tiles]
    widest = max(tile.shape[1] for tile in tiles)  # columns of one output stay together, so some may be left over
    whole = [tile for tile in tiles if tile.shape == (array.rows, widest)]
    levels = sorted(whole, key=lambda tile: -int(tile.sum()))[:TILES]
    device = load_device("hfox-wan2022")
    return Levels(device, array.device_bits).conductances(torch.as_tensor(np.stack(levels))) * SIEMENS


def main() -> None:
    rng, ratio, worst = np.random.default_rng(1), 0.0, 0.0
    print(f"{'tile':>9} {'ohm':>6} {'lost to wires':>14} {'estimate off':>13} {'exact':>8} {'estimate':>9}")
    for crossbar in ("rram64", "rram"):
        conductances = fullest(crossbar)
        rows = conductances.shape[1]
        drives = torch.as_tensor(np.stack([np.ones(rows), *(rng.random((8, rows)) < 0.5)]), dtype=torch.float64)
        for ohm in OHM:
            start = time.process_time()
            exact = drives @ effective_conductances(conductances, ohm, ohm)
            between = time.process_time()
            estimate = drives @ estimated_conductances(conductances, ohm, ohm)
            end = time.process_time()
            lost = float((1 - exact / (drives @ conductances)).max())
            off = float((estimate / exact - 1).abs().max())
            ratio, worst = max(ratio, (between - start) / max(end - between, 1e-6)), max(worst, off)
            print(
                f"{rows:>4} x {conductances.shape[2]:<3} {ohm:6g} {lost:13.2%} {off:12.3%} "
                f"{(between - start) / TILES:7.3f}s {1000 * (end - between) / TILES:7.2f}ms",
                flush=True,
            )
    print(
        f"estimate off by at most {worst:.1%}, up to {ratio:,.0f} times faster (seconds of processor time for a tile)"
    )


if __name__ == "__main__":
    main()
