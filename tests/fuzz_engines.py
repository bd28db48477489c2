"""Random graphs through every engine of integers: `python -m tests.fuzz_engines --graphs 10000 --seed 1`.

The integer engine is held against the loops of a bundle, the oracle of the Lava tests and, one graph in so many, the C
program in both forms; none of them shares code with another. A graph on which a spike or an output differs is made as
small as it goes, its description is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.exporters import c
from snnhw.exporters.bundle.network import described as plain_values
from snnhw.exporters.bundle.verify_certificate import Network
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from tests.engine_graphs import Description, drawn, made, shrunk
from tests.exporters.c.built import make
from tests.exporters.lava import oracle

Engine = Callable[[Graph, Array, SpikeRecord], bool]  # whether it sends and gives the same as the record


def loops(graph: Graph, x: Array, record: SpikeRecord) -> bool:
    """The loops of the program that checks bundles."""
    network = Network(*plain_values(graph))
    runs = [network.run(sample) for sample in graph.input.coded(x)]
    spikes = {name: np.stack([fired[name] for fired, _ in runs]) for name in runs[0][0]}
    return _same(graph, record, spikes, np.stack([output for _, output in runs]))


def recurrence(graph: Graph, x: Array, record: SpikeRecord) -> bool:
    """The oracle of the Lava tests; it knows no delay of 0 steps."""
    spikes, _, logits = oracle.run_oracle(graph, x)
    return _same(graph, record, spikes, logits)


def in_c(graph: Graph, x: Array, record: SpikeRecord, *, events: bool = False) -> bool:
    """The harness of the C program."""
    with tempfile.TemporaryDirectory(prefix="snnhw-fuzz-") as folder:
        c.export(graph, Path(folder) / "net", c.Options(inputs=x, events=events))
        return make(Path(folder) / "net").returncode == 0


def in_c_by_events(graph: Graph, x: Array, record: SpikeRecord) -> bool:
    """The same, event-driven."""
    return in_c(graph, x, record, events=True)


ENGINES: Mapping[str, Engine] = {"loops": loops, "oracle": recurrence}
IN_C: Mapping[str, Engine] = {"C": in_c, "C by events": in_c_by_events}


def _same(graph: Graph, record: SpikeRecord, spikes: Mapping[str, Array], output: Array) -> bool:
    levels = ((unit, level, node) for unit, nodes in graph.units().items() for level, node in enumerate(nodes))
    fired = all(np.array_equal(record.raster[unit][:, :, level], spikes[n.name]) for unit, level, n in levels)
    return fired and np.array_equal(record.logits, output)


@dataclass(frozen=True)
class Found:
    """A graph on which an engine differs, as small as it goes."""

    engine: str
    number: int
    description: Description

    @property
    def nodes(self) -> int:
        """Of the graph."""
        found = made(self.description)
        return 0 if found is None else len(found[0].nodes)


@dataclass
class Tally:
    """What has been compared so far."""

    graphs: int = 0
    in_c: int = 0
    neuron_steps: int = 0


def differing(described: Description, engines: Mapping[str, Engine], tally: Tally) -> str:
    """The first engine that differs from the integer engine; "" where none does, or there is no graph."""
    found = made(described)
    if found is None:
        return ""
    graph, x = found
    record = simulate(graph, x, raster=True)
    tally.graphs += 1
    tally.in_c += bool(engines.keys() & IN_C.keys())
    tally.neuron_steps += sum(raster.size for raster in record.raster.values()) * len(engines)
    return next((name for name, engine in engines.items() if not engine(graph, x, record)), "")


def search(seed: int, graphs: int, engines: Mapping[str, Engine], tally: Tally, c_every: int = 0) -> Found | None:
    """The first of `graphs` graphs on which an engine differs; one in `c_every` of them is compiled, 0: none."""
    for number in range(graphs):
        described = drawn(seed * 10**9 + number)
        in_turn = {**engines, **IN_C} if c_every and number % c_every == 0 else engines
        wrong = differing(described, in_turn, tally)
        if wrong:
            alone, draws = {wrong: in_turn[wrong]}, 2 if wrong in IN_C else 25
            small = shrunk(described, lambda less, of=alone: bool(differing(less, of, Tally())), draws)  # type: ignore[misc]
            return Found(wrong, number, small)
    return None


def main() -> int:
    """1 where engines differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--c-every", type=int, default=50, help="one graph in so many is compiled; 0: none")
    given = parser.parse_args()
    begun, tally = time.monotonic(), Tally()
    found = search(given.seed, given.graphs, ENGINES, tally, given.c_every)
    if found:
        print(f"{found.engine} differs from the integer engine on graph {found.number}; {found.nodes} nodes suffice:")
        print(found.description)
        return 1
    print(
        f"{tally.graphs:,} graphs of {given.graphs:,} descriptions, {tally.in_c:,} of them also in C, dense and by "
        f"events: {tally.neuron_steps:,} neuron-steps compared, none differs, in {time.monotonic() - begun:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
