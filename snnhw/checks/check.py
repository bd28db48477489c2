"""All findings about a graph for one target, at once.

Its errors are what the verbs of the target refuse, by the same rules (`snnhw.rules`, `docs/checks.md`).
Total: it never raises for what is in the graph. Complete: it goes on after a finding. Anchored: findings name nodes.
"""

from __future__ import annotations

from snnhw.checks.hardware import hardware
from snnhw.checks.importers import nir
from snnhw.errors import unknown
from snnhw.graph.finding import Finding, Severity
from snnhw.graph.ir import Graph
from snnhw.passes.remove_dead import never_fires
from snnhw.proofs.membrane_bound import bounds
from snnhw.rules.expressible import deployment
from snnhw.rules.given import products
from snnhw.rules.integers import state_range
from snnhw.rules.structure import BROKEN, UNSOUND, structure

__all__ = ["TARGETS", "Finding", "Severity", "check"]

TARGETS = ("nir", "lava", "loihi1", "loihi2", "sanafe", "nengo-loihi", "c", "bundle", "rram")
ORDER = {"error": 0, "warning": 1, "info": 2}


def check(graph: Graph, target: str = "nir", *, dialect: str | None = None) -> list[Finding]:
    """Findings, errors first, otherwise in graph order; what the reader of a file found comes before the rest.

    Args:
        graph: any graph, traced or read.
        target: one of `TARGETS`.
        dialect: for the target nir, the importer; None for a file that is for none in particular.

    Raises:
        InputError: there is no such target or dialect.
    """
    if target not in TARGETS:
        raise unknown("target", target, TARGETS)
    found = list(graph.findings)
    found.extend(structure(graph))
    codes = {f.code for f in found}
    if not UNSOUND & codes:
        if target == "nir":
            found.extend((*deployment(graph, "nir"), *products(graph, "nir"), *nir(graph, dialect)))
        else:
            found.extend(hardware(graph, target))
        if not BROKEN & codes:
            found.extend(never_fires(graph, bounds(graph)))
            found.extend(state_range(graph))
    return sorted(dict.fromkeys(found), key=lambda f: ORDER[f.severity])
