"""Networks compiled and run: the folder of the exporter, its harness, and graphs whose currents stay in their range."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from snnhw.exporters.c import Options, export
from snnhw.graph.ir import Array, Conv2d, Graph, Linear
from snnhw.rules.ways import C, refusals

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]
ALL_AS_EXPECTED = re.compile(
    r"(\d+) samples of (\d+) steps: (\d+) neuron-steps with (\d+) spikes compared, 0 differ; 0 outputs differ\n"
)


@pytest.fixture
def without_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No -Os object for each of many networks."""
    monkeypatch.setattr("snnhw.exporters.c.sizes", lambda folder: iter(()))


def make(folder: Path, goal: str = "test", *, compiler: str = COMPILERS[0]) -> subprocess.CompletedProcess[str]:
    """`make` in an exported folder; warnings are errors there."""
    command = ["make", "-s", goal, f"CC={compiler}", "CFLAGS=-O1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)


def spikes_in_c(graph: Graph, inputs: Array, folder: Path, *, events: bool, goal: str = "test") -> int:
    """Spikes that C sends, none of which differs from those of the engine."""
    export(graph, folder, Options(inputs=inputs, events=events))
    done = make(folder, goal)
    found = ALL_AS_EXPECTED.fullmatch(done.stdout)
    assert done.returncode == 0 and done.stderr == "" and found, done.stdout + done.stderr
    return int(found[4])


def tamed(graph: Graph) -> Graph:
    """`graph` with weights so small that no current can wrap."""
    while any(found.code in {"current-may-wrap", "sum-range"} for found in refusals(graph, C)):
        nodes = [
            dataclasses.replace(node, weight=node.weight // 4 * 2) if isinstance(node, Conv2d | Linear) else node
            for node in graph.nodes.values()
        ]
        graph = graph.replace(nodes=nodes)
    return graph
