"""A finding as the error that a verb raises: both say the same place, reason and remedy."""

from __future__ import annotations

from collections.abc import Iterable

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those of severity error, in their order, each place and reason once."""
    return list(dict.fromkeys(finding for finding in findings if finding.severity == "error"))


def sentence(finding: Finding, graph: Graph, title: str) -> str:
    """What a verb says about `finding`.

    Args:
        finding: an error about `graph`.
        graph: named where the finding is about it as a whole.
        title: what the graph does not fit, such as "Loihi".
    """
    place = repr(finding.node) if finding.node else f"Graph {graph.name!r}"
    return f"{place} does not fit {title}: {finding.message}; {finding.remedy}."


def refuse(findings: Iterable[Finding], graph: Graph, title: str) -> None:
    """Nothing, where no finding is an error.

    Raises:
        InputError: the `sentence` of the first that is.
    """
    for finding in errors_of(findings):
        raise InputError(sentence(finding, graph, title))
