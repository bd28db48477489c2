"""What every exporter gives back, and what it must offer.

An exporter is a module with `export(graph, path, **options) -> Artifact` and `unavailable() -> str | None`, the reason
why it cannot run here (a missing package, say) with the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph


@dataclass(frozen=True)
class Artifact:
    """A file or folder that an exporter has written."""

    target: str
    path: Path
    size_bytes: int
    findings: tuple[Finding, ...] = ()  # what the target does differently from the graph

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "target": self.target,
            "path": str(self.path),
            "size_bytes": self.size_bytes,
            "findings": [f.to_dict() for f in self.findings],
        }


class Exporter(Protocol):
    """The two functions of an exporter module."""

    def export(self, graph: Graph, path: Path, **options: Any) -> Artifact:
        """Write `graph` to `path`."""
        ...

    def unavailable(self) -> str | None:
        """Why this exporter cannot run here, or None."""
        ...
