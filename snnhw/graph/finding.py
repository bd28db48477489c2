"""Findings: what a reader or a check has to say about a graph, as values instead of prints."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One remark about one place of a graph, with what to do about it."""

    code: str  # stable, kebab-case
    severity: Severity
    node: str  # "" for the graph as a whole
    message: str  # what is so
    remedy: str  # what to do

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)
