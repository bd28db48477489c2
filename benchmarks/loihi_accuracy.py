"""Accuracy of the zoo in floats, in Loihi integers after training, and in integers after fine-tuning.

Whole test sets of every network whose data are at hand (--data or SNNHW_DATA; digits always are). Integers are made
from the first 256 training samples. Fine-tuning sees training samples alone and is judged on some that it held out.
The last line says how many points of accuracy are lost at most.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
import torch

from snnhw.data.datasets import load
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.finetune import Tuning, finetune
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.load import load_model
from snnhw.zoo import zoo_names

CALIBRATION_SAMPLES = 256
BATCH = 64


@dataclass(frozen=True)
class Row:
    """One network in one arithmetic."""

    network: str
    arithmetic: str
    images: int
    accuracy: float
    lost: float  # points of accuracy below the floats
    same_class: float  # share of images classified as by the floats
    spikes: float  # change of the number of spikes
    largest_rate: tuple[float, str]  # the unit whose number of spikes changes most
    seconds: float

    def text(self) -> str:
        """One line of the table."""
        change, unit = self.largest_rate
        return (
            f"{self.network:10} {self.arithmetic:10} {self.images:6} {self.accuracy:9.2%} {self.lost:+7.2f} "
            f"{self.same_class:9.2%} {self.spikes:+9.2%} {change:+9.2%} {unit:28} {self.seconds:7.1f}"
        )


def row(name: str, arithmetic: str, record: SpikeRecord, floats: SpikeRecord, test: Samples, since: float) -> Row:
    """What `record` says beside the floats; `since` is when the work for it began."""
    right, reference = record.accuracy(test.targets), floats.accuracy(test.targets)
    before, after = ({u: int(r.spikes.sum()) for u, r in rec.units.items()} for rec in (floats, record))
    changes = {u: after[u] / before[u] - 1 for u in after if before.get(u)}
    unit = max(changes, key=lambda u: abs(changes[u]))
    return Row(
        name,
        arithmetic,
        record.samples,
        right,
        100 * (reference - right),
        float((record.logits.argmax(axis=1) == floats.logits.argmax(axis=1)).mean()),
        sum(after.values()) / sum(before.values()) - 1,
        (changes[unit], unit),
        time.perf_counter() - since,
    )


def measure(name: str, given: argparse.Namespace) -> list[Row]:
    """Floats, integers and fine-tuned integers of one network."""
    model = load_model(name)
    data, graph = str(model.card["data"]), model.graph
    train, test = (load(data, split, given.data, graph.timesteps) for split in ("train", "test"))
    test = test.take(slice(given.images))
    rows: list[Row] = []

    def add(arithmetic: str, ran: Graph, since: float, floats: SpikeRecord | None = None) -> SpikeRecord:
        record = simulate(ran, test.values, execution=Execution(batch_size=BATCH))
        rows.append(row(name, arithmetic, record, floats or record, test, since))
        print(rows[-1].text(), flush=True)
        return record

    floats = add("float", graph, time.perf_counter())
    start = time.perf_counter()
    integers = compile_loihi(graph, train.values[:CALIBRATION_SAMPLES], per_channel=given.per_channel)
    add("integer", integers.graph, start, floats)
    start = time.perf_counter()
    some = np.random.default_rng(0).permutation(len(train))[: given.tune_samples]
    tuned = finetune(graph, integers, train.take(np.sort(some)), Tuning(epochs=given.epochs))
    add("tuned", tuned.graph, start, floats)
    return rows


def main() -> None:
    """Print the table and the largest losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(zoo_names()), help="zoo names or run folders")
    parser.add_argument("--data", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    parser.add_argument("--images", type=int, default=None, help="of the test set (default: all)")
    parser.add_argument("--epochs", type=int, default=2, help="of fine-tuning")
    parser.add_argument("--tune-samples", type=int, default=2000, help="training samples that fine-tuning sees")
    parser.add_argument("--per-channel", action="store_true", help="one weight scale per output channel")
    given = parser.parse_args()
    torch.set_num_threads(2)
    print("network    numbers    images  accuracy    lost same class    spikes   most in unit                seconds")
    rows: list[Row] = []
    for name in given.networks:
        try:
            rows += measure(name, given)
        except InputError as error:
            print(f"{name:10} left out: {error}", flush=True)
    after = {
        kind: max((r for r in rows if r.arithmetic == kind), key=lambda r: r.lost) for kind in ("integer", "tuned")
    }
    print(
        f"points lost at most: {after['integer'].lost:.2f} after training ({after['integer'].network}), "
        f"{after['tuned'].lost:.2f} with fine-tuning ({after['tuned'].network}), "
        f"{len({r.network for r in rows})} networks"
    )


if __name__ == "__main__":
    main()
