"""What every exporter gives back, and what it must offer.

An exporter is a module with a frozen dataclass `Options`, whose fields all have defaults, and two functions:
`export(graph, path, options=Options()) -> Artifact`, and `unavailable() -> str | None`, the reason why it cannot run
here (a missing package, say) with the remedy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph


@dataclass(frozen=True)
class Artifact:
    """A file or folder that an exporter has written."""

    target: str
    path: Path
    size_bytes: int
    findings: tuple[Finding, ...] = ()  # what the target does differently from the graph

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "target": self.target,
            "path": str(self.path),
            "size_bytes": self.size_bytes,
            "findings": [f.to_dict() for f in self.findings],
        }


class Exporter(Protocol):
    """The parts of an exporter module; `options` is an instance of its own `Options`."""

    Options: Callable[..., object]

    def export(self, graph: Graph, path: Path, options: object = ...) -> Artifact:
        """Write `graph` to `path`."""
        ...

    def unavailable(self) -> str | None:
        """Why this exporter cannot run here, or None."""
        ...
