"""Loihi integers with weights of 8 to 4 bits: accuracy with and without tuning, memory, spikes, energy.

    python benchmarks/weight_bits.py                        # digits, some minutes
    python benchmarks/weight_bits.py mnist --samples 2000   # data in SNNHW_DATA
    python benchmarks/weight_bits.py digits --bits 8 4 --epochs 0 3 --json bits.json

Scales are fixed by 256 training samples, the integers are tuned on the whole training split and run on test samples.
Energies are the high end of loihi1-davies2018, whose price of a synaptic operation does not depend on the width. The
last line says what the narrowest weights cost in accuracy and save in memory.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.spike_energy import energy_pj
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.inputs import load_inputs
from snnhw.files import write_text
from snnhw.graph.weight_width import WeightWidth
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.finetune import Tuning, finetune
from snnhw.simulation.engine import simulate
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model

PROFILE = "loihi1-davies2018"
CALIBRATION = 256


@dataclass(frozen=True)
class Measured:
    """Integers of one width."""

    data: str
    bits: int
    epochs: int  # of tuning
    accuracy: float
    memory_bytes: float  # of weights and biases, once
    spikes: float  # unit spikes per inference
    energy_nj: float  # high end, per inference


def measured(data: str, bits: Sequence[int], epochs: Sequence[int], samples: int | None) -> list[Measured]:
    """A row for each width and length of tuning."""
    model = load_model(data)
    train, test = (load_inputs(f"{data}:{split}", None, model.timesteps) for split in ("train", "test"))
    test, graph, profile = test.first(samples), for_data(model, train).graph, load_profile(PROFILE)
    found = []
    for width in bits:
        plain = compile_loihi(graph, train.values[:CALIBRATION], width=WeightWidth(width))
        for length in epochs:
            made = finetune(graph, plain, train, Tuning(epochs=length)) if length else plain
            record = simulate(made.graph, test.values)
            counts = count(made.graph, record)
            found.append(
                Measured(
                    data,
                    width,
                    length,
                    record.accuracy(test.labels()),
                    counts.total("weight_bits") / 8,
                    sum(sum(layer.spikes) for layer in counts.layers) / counts.samples,
                    energy_pj(counts, profile) / counts.samples / 1e3,
                )
            )
            print(found[-1], file=sys.stderr, flush=True)
    return found


def table(rows: Sequence[Measured]) -> str:
    """Markdown."""
    lines = ["| data | bits | epochs | accuracy | memory, bytes | spikes | nJ |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {one.data} | {one.bits} | {one.epochs} | {one.accuracy:.2%} | {one.memory_bytes:,.0f} | "
        f"{one.spikes:,.0f} | {one.energy_nj:,.0f} |"
        for one in rows
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="*", default=["digits"], help="networks of the zoo")
    parser.add_argument("--bits", type=int, nargs="+", default=(8, 6, 5, 4))
    parser.add_argument("--epochs", type=int, nargs="+", default=(0, 2), help="of tuning; 0: none")
    parser.add_argument("--samples", type=int, help="of the test split (default: all)")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    given = parser.parse_args(arguments)
    rows = [one for data in given.data for one in measured(data, given.bits, given.epochs, given.samples)]
    print(table(rows))
    if given.json is not None:
        write_text(given.json, json.dumps([asdict(one) for one in rows], indent=2) + "\n")
    first, last = rows[0], rows[-1]
    print(
        f"{last.bits} bits in place of {first.bits}: {100 * (last.accuracy - first.accuracy):+.2f} points, "
        f"{1 - last.memory_bytes / first.memory_bytes:.0%} less memory"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
