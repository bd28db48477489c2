"""What every exporter gives back, and what it must offer.

An exporter is a module with a frozen dataclass `Options`, whose fields all have defaults, and two functions:
`export(graph, path, options=Options()) -> Artifact`, and `unavailable() -> str | None`, the reason why it cannot run
here (a missing package, say) with the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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


def check_options(target: str, options: object, kind: type) -> None:
    """Nothing, where `options` are those of `target`, of the class `kind`.

    Raises:
        InputError: they are something else, such as the options of another target.
    """
    if not isinstance(options, kind):
        given = f"{type(options).__module__}.{type(options).__qualname__}"
        raise InputError(f"The target {target} got a {given}; give what options_of({target!r}, ...) makes.")


class Exporter(Protocol):
    """The parts of an exporter module; `options` is an instance of its own `Options`."""

    Options: type[DataclassInstance]

    def export(self, graph: Graph, path: Path, options: object = ...) -> Artifact:
        """Write `graph` to `path`."""
        ...

    def unavailable(self) -> str | None:
        """Why this exporter cannot run here, or None."""
        ...
