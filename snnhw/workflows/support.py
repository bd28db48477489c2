"""What runs where: every example through every target, and the sentence of the one that refuses it.

Nothing is written down here that the verbs do not say themselves: a row is what they did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.exporters.c.program import program_of
from snnhw.exporters.lava.lower import lower
from snnhw.graph.ir import Array, Graph
from snnhw.nir.write import to_nir
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import C, compiled
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.map import map_to_chip
from snnhw.workflows.support_examples import CALLS, MODULES, NEURONS

AROUND = ("input", "stem", "first", "own", "last", "second", "flat", "head", "mean")  # nodes that every example has
GROUPS: Mapping[str, Mapping[str, Callable[[], Graph]]] = {
    "Layers of torch": MODULES,
    "Calls in a forward": CALLS,
    "Neurons and ends": NEURONS,
}


@dataclass(frozen=True)
class Support:
    """One thing that networks are made of."""

    group: str
    name: str
    nodes: tuple[str, ...]  # kinds of nodes that stand for it; none where gains or nothing do
    refused: Mapping[str, str]  # target -> why it refuses; a target that runs it is not there


def support() -> tuple[Support, ...]:
    """A row for every example."""
    return tuple(_row(group, name, made()) for group, rows in GROUPS.items() for name, made in rows.items())


def _row(group: str, name: str, traced: Graph) -> Support:
    graph = run_passes(traced, FLOAT)
    samples: Array = np.random.default_rng(0).uniform(0, 1, (8, *graph.input.shape)).astype(np.float32)
    refused = {}
    for target, run in TARGETS.items():
        try:
            run(graph, samples)
        except InputError as error:
            refused[target] = str(error)
    kinds = (type(node).__name__ for node in traced.nodes.values() if node.name not in AROUND)
    return Support(group, name, tuple(dict.fromkeys(kinds)), refused)


def _counted(graph: Graph, samples: Array) -> object:
    return count(graph, simulate(graph, samples))


def _sanafe(graph: Graph, samples: Array) -> None:
    """What `check` says: SANA-FE itself needs a package that is not there everywhere."""
    for finding in check(compile_channels(graph), "sanafe"):
        if finding.severity == "error":
            raise InputError(f"{finding.node!r}: {finding.message}; {finding.remedy}.")


TARGETS: Mapping[str, Callable[[Graph, Array], object]] = {
    "simulated in floats": simulate,
    "counted and priced": _counted,
    "NIR": lambda graph, samples: to_nir(graph),
    "Loihi integers": compile_loihi,
    "Lava, floats": lambda graph, samples: lower(compile_channels(graph)),
    "SANA-FE, floats": _sanafe,
    "C, integers": lambda graph, samples: program_of(compiled(compile_loihi(graph, samples).graph, C)),
    "cores of a chip": lambda graph, samples: map_to_chip(LoadedModel(graph.name, graph)),
}
