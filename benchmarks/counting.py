"""Synaptic operations as counted by other libraries and by ours, and what the counting costs.

Prints which numbers each counter gives for one network with binary, residual and multi-level spikes, then the time on
the binary one; the last line gives the speed-up over NeuroBench and the overhead of our counting. The other counters
run in environments of their own, made under .venv/counters on the first run.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from counters.environments import interpreter

from snnhw.analysis.counting.count import count
from snnhw.graph.ir import MLF, Conv2d, Flatten, Graph, Input, Linear, Readout
from snnhw.simulation.engine import simulate

WORKER = Path(__file__).parent / "counters" / "worker.py"
PEERS = ("neurobench", "sinabs", "spikingjelly")  # syops needs several times as long and is not exact
STEPS, DECAY, STRIDES = 4, 0.25, (1, 1, 2)
CASES = {"K=1": (1, False), "K=1, residual": (1, True), "K=3, residual": (3, True)}


def network(levels: int, residual: bool, channels: int, size: int) -> Graph:
    rng = np.random.default_rng(0)

    def weights(*shape: int) -> Any:
        return (rng.normal(size=shape) * 1.5 / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    thresholds = tuple(0.3 * (k + 1) for k in range(levels))
    nodes: list[Any] = [Input(name="events", shape=(2, size, size), levels=1)]
    before = 2
    for i, stride in enumerate(STRIDES):
        shape = (channels, size // stride, size // stride)
        weight = weights(channels, before, 3, 3)
        nodes.append(Conv2d(name=f"conv{i}", shape=shape, weight=weight, stride=(stride, stride), padding=(1, 1)))
        nodes.append(MLF(name=f"unit{i}", shape=shape, thresholds=thresholds, decay=DECAY))
        before = channels
    flat = channels * (size // 2) ** 2
    fc = Linear(name="fc", shape=(10,), weight=weights(10, flat))
    nodes += [Flatten(name="flatten", shape=(flat,)), fc, Readout(name="readout", shape=(10,))]
    edges = [(a.name, b.name) for a, b in pairwise(nodes)]
    return Graph.build(nodes, edges + ([("unit0", "conv2")] if residual else []), STEPS)


def ours(graph: Graph, events: Any) -> dict[str, Any]:
    """Counts behind spikes, and seconds with and without counting."""
    simulate(graph, events[:64])
    start = time.perf_counter()
    record = simulate(graph, events)
    plain = time.perf_counter() - start
    start = time.perf_counter()
    counts = count(graph, record)
    counting = time.perf_counter() - start
    return {
        "events": counts.total("events"),
        "units": counts.total("unit_synops"),
        "seconds": plain + counting,
        "counting": counting,
        "plain": plain,
    }


def theirs(peer: str, graph: Graph, events: Any, residual: bool) -> dict[str, Any]:
    unit = graph.of_type(MLF)[0]
    settings = {
        "timesteps": STEPS,
        "thresholds": unit.thresholds,
        "decay": DECAY,
        "strides": STRIDES,
        "residual": [0, 2] if residual else None,
    }
    arrays = {node.name: node.weight for node in graph.of_type(Conv2d)} | {"fc": graph.of_type(Linear)[0].weight}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        np.savez(path, events=events, settings=json.dumps(settings), **arrays)
        command = [str(interpreter(peer)), str(WORKER), peer, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    small = (rng.random((64, STEPS, 2, 8, 8)) < 0.2).astype(np.uint8)
    print(f"{'case':<15}{'exact e':>12}{'exact u':>12}" + "".join(f"{p + ' AC/MAC':>26}" for p in PEERS))
    for case, (levels, residual) in CASES.items():
        graph = network(levels, residual, 8, 8)
        exact = ours(graph, small)
        row = f"{case:<15}{exact['events']:>12}{exact['units']:>12}"
        for peer in PEERS:
            found = theirs(peer, graph, small, residual)
            row += f"{found['ac']:>14.0f}/{found['mac']:>11.0f}"
        print(row)
    large = (rng.random((512, STEPS, 2, 16, 16)) < 0.2).astype(np.uint8)
    graph = network(1, False, 16, 16)
    own = ours(graph, large)
    print(f"\n{'512 samples, K=1':<20}{'synops':>14}{'seconds':>10}{'of it counting':>16}")
    print(f"{'snnhw':<20}{own['units']:>14}{own['seconds']:>10.3f}{own['counting']:>16.3f}")
    ratios, alone = {}, {}
    for peer in PEERS:
        found = theirs(peer, graph, large, residual=False)
        ratios[peer] = found["seconds"] / own["seconds"]
        alone[peer] = (found["seconds"] - found["plain"]) / own["counting"]
        print(f"{peer:<20}{found['ac']:>14.0f}{found['seconds']:>10.3f}{found['seconds'] - found['plain']:>16.3f}")
        assert round(found["ac"]) == own["units"], f"{peer} counts {found['ac']}, we count {own['units']}"
    print(
        f"ratios: counting alone {alone['neurobench']:.0f}x NeuroBench, {alone['sinabs']:.0f}x sinabs; with the "
        f"simulation {ratios['neurobench']:.1f}x NeuroBench, {ratios['sinabs']:.1f}x sinabs; "
        f"counting adds {100 * own['counting'] / own['plain']:.1f} % to our simulation"
    )


if __name__ == "__main__":
    main()
