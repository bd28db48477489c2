"""One set of integers, four programs: engine = Lava's fixed point = nengo-loihi = C, in every population.

Each network of the zoo is quantised and runs two images of its test set in all four, none of which computes with the
code of another: every spike of every population and every output is held against the engine's. nengo-loihi's
accumulator has 22 bits; where what synapses send in a step leaves them, it stops, and runs again with 24, which the
table says. Data come from --data or SNNHW_DATA; networks without data are left out. With --table FILE, the rows between
the two marks of a Markdown file are written anew. The last line counts what differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.exporters.c.run import run_c
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.exporters.nengo_loihi.run import run_nengo_loihi
from snnhw.exporters.nengo_loihi.session import ACCUMULATOR_BITS, RegisterError
from snnhw.files import write_text
from snnhw.graph.ir import Array, Graph
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model
from snnhw.workflows.witnesses import LAVA_BITS

NETWORKS = ("digits", "mnist", "nmnist", "fashion", "cifar10")
CALIBRATION, IMAGES, LIMIT_S = 64, 2, 3600.0
BEGIN, END = "<!-- written by benchmarks/witnesses.py -->", "<!-- end -->"
HEADS = ("network", "images", "populations", "neurons", "spikes", "compared", "Lava", "nengo-loihi", "its bits", "C")
HEADS += ("outputs",)


@dataclass(frozen=True)
class Row:
    """A network: what ran, and how many spikes of each program and outputs of all differ from the engine's."""

    name: str
    images: int
    populations: int
    neurons: int
    spikes: int
    compared: int
    lava: int
    nengo_loihi: int
    bits: int
    c: int
    outputs: int

    @property
    def cells(self) -> list[str]:
        """As in the table."""
        counts = (self.images, self.populations, self.neurons, self.spikes, self.compared, self.lava, self.nengo_loihi)
        return [self.name, *(f"{n:,}" for n in (*counts, self.bits, self.c, self.outputs))]

    @property
    def differing(self) -> int:
        """Spikes and outputs that differ."""
        return self.lava + self.nengo_loihi + self.c + self.outputs


def integers(name: str, data: str | None) -> tuple[Graph, Array]:
    """The network in integers, and images of its test set."""
    model = load_model(name)
    train, test = (
        load_inputs(f"{name}:{split}", data, model.timesteps, None).first(n)
        for split, n in (("train", CALIBRATION), ("test", IMAGES))
    )
    return compile_loihi(for_data(model, train, test).graph, train.values).graph, test.values


def in_nengo_loihi(graph: Graph, images: Array) -> tuple[SpikeRecord, int]:
    """The record, and the bits of the accumulator that it took."""
    for bits in (ACCUMULATOR_BITS, LAVA_BITS):
        try:
            ran = run_nengo_loihi(graph, images, raster=True, accumulator_bits=bits, timeout_s=LIMIT_S)
            return ran, bits
        except RegisterError:
            if bits == LAVA_BITS:
                raise
    raise AssertionError("one of them runs")


def row(name: str, graph: Graph, images: Array) -> Row:
    """One network in all programs."""
    engine = simulate(graph, images, raster=True)
    lava = run_lava(graph, images, RunOptions(raster=True, timeout_s=LIMIT_S))
    nengo_loihi, bits = in_nengo_loihi(graph, images)
    c = run_c(graph, images, raster=True)
    others = (lava, nengo_loihi, c)
    return Row(
        name,
        len(images),
        sum(len(nodes) for nodes in graph.units().values()),
        sum(node.size for nodes in graph.units().values() for node in nodes),
        sum(int(raster.sum()) for raster in engine.raster.values()),
        sum(raster.size for raster in engine.raster.values()),
        *(spikes_apart(engine, lava), spikes_apart(engine, nengo_loihi), bits, spikes_apart(engine, c)),
        sum(int((other.logits != engine.logits).sum()) for other in others),
    )


def spikes_apart(engine: SpikeRecord, other: SpikeRecord) -> int:
    """Spikes that differ, in all populations; a population that one lacks differs in all of its spikes."""
    total = 0
    for unit in engine.raster.keys() | other.raster.keys():
        a, b = engine.raster.get(unit), other.raster.get(unit)
        if a is None or b is None or a.shape != b.shape:
            total += max(part.size for part in (a, b) if part is not None)
        else:
            total += int(np.count_nonzero(a != b))
    return total


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [HEADS, ["---", *["---:"] * (len(HEADS) - 1)], *(each.cells for each in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_table(path: Path, rows: list[Row]) -> None:
    """Put the rows between the two marks of a file.

    Raises:
        InputError: the marks are not in it.
    """
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise InputError(f"{path} does not have the marks {BEGIN} and {END}, each once; add them.")
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    write_text(path, between.sub(f"{BEGIN}\n{table(rows)}\n{END}", text))


def main(arguments: list[str] | None = None, run: Callable[[str, Graph, Array], Row] = row) -> int:
    """Print the table; 1 where a spike or an output differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="default: all")
    parser.add_argument("--data", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    parser.add_argument("--table", type=Path, default=None, help="Markdown file to write the rows into")
    given = parser.parse_args(arguments)
    widths = [max(len(head), 9) for head in HEADS]
    print("  ".join(head.rjust(width) for head, width in zip(HEADS, widths, strict=True)), flush=True)
    rows: list[Row] = []
    for name in given.networks:
        try:
            graph, images = integers(name, given.data)
        except InputError as error:
            print(f"{name} left out: {error}", flush=True)
            continue
        rows.append(run(name, graph, images))
        print("  ".join(cell.rjust(width) for cell, width in zip(rows[-1].cells, widths, strict=True)), flush=True)
    if given.table is not None:
        write_table(given.table, rows)
    compared, differing = sum(each.compared for each in rows), sum(each.differing for each in rows)
    print(f"{differing} spikes and outputs of Lava, nengo-loihi and C differ from the engine's, {compared:,} each")
    return int(differing > 0 or not rows)


if __name__ == "__main__":
    sys.exit(main())
