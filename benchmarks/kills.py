"""SIGKILL at random times: what is repeated or resumed afterwards gives the bits of a run that was not killed.

Killed are `train` (then resumed), `report` over an earlier report and `verify` with Lava (then repeated), by turns
after a random part of the time that it takes and when its folders have changed a random number of times, and Lava's
worker and single processes of it under `simulate`. After each
kill every file is whole, no process is left, and after the next run no file of the killed one, in its folder or in the
one for temporary files. The last line counts what differs. Linux only, since it looks into /proc.

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
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import lightning_fabric  # noqa: F401 - so that a run begins where work begins
import matplotlib.pyplot  # noqa: F401
import safetensors.torch
import sklearn.datasets  # noqa: F401
import torchmetrics  # noqa: F401

import snnhw.workflows.report
import snnhw.workflows.train
import snnhw.workflows.verify  # noqa: F401
from snnhw.__main__ import main as snnhw_main

LIMIT_S = 600.0  # of a run on a busy machine
WATCH_S = 0.001
GONE_S = 20.0  # until processes that a killed one has started have ended
OWN_FILES = {".snnhw-lock", ".snnhw-scratch"}
DATE = re.compile(r"20\d\d-\d\d-\d\dT[\d:]+\+00:00")
SMALL = ("arguments.widths=[2, 3, 4]", "arguments.timesteps=2", "epochs=12", "batch=512", "threads=1")
TRAIN = ["train", "digits", "--out", "run", "--quiet", *(word for text in SMALL for word in ("--set", text))]
REPORT = ["report", "digits", "--input", "digits:test", "--by-step", "--out", "run", "--quiet"]
VERIFY = ["verify", "digits", "--input", "digits:test", "--samples", "3", "--lava-samples", "1", "--json"]
LAVA = ["simulate", "digits", "--input", "digits:test", "--samples", "300", "--backend", "lava-fixed", "--quiet"]
Result = dict[str, str]  # part of a result -> its content or a checksum of it


@dataclass(frozen=True)
class Verb:
    """What is killed and what comes after it."""

    killed: list[str]
    again: list[str]
    result: Callable[[Path, str], Result]  # of the folder and what was printed
    moment: Callable[[Path, Result, int], str]  # of the kill, by the folder, what was there before and the processes
    before: list[str] = field(default_factory=list)  # what is run first


class Program:
    """A running program."""

    def __init__(self, number: int) -> None:
        self.number, self.code = number, None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.code is None:
            number, status = os.waitpid(self.number, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if number else None
        return self.code

    def wait(self, seconds: float = LIMIT_S) -> int | None:
        """Its exit code, when it has ended; None where it runs on after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(WATCH_S)
        return self.code

    def kill(self) -> None:
        """End it by SIGKILL."""
        os.kill(self.number, signal.SIGKILL)
        self.wait()


class Place:
    """A folder for runs, whose processes are known by a variable that they inherit."""

    def __init__(self, root: Path) -> None:
        self.work, self.temporary = root / "work", root / "tmp"
        self.printed, self.said = root / "printed", root / "said"
        self.mark = f"SNNHW_KILLS={uuid4()}"
        self.environment = {**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"}
        self.environment |= {**dict([self.mark.split("=")]), "TORCHINDUCTOR_CACHE_DIR": str(root / "torch")}
        for folder in (self.work, self.temporary):
            folder.mkdir()

    def seen(self) -> tuple[tuple[str, int, int], ...]:
        """Names, files and times of all that is in the folders."""
        found = []
        for folder in (self.work, self.temporary):
            for path, folders, names in os.walk(folder):
                for name in (*folders, *names):
                    try:
                        about = os.lstat(os.path.join(path, name))
                    except OSError:
                        continue
                    found.append((os.path.join(path, name), about.st_ino, about.st_mtime_ns))
        return tuple(found)

    def watch(self, process: Program, until: int | None = None) -> int:
        """How often the folders change until the process ends, or until they have changed so often."""
        last, changes = self.seen(), 0
        while process.poll() is None and changes != until:
            time.sleep(WATCH_S)
            now = self.seen()
            changes, last = changes + (now != last), now
        return changes

    def start(self, words: list[str]) -> Program:
        """A run that has begun: a fork of this process, which has imported what takes seconds to import."""
        sys.stdout.flush()
        number = os.fork()
        if number:
            return Program(number)
        code = 1
        try:
            os.chdir(self.work)
            os.environ.update(self.environment)
            for handle, path in ((1, self.printed), (2, self.said)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
            sys.argv = ["snnhw", *words]
            snnhw_main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def run(self, words: list[str]) -> str:
        """What it prints; it must succeed."""
        if self.start(words).wait() != 0:
            raise RuntimeError(f"{' '.join(words)} fails: {self.said.read_text()}")
        return self.printed.read_text()

    def processes(self) -> list[int]:
        """Those that run with our mark."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                running = (path / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
                if running and self.mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    found.append(int(path.name))
            except OSError:
                continue
        return sorted(found)

    def left(self) -> list[str]:
        """Processes that do not end, and names of half-written files."""
        deadline = time.monotonic() + GONE_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return [*(f"process {number}" for number in self.processes()), *self.half()]

    def half(self) -> list[str]:
        """Hidden files, as half-written ones are."""
        return [p.name for p in self.work.rglob(".*") if p.name not in OWN_FILES]

    def empty(self) -> None:
        """Remove all that earlier runs have written."""
        shutil.rmtree(self.work)
        self.work.mkdir()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def trained(work: Path, printed: str) -> Result:
    """Tensors and plain values of a run folder, all but the seconds that it took."""
    found = {}
    for path in sorted((work / "run").iterdir() if (work / "run").is_dir() else ()):
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
    return {p.name: sha(DATE.sub("", p.read_text()).encode()) for p in folder.iterdir() if p.name not in OWN_FILES}


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
    "verify": Verb(VERIFY, VERIFY, lambda work, printed: {"printed": printed}, lava_runs),
}
SHARES = {"train": 0.55, "report": 0.3, "verify": 0.15, "Lava": 0.1}  # of the kills; verify takes longest


def kills_of(verb: Verb, place: Place, count: int, chance: random.Random) -> tuple[Counter[str], list[str]]:
    """How often it was killed at which moment, and what was wrong."""
    place.empty()
    older: Result = {}
    if verb.before:
        place.run(verb.before)
        older = verb.result(place.work, "")
    shutil.copytree(place.work, place.work.parent / "before", dirs_exist_ok=True)
    started = time.monotonic()
    process = place.start(verb.killed)
    changes, seconds = place.watch(process), time.monotonic() - started
    wanted = verb.result(place.work, place.printed.read_text())
    moments: Counter[str] = Counter()
    wrong: list[str] = []
    while moments.total() < count:
        shutil.rmtree(place.work)
        shutil.copytree(place.work.parent / "before", place.work)
        process, part = place.start(verb.killed), chance.uniform(0, 1)
        if moments.total() % 2:
            place.watch(process, 1 + int(part * changes))
        else:
            process.wait(part * seconds)
        if process.poll() is not None:  # it was faster than before
            continue
        running = len(place.processes())
        process.kill()
        moment = verb.moment(place.work, older, running)
        moments[moment] += 1
        wrong += [f"{moment}: {left} is left" for left in place.left()]
        if older:
            for name, content in verb.result(place.work, "").items():
                if content not in (older.get(name), wanted[name]):
                    wrong.append(f"{moment}: {name} is neither old nor new")
        found = verb.result(place.work, place.run(verb.again))
        wrong += [f"{moment}: {part} differs" for part in {*wanted, *found} if wanted.get(part) != found.get(part)]
        wrong += [f"{moment}: {p.name} stays" for p in [*place.temporary.iterdir(), *place.work.rglob(".*")]]
    shutil.rmtree(place.work.parent / "before")
    return moments, wrong


def kills_of_lava(place: Place, count: int, chance: random.Random) -> tuple[Counter[str], list[str]]:
    """How often the worker or one of its processes was killed, and what was wrong."""
    moments: Counter[str] = Counter()
    wrong: list[str] = []
    while moments.total() < count:
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
        moments[kind] += 1
        if process.code != 2 or out or err.count("\n") != 1 or "killed by signal 9" not in err:
            wrong.append(f"{kind}: exit code {process.code}, {err!r}")
        wrong += [f"{kind}: {name} is left" for name in place.left()]
        wrong += [f"{kind}: {p.name} stays" for p in [*place.temporary.iterdir(), *place.work.iterdir()]]
    return moments, wrong


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
    parser.add_argument("--only", choices=SHARES, help="the one thing that is killed")
    given = parser.parse_args()
    shared = set(os.listdir("/dev/shm"))
    total, faults = 0, []
    print(f"{'killed':10}  {'kills':>5}  {'wrong':>5}  when", flush=True)
    for name, share in SHARES.items():
        if given.only in (None, name):
            moments, wrong = kills_in_folder(name, max(1, round(share * given.kills)), given.seed)
            when = ", ".join(f"{moment} {times}" for moment, times in sorted(moments.items(), key=in_order))
            print(f"{name:10}  {moments.total():5}  {len(wrong):5}  {when}", flush=True)
            total, faults = total + moments.total(), [*faults, *(f"{name}, {fault}" for fault in wrong)]
    for fault in faults:
        print(fault)
    names = set(os.listdir("/dev/shm")) - shared
    print(f"{total} kills, {len(faults)} faults, {len(names)} names left in /dev/shm")
    sys.exit(bool(faults or names))


def kills_in_folder(name: str, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """When it was killed, and what was wrong."""
    chance = random.Random(f"{seed} {name}")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        return kills_of(VERBS[name], place, count, chance) if name in VERBS else kills_of_lava(place, count, chance)


def in_order(moment: tuple[str, int]) -> tuple[list[int], str]:
    """Moments of a run one after the other, by the numbers in them."""
    return [int(number) for number in re.findall(r"\d+", moment[0])], moment[0]


if __name__ == "__main__":
    main()
