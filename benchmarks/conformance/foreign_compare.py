"""Our reader beside the run of the framework that wrote the file: spikes that differ, findings, logits."""

from __future__ import annotations

import ast
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.nir.io import Reading, read_nir
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution

Array = npt.NDArray[np.generic]
FLOAT32 = Execution(torch.float32)


@dataclass(frozen=True)
class Read:
    """What our reader makes of a file: `differing` of `spikes`, or the sentence that refuses it."""

    differing: int
    spikes: int
    logits_off: float
    findings: tuple[str, ...]
    refused: str = ""

    @property
    def equal(self) -> bool:
        """All spikes are those of the framework, and so is what the network gives."""
        return not self.refused and not self.differing and self.logits_off < 1e-5


@dataclass(frozen=True)
class Golden:
    """A file of another framework, the input it was run on, its own spikes [T, n] and outputs [T, classes]."""

    nir: bytes
    input: Array
    spikes: Array
    outputs: Array
    told: dict[str, Any]

    @staticmethod
    def load(path: Path) -> Golden:
        """The golden file at `path`."""
        with np.load(path) as case:
            arrays = (case["input"], case["spikes"], case["outputs"])
            return Golden(case["nir"].tobytes(), *arrays, ast.literal_eval(str(case["told"])))

    def graph(self, **options: Any) -> Graph:
        """The file as our reader has it."""
        with tempfile.TemporaryDirectory() as work:
            path = Path(work) / "net.nir"
            path.write_bytes(self.nir)
            return read_nir(path, Reading(timesteps=len(self.input), **options))

    def fired(self, graph: Graph, execution: Execution = FLOAT32) -> tuple[Array, Array]:
        """(spikes [T, n] as the framework counts steps, mean output over time)."""
        inputs = self.input.reshape(1, -1, *graph.input.shape)
        record = simulate(graph, inputs, execution=execution, raster=True)
        late = self.told["late"]
        rows = [record.raster[ours(name, graph)][0, :, 0].reshape(len(self.input), -1) for name in self.told["neurons"]]
        spikes = np.concatenate(rows, 1) if rows else np.zeros((len(self.input), 0))
        return np.concatenate([np.zeros_like(spikes[:late]), spikes[: len(spikes) - late]]), record.logits[0]

    def read(self, execution: Execution = FLOAT32, **options: Any) -> Read:
        """Our reader with `options` beside the framework."""
        try:
            graph = self.graph(**options)
            spikes, logits = self.fired(graph, execution)
        except InputError as error:
            return Read(0, self.spikes.size, 0.0, (), str(error))
        theirs = self.outputs.mean(0).ravel()
        off = float(np.abs(logits.ravel() - theirs).max()) if logits.size == theirs.size else float("inf")
        codes = tuple(dict.fromkeys(f.code for f in graph.findings))
        return Read(int((spikes != self.spikes).sum()), self.spikes.size, off, codes)


def ours(name: str, graph: Graph) -> str:
    """The node of the graph that stands for a node of the file."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if plain in graph.nodes else f"n{plain}"
