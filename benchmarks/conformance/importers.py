"""Importers of NIR, each run in an environment of its own on many files, and what they send beside what is expected.

`answers` runs one importer once; `settled` runs it again to see whether it always does the same: where it is not exact,
and all files where it is known for another order in another run.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from environments import interpreter

from snnhw.graph.ir import Array

WORKER = Path(__file__).parent / "worker.py"
RUNS, RUNS_OF_OTHERS = 6, 2  # of every file of importers that reorder; of a file that others are not exact on
TIMEOUT_S, LONGEST = 1800.0, 160  # seconds; characters
UNSTEADY = "nodes run in an order that changes from run to run, each on what is there by then"


@dataclass(frozen=True)
class Importer:
    """How an importer is installed and which dialect suits it, "" where our writer has none for it."""

    name: str
    label: str
    what: str
    dialect: str
    packages: tuple[str, ...]  # beside torch, nir and nirtorch; none: the environment that runs this script
    pip: tuple[str, ...] = ("--no-deps",)
    reorders: bool = False  # is known to run nodes in another order now and then


IMPORTERS = (
    Importer("snntorch", "snnTorch", "snnTorch 1.0.0, `import_from_nir`", "snntorch", ()),
    Importer(
        "spikingjelly",
        "SpikingJelly",
        "SpikingJelly 2.0.0, `import_from_nir`",
        "spikingjelly",
        ("spikingjelly==2.0.0", "loguru", "tqdm"),
    ),
    Importer("norse_cells", "norse's cells", "norse 1.1.0, `examples/norse_cells.py`", "norse", ("norse==1.1.0",)),
    Importer("norse", "norse", "norse 1.1.0, `from_nir`", "norse", ("norse==1.1.0",), reorders=True),
    Importer(
        "sinabs",
        "sinabs",
        "sinabs 3.1.3, `from_nir`, reset and spike functions set",
        "sinabs",
        ("sinabs==3.1.3", "pbr"),
        reorders=True,
    ),
    Importer("rockpool", "rockpool", "rockpool 3.1.0, `from_nir`", "", ("rockpool==3.1.0",)),
    Importer("spyx", "spyx", "spyx 1.0.0, `from_nir`", "", ("spyx==1.0.0",), ()),
)


@dataclass(frozen=True)
class Job:
    """A file, what enters it [N, T, *shape], and the spikes that are expected of every population [N, T, *shape]."""

    name: str
    path: Path
    frames: Array
    expected: Mapping[str, Array]

    @property
    def size(self) -> int:
        """Neuron-steps."""
        return sum(spikes.size for spikes in self.expected.values())


@dataclass(frozen=True)
class Answer:
    """What an importer made of one file."""

    loads: bool
    differing: int = 0
    every: int = 0  # neuron-steps
    why: str = ""  # it does not load
    steady: bool = True

    @property
    def exact(self) -> bool:
        """True when all spikes are those that are expected."""
        return self.loads and self.steady and not self.differing


def answers(importer: Importer, jobs: Sequence[Job], folder: Path) -> dict[str, Answer]:
    """One run of `importer` on all files, by their names; environments lie in `folder`."""
    python = interpreter(importer.packages, folder, *importer.pip)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        for job in jobs:
            np.save(work / f"{job.name}.npy", job.frames)
        asked = [{"name": job.name, "path": str(job.path)} for job in jobs]
        (work / "jobs.json").write_text(json.dumps(asked))
        command = [str(python), "-W", "ignore", str(WORKER), importer.name, str(work)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        return {job.name: _answer(job, work, done.stderr) for job in jobs}


def _answer(job: Job, work: Path, said: str) -> Answer:
    failed, sent = work / f"{job.name}.txt", work / f"{job.name}.npz"
    if sent.exists():
        return Answer(True, differing(job.expected, dict(np.load(sent))), job.size)
    lines = [line for line in (failed.read_text() if failed.exists() else said).splitlines() if line.strip()]
    return Answer(False, why=lines[-1][:LONGEST] if lines else "it gives no output")


def differing(expected: Mapping[str, Array], sent: Mapping[str, Array]) -> int:
    """Neuron-steps with other spikes; all of a population that is not there."""
    return sum(
        int((sent[name].reshape(spikes.shape) != spikes).sum())
        if name in sent and sent[name].size == spikes.size
        else spikes.size
        for name, spikes in expected.items()
    )


def settled(importer: Importer, jobs: Sequence[Job], folder: Path) -> dict[str, Answer]:
    """What `importer` makes of each file in every run, or that it changes from run to run."""
    found = answers(importer, jobs, folder)
    for _ in range((RUNS if importer.reorders else RUNS_OF_OTHERS) - 1):
        doubtful = [job for job in jobs if found[job.name].steady and (importer.reorders or not found[job.name].exact)]
        again = answers(importer, doubtful, folder) if doubtful else {}
        for name, answer in again.items():
            if (answer.loads, answer.differing) != (found[name].loads, found[name].differing):
                found[name] = replace(found[name], steady=False, why=UNSTEADY)
    return found
