"""SIGKILL at random times: what is repeated or resumed afterwards gives the bits of a run that was not killed.

Killed are `train` and `sweep` (then resumed), `report` over an earlier report and `verify` with Lava (then repeated),
by turns after a random part of the time that it takes and when its folders have changed a random number of times, and
Lava's worker and single processes of it under `simulate`. After each kill every file is whole, no process is left, and
after the next run no file of the killed one, in its folder or in the one for temporary files. The last line counts what
differs. Linux only, since it looks into /proc.

    python benchmarks/kills.py --kills 200 --seed 1
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import lightning_fabric  # noqa: F401 - so that a run begins where work begins
import matplotlib.pyplot  # noqa: F401
import optuna  # noqa: F401
import pandas as pd
import safetensors.torch
import sklearn.datasets  # noqa: F401
import torchmetrics  # noqa: F401
from killed_runs import OWN_FILES, Place

import snnhw.workflows.report
import snnhw.workflows.sweep
import snnhw.workflows.train
import snnhw.workflows.verify  # noqa: F401

DATE = re.compile(rb"20\d\d-\d\d-\d\dT[\d:]+\+00:00")
SMALL = ("arguments.widths=[2, 3, 4]", "arguments.timesteps=2", "epochs=12", "batch=512", "threads=1")
TRAIN = ["train", "digits", "--out", "run", "--quiet", *(word for text in SMALL for word in ("--set", text))]
REPORT = ["report", "digits", "--input", "digits:test", "--by-step", "--out", "run", "--quiet"]
VERIFY = ["verify", "digits", "--input", "digits:test", "--samples", "3", "--lava-samples", "1", "--json"]
SWEEP = ["sweep", "lean.toml", "--out", "run", "--quiet"]
SPEC = """
recipe = "digits"
trials = 3
samples = 16

[set]
epochs = 2
batch = 512
threads = 1
arguments.widths = [2, 3, 4]

[space]
arguments.timesteps = [1, 2]
energy_weight = { low = 0.01, high = 10.0, log = true }
"""
LAVA = ["simulate", "digits", "--input", "digits:test", "--samples", "300", "--backend", "lava-fixed", "--quiet"]
SHOWN = 20  # faults that are printed
Result = dict[str, str]  # part of a result -> its content or a checksum of it


@dataclass(frozen=True)
class Verb:
    """What is killed and what comes after it."""

    killed: list[str]
    again: list[str]
    result: Callable[[Path, str], Result]  # of the folder and what was printed
    moment: Callable[[Path, Result, int], str]  # of the kill, by the folder, what was there before and the processes
    before: list[str] = field(default_factory=list)  # what is run first
    files: dict[str, str] = field(default_factory=dict)  # that lie in the folder, by name


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def trained(work: Path, printed: str) -> Result:
    """Tensors and plain values of a run folder, all but the seconds that it took."""
    return run_folder(work / "run")


def run_folder(folder: Path) -> Result:
    """The same, of any folder."""
    found = {}
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.suffix == ".safetensors":
            for name, value in safetensors.torch.load(path.read_bytes()).items():
                found[f"{path.name} {name}"] = sha(value.contiguous().numpy().tobytes()) + f"{value.shape}"
        elif path.suffix == ".json":
            found[path.name] = str({k: v for k, v in json.loads(path.read_text()).items() if k != "seconds"})
        elif path.suffix == ".csv":
            with path.open(newline="") as file:
                found[path.name] = str([{k: v for k, v in r.items() if k != "seconds"} for r in csv.DictReader(file)])
    return found


def reported(work: Path, printed: str) -> Result:
    """Every file of a report, all but the time of day."""
    folder = work / "run"
    return {p.name: sha(DATE.sub(b"", p.read_bytes())) for p in folder.iterdir() if p.name not in OWN_FILES}


def swept(work: Path, printed: str) -> Result:
    """The table of a sweep, the networks of its trials and their counts."""
    found = {"table": (work / "run" / "sweep.csv").read_text()}
    for trial in sorted((work / "run" / "trials").iterdir()):
        found |= {f"{trial.name} {part}": content for part, content in run_folder(trial).items()}
        found[f"{trial.name} counts"] = sha(pd.read_parquet(trial / "counts.parquet").to_csv().encode())
    return found


def trials(work: Path, before: Result, processes: int) -> str:
    folders = [*(work / "run" / "trials").iterdir()] if (work / "run" / "trials").is_dir() else []
    if (work / "run" / "sweep.csv").exists():
        return "all trials made"
    return f"{sum((trial / 'counts.parquet').exists() for trial in folders)} of 3 trials made"


def epochs(work: Path, before: Result, processes: int) -> str:
    found = trained(work, "")
    rows = found.get("metrics.csv", "").count("epoch")
    return "finished" if "model.json" in found else f"after epoch {rows}" if rows else "before the first epoch ended"


def files_written(work: Path, before: Result, processes: int) -> str:
    new = sum(before.get(name) != content for name, content in reported(work, "").items())
    return f"{new} of 5 files new"


def lava_runs(work: Path, before: Result, processes: int) -> str:
    return {1: "no other process", 2: "a reader, or Lava being imported"}.get(processes, "Lava running")


VERBS = {
    "train": Verb(TRAIN, [*TRAIN, "--resume"], trained, epochs),
    "report": Verb(REPORT, REPORT, reported, files_written, [*REPORT, "--samples", "3"]),
    "sweep": Verb(SWEEP, SWEEP, swept, trials, files={"lean.toml": SPEC}),
    "verify": Verb(VERIFY, VERIFY, lambda work, printed: {"printed": printed}, lava_runs),
}
SHARES = {"train": 0.5, "report": 0.3, "sweep": 0.1, "verify": 0.1, "Lava": 0.1}  # of the kills; the last take longest


@dataclass
class Found:
    """How often something was killed at which moment, and what was wrong."""

    moments: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, moment: str, faults: list[str]) -> None:
        """A kill, and what was wrong after it."""
        self.moments[moment] += 1
        self.wrong += [f"{moment}: {fault}" for fault in faults]


def kills_of(verb: Verb, place: Place, count: int, chance: random.Random, found: Found) -> None:
    """Kill it so many times."""
    place.empty()
    for name, text in verb.files.items():
        (place.work / name).write_text(text)
    older: Result = {}
    if verb.before:
        place.run(verb.before)
        older = verb.result(place.work, "")
    shutil.copytree(place.work, place.work.parent / "before", dirs_exist_ok=True)
    started = time.monotonic()
    process = place.start(verb.killed)
    changes, seconds = place.watch(process), time.monotonic() - started
    wanted = verb.result(place.work, place.printed.read_text())
    while found.moments.total() < count:
        shutil.rmtree(place.work)
        shutil.copytree(place.work.parent / "before", place.work)
        process, part, started = place.start(verb.killed), chance.uniform(0, 1), time.monotonic()
        if found.moments.total() % 2:
            seen = place.watch(process, 1 + int(part * changes))
            if process.poll() is not None:  # fewer than in the first run, which also fills caches
                changes = min(changes, seen)
                continue
        else:
            process.wait(part * seconds)
            if process.poll() is not None:
                seconds = min(seconds, time.monotonic() - started)
                continue
        running = len(place.processes())
        process.kill()
        moment = verb.moment(place.work, older, running)
        faults = [f"{left} is left" for left in place.left()]
        if older:
            now = verb.result(place.work, "")
            faults += [f"{p} is neither old nor new" for p in now if now[p] not in (older.get(p), wanted[p])]
        again = verb.result(place.work, place.run(verb.again))
        faults += [f"{part} differs" for part in {*wanted, *again} if wanted.get(part) != again.get(part)]
        faults += [f"{path.name} stays" for path in [*place.temporary.iterdir(), *place.work.rglob(".*")]]
        found.add(moment, faults)
        print(f"  kill {found.moments.total()} of {count}: {moment}", file=sys.stderr, flush=True)


def kills_of_lava(place: Place, count: int, chance: random.Random, found: Found) -> None:
    """Kill the worker or one of its processes so many times."""
    while found.moments.total() < count:
        place.empty()
        process = place.start(LAVA)
        kind = chance.choice(["Lava's worker", "a process of Lava"])
        target: list[int] = []
        while not target and process.poll() is None:
            time.sleep(0.1)
            workers = [n for n in place.processes() if is_worker(n)]
            leaders = [n for n in workers if os.getpgid(n) == n]
            target = leaders if kind == "Lava's worker" else [n for n in workers if n not in leaders]
        time.sleep(chance.uniform(0, 1))
        try:
            os.kill(chance.choice(target), signal.SIGKILL)
        except (ProcessLookupError, IndexError):  # the run is over
            process.wait()
            continue
        process.wait()
        out, err = place.printed.read_text(), place.said.read_text()
        faults = [f"{name} is left" for name in place.left()]
        if process.code != 2 or out or err.count("\n") != 1 or "killed by signal 9" not in err:
            faults.append(f"exit code {process.code}, {err!r}")
        faults += [f"{path.name} stays" for path in [*place.temporary.iterdir(), *place.work.iterdir()]]
        found.add(kind, faults)


def is_worker(number: int) -> bool:
    try:
        return b"worker.py" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--kills", type=int, default=12, help="of verbs in all; a tenth as many more of Lava's processes"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SHARES, help="the one thing that is killed, so often")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shared = set(os.listdir("/dev/shm"))
    total, faults = 0, []
    print(f"{'killed':10}  {'kills':>5}  {'wrong':>5}  when", flush=True)
    for name, share in SHARES.items():
        if given.only in (None, name):
            found = Found()
            with suppress(KeyboardInterrupt):  # on to the next, with what there is
                kills_in_folder(
                    name, given.kills if given.only else max(1, round(share * given.kills)), given.seed, found
                )
            when = ", ".join(f"{moment} {times}" for moment, times in sorted(found.moments.items(), key=in_order))
            print(f"{name:10}  {found.moments.total():5}  {len(found.wrong):5}  {when}", flush=True)
            total, faults = total + found.moments.total(), [*faults, *(f"{name}, {fault}" for fault in found.wrong)]
    for fault in faults[:SHOWN]:
        print(fault)
    if len(faults) > SHOWN:
        print(f"and {len(faults) - SHOWN} more")
    names = set(os.listdir("/dev/shm")) - shared
    print(f"{total} kills, {len(faults)} faults, {len(names)} names left in /dev/shm")
    sys.exit(bool(faults or names))


def kills_in_folder(name: str, count: int, seed: int, found: Found) -> None:
    """Kill what has this name so many times."""
    chance = random.Random(f"{seed} {name}")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        try:
            if name in VERBS:
                kills_of(VERBS[name], place, count, chance, found)
            else:
                kills_of_lava(place, count, chance, found)
        finally:
            if place.running is not None and place.running.poll() is None:
                place.running.kill()


def in_order(moment: tuple[str, int]) -> tuple[list[int], str]:
    """Moments of a run one after the other, by the numbers in them."""
    return [int(number) for number in re.findall(r"\d+", moment[0])], moment[0]


if __name__ == "__main__":
    main()
