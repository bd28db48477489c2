"""Energy against accuracy of zoo networks whose dearest channels are removed, before and after fine-tuning.

    python benchmarks/pruning.py                              # digits, without fine-tuning and with two epochs a round
    python benchmarks/pruning.py mnist --left 0.7 --epochs 1  # data in SNNHW_DATA; hours on a CPU
    python benchmarks/pruning.py digits --json pruning.json

Energies are the high end of loihi1-davies2018, of 256 training samples that judge the channels and of 256 test samples;
the accuracy is that of the whole test split. The last line is what the best row without more than one point lost saves.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from snnhw.files import write_text
from snnhw.workflows.prune import prune
from snnhw.workflows.pruning_result import Pruned
from snnhw.workflows.pruning_target import Target

DATA = ("digits", "mnist", "fashion")
LEFT = (0.9, 0.8, 0.7)  # shares of the energy that may stay
POINTS = 1.0  # of test accuracy that the last line allows


def row(data: str, left: float, epochs: int, made: Pruned, seconds: float) -> dict[str, object]:
    """What one pruning gave."""
    before, after = made.before, made.after
    first = made.rounds[0]
    return {
        "data": data,
        "energy_left": left,
        "epochs_per_round": epochs,
        "rounds": len(made.rounds),
        "removed": sum(len(numbers) for numbers in made.gone.values()),
        "channels": sum(made.sizes.values()),
        "error_of_prediction": first.counted_pj / first.predicted_pj - 1.0,
        "energy_nj": [before.energy_pj / 1e3, after.energy_pj / 1e3],
        "test_energy_nj": [before.test_energy_pj / 1e3, after.test_energy_pj / 1e3],
        "accuracy": [before.test_accuracy, after.test_accuracy],
        "seconds": round(seconds, 1),
    }


def table(rows: Sequence[dict[str, object]]) -> str:
    """Markdown."""
    lines = [
        "| data | may stay | epochs a round | removed | test nJ before | after | saved | accuracy before | after |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        (before, after), (first, last) = _pair(one, "test_energy_nj"), _pair(one, "accuracy")
        lines.append(
            f"| {one['data']} | {one['energy_left']:.0%} | {one['epochs_per_round']} | {one['removed']} of "
            f"{one['channels']} | {before:,.0f} | {after:,.0f} | {1 - after / before:.1%} | {first:.2%} | {last:.2%} |"
        )
    return "\n".join(lines)


def _pair(one: dict[str, object], key: str) -> tuple[float, float]:
    pair = one[key]
    assert isinstance(pair, list)
    return pair[0], pair[1]


def best(rows: Sequence[dict[str, object]]) -> float:
    """The largest share of test energy saved at no more than `POINTS` lost; 0 where there is none."""
    saved = [0.0]
    for one in rows:
        (before, after), (first, last) = _pair(one, "test_energy_nj"), _pair(one, "accuracy")
        if 100.0 * (first - last) <= POINTS:
            saved.append(1.0 - after / before)
    return max(saved)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="*", default=["digits"], help=", ".join(DATA))
    parser.add_argument("--left", type=float, nargs="+", default=LEFT)
    parser.add_argument("--epochs", type=int, nargs="+", default=(0, 2), help="of fine-tuning after each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file for all numbers")
    given = parser.parse_args(arguments)
    rows = []
    with TemporaryDirectory() as folder:
        for data in given.data:
            for epochs in given.epochs:
                for left in given.left:
                    started = time.perf_counter()
                    target = Target(energy_left=left, rounds=given.rounds, finetune=epochs)
                    made = prune(data, Path(folder, f"{data}_{left}_{epochs}"), target)
                    rows.append(row(data, left, epochs, made, time.perf_counter() - started))
                    print(rows[-1], file=sys.stderr, flush=True)
    print(table(rows))
    if given.json is not None:
        write_text(given.json, json.dumps(rows, indent=2) + "\n")
    print(f"{best(rows):.1%} of the energy saved at no more than {POINTS:g} point of accuracy lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
