"""Trained networks of every kind of neuron: accuracy in floats and in Loihi integers, and spikes of both in Lava.

Trains each kind of `integers_networks.py` on the data, runs the whole test set in floats and in integers (calibrated on
256 training samples), and the first test samples in Lava's fixed point, population by population. By default digits;
`--data mnist nmnist` take theirs from `--folder` or SNNHW_DATA. Small test sets say little of one network: `--seeds 8`
trains eight of each kind and adds their mean and its standard error. The last line says how many points are lost at
most.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import torch
from integers_networks import KINDS, Network, trained

from snnhw.data.datasets import load
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import Graph
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.finetune import Tuning, finetune
from snnhw.rules.ways import INTEGERS, compiled
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, Execution
from snnhw.simulation.record import SpikeRecord

CALIBRATION = 256


@dataclass(frozen=True)
class Setting:
    """How networks for one data set are built and trained."""

    timesteps: int
    convolutions: tuple[int, ...]
    hidden: int
    epochs: int
    train: int  # samples
    lava: int  # test samples


SETTINGS = {
    "digits": Setting(8, (12,), 48, 15, 1437, 10),
    "mnist": Setting(6, (8, 12), 64, 3, 20000, 5),
    "nmnist": Setting(10, (6, 8), 48, 8, 1000, 5),
}


@dataclass(frozen=True)
class Row:
    """One trained network."""

    data: str
    kind: str
    samples: int
    floats: float  # accuracy
    integers: float
    same: float  # share of samples with the class of the floats
    spikes: int  # in Lava
    differing: int
    seconds: float

    @property
    def lost(self) -> float:
        """Points of accuracy."""
        return 100 * (self.floats - self.integers)

    def text(self) -> str:
        """One line of the table."""
        return (
            f"| {self.data} | {self.kind} | {self.samples:,} | {self.floats:.2%} | {self.integers:.2%} | "
            f"{self.lost:+.2f} | {self.same:.2%} | {self.spikes:,} | {self.differing:,} | {self.seconds:.0f} |"
        )


@dataclass(frozen=True)
class Mean:
    """The networks of one kind on one data set."""

    data: str
    kind: str
    networks: int
    samples: int
    floats: float
    integers: float
    lost: float  # points
    error: float  # standard error of `lost`

    def text(self) -> str:
        """One line of the table of means."""
        return (
            f"| {self.data} | {self.kind} | {self.networks} x {self.samples:,} | {self.floats:.2%} | "
            f"{self.integers:.2%} | {self.lost:+.2f} | {self.error:.2f} |"
        )


def mean_of(rows: list[Row]) -> Mean:
    """Mean and standard error over networks of other seeds; the error of one is not known and 0 here."""
    lost = np.array([row.lost for row in rows])
    floats, integers = (float(np.mean([getattr(row, of) for row in rows])) for of in ("floats", "integers"))
    error = float(lost.std(ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else 0.0
    first = rows[0]
    return Mean(first.data, first.kind, len(rows), first.samples, floats, integers, float(lost.mean()), error)


HEAD = """| data | neurons | samples | floats | integers | points lost | same class | spikes in Lava | differing | s |
|---|---|---|---|---|---|---|---|---|---|"""
MEANS = """| data | neurons | networks x samples | floats | integers | points lost | standard error |
|---|---|---|---|---|---|---|"""


def measured(data: str, kind: str, seed: int, given: argparse.Namespace) -> Row:
    """Train, quantise and run one network."""
    began, setting = time.perf_counter(), SETTINGS[data]
    torch.manual_seed(seed)
    train, test = (load(data, split, given.folder, setting.timesteps) for split in ("train", "test"))
    train = train.first(setting.train)
    network = Network(KINDS[kind], tuple(train.values.shape[-3:]), setting.convolutions, setting.hidden)
    kinds = [samples.kind.levels(steps=samples.values.ndim == 5) for samples in (train, test)]
    levels = None if None in kinds else max(kind or 0 for kind in kinds)
    compiled(network.graph(setting.timesteps, levels), INTEGERS)  # or refused, before it is trained
    graph = trained(network, train, setting.epochs, setting.timesteps).graph(setting.timesteps, levels)
    _same_as_torch(network, graph, test.first(20), setting.timesteps)
    made = compile_loihi(graph, train.values[:CALIBRATION], per_channel=given.per_channel)
    if given.epochs:
        made = finetune(graph, made, train, Tuning(epochs=given.epochs))
    quantised = made.graph
    floats, integers = (simulate(g, test.values, execution=Execution(batch_size=100)) for g in (graph, quantised))
    in_lava = setting.lava and seed == given.seed  # networks of further seeds are for the accuracy alone
    spikes, differing = _in_lava(quantised, test.first(setting.lava)) if in_lava else (0, 0)
    return Row(
        data,
        kind,
        len(test),
        floats.accuracy(test.labels()),
        integers.accuracy(test.labels()),
        float((floats.logits.argmax(axis=1) == integers.logits.argmax(axis=1)).mean()),
        spikes,
        differing,
        time.perf_counter() - began,
    )


def _same_as_torch(network: Network, graph: Graph, some: Samples, timesteps: int) -> None:
    """The graph is the network that was trained: its logits are those of torch in float64."""
    values = torch.as_tensor(some.values).double()
    steps = values if values.dim() == 5 else values[:, None].expand(-1, timesteps, *values.shape[1:])
    with torch.no_grad():
        wanted = network.double()(steps).numpy()
    found = simulate(graph, some.values, execution=DOUBLE).logits
    if not np.allclose(found, wanted, rtol=0, atol=1e-9):
        raise SystemExit(f"the graph is another network: logits differ by {np.abs(found - wanted).max():g}")


def _in_lava(graph: Graph, some: Samples) -> tuple[int, int]:
    """(spikes, spikes that differ) of all populations."""
    ours: SpikeRecord = simulate(graph, some.values, raster=True)
    theirs = run_lava(graph, some.values, RunOptions(raster=True))
    pairs = [(ours.raster[unit], theirs.raster[unit]) for unit in graph.units()]
    return sum(int(a.sum()) for a, _ in pairs), sum(int((a != b).sum()) for a, b in pairs)


def main() -> None:
    """Print the table and the largest losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=["digits"], choices=SETTINGS)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, metavar="KIND")
    parser.add_argument("--folder", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    parser.add_argument("--per-channel", action="store_true", help="one weight scale per output channel")
    parser.add_argument("--epochs", type=int, default=0, help="of fine-tuning through the integers' rounding")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="networks of each kind, with seeds from --seed on")
    given = parser.parse_args()
    torch.set_num_threads(1)  # networks are so small that more threads wait for each other
    print(HEAD)
    rows: list[Row] = []
    means: list[Mean] = []
    for data in given.data:
        for kind in given.kinds:
            try:
                same = []
                for seed in range(given.seed, given.seed + given.seeds):
                    same.append(measured(data, kind, seed, given))
                    print(same[-1].text(), flush=True)
            except InputError as error:
                print(f"| {data} | {kind} | left out: {error} |", flush=True)
                continue
            rows += same
            means.append(mean_of(same))
    if given.seeds > 1:
        print(f"\n{MEANS}", *(mean.text() for mean in means), "", sep="\n")
    worst = max(means, key=lambda mean: mean.lost)
    print(
        f"points lost at most: {worst.lost:.2f} ({worst.kind}, {worst.data}); spikes that differ in Lava: "
        f"{sum(row.differing for row in rows)} of {sum(row.spikes for row in rows):,}; {len(rows)} networks"
    )


if __name__ == "__main__":
    main()
