"""All checks that need a GPU, in one call: training step, units, engine, and the recipe `cifar10`.

Each row says what was measured and whether it is as it has to be; the last line says how many are, and the exit code is
1 where one is not. A call takes some minutes, with files of its own in the place of CIFAR-10. The whole recipe on
CIFAR-10 itself, in FOLDER, takes about six minutes:

    python benchmarks/gpu_checks.py
    python benchmarks/gpu_checks.py --only training --epochs 78 --data FOLDER --out RUN

On a machine without a GPU, `--tiny` runs all of it on the CPU with a few small batches; speed is then not judged.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from gpu.engine import engine
from gpu.rows import Row, Size
from gpu.steps import played, steps
from gpu.training import made_up, resumed, training
from gpu.units import units

from snnhw.train.device import fastest_convolutions

PARTS = ("steps", "played", "units", "engine", "training", "resumed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="a few small batches, on the CPU: no numbers of a GPU")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="parts to run, by default all")
    parser.add_argument("--data", type=Path, help="folder of CIFAR-10, as for snnhw train; default: made-up images")
    parser.add_argument("--epochs", type=int, default=2, help="of the training; 78 is the whole recipe")
    parser.add_argument("--out", type=Path, help="run folder of the training; default: none is kept")
    options = parser.parse_args()
    if not options.tiny and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device; --tiny runs everything on the CPU, with a few small batches.")
    if options.tiny and torch.cuda.is_available():
        parser.error("--tiny is for machines without a GPU; hide it with CUDA_VISIBLE_DEVICES= or leave --tiny out.")
    size = Size("cpu" if options.tiny else "cuda", options.tiny)
    where = "the CPU: these are no numbers of a GPU" if options.tiny else torch.cuda.get_device_name()
    print(f"torch {torch.__version__} on {where}", flush=True)
    with tempfile.TemporaryDirectory() as scratch, fastest_convolutions():
        folder = Path(scratch)
        data = options.data or made_up(folder, size)
        parts: dict[str, Callable[[], Iterator[Row]]] = {
            "steps": partial(steps, size),
            "played": partial(played, size),
            "units": partial(units, size),
            "engine": partial(engine, size),
            "training": partial(training, size, data, options.out or folder / "run", options.epochs),
            "resumed": partial(resumed, size, data, folder),
        }
        rows = [row for name in PARTS if name in options.only for row in shown(name, parts[name])]
    judged = [row.holds for row in rows if row.holds is not None]
    print(f"{sum(judged)} of {len(judged)} as they have to be, on {where}")
    sys.exit(0 if all(judged) else 1)


def shown(name: str, part: Callable[[], Iterator[Row]]) -> Iterator[Row]:
    """The rows of a part, each printed when it is known; a part that breaks is a row that does not hold."""
    started = time.perf_counter()
    try:
        for row in part():
            verdict = "" if row.holds is None else ("ok" if row.holds else "NOT SO")
            print(f"{row.name:62} {row.measured:38} {verdict}".rstrip(), flush=True)
            yield row
    except Exception as error:  # the other parts still say what they can
        row = Row(f"{name}, runs to its end", f"{type(error).__name__}: {error}", False)
        print(f"{row.name:62} {row.measured} NOT SO", flush=True)
        yield row
    print(f"  {name} took {time.perf_counter() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
