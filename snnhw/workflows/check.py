"""Everything about a model that a target cannot do or does differently, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.checks.check import check as findings_of
from snnhw.errors import InputError
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Checked:
    """The findings about one model for one target."""

    model: str
    target: str
    findings: tuple[Finding, ...]

    @property
    def passes(self) -> bool:
        """True when no finding is an error."""
        return not any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "target": self.target,
            **findings_dict(self.findings),
        }


def check(model: LoadedModel, target: str = "nir", dialect: str | None = None) -> Checked:
    """Findings about `model` for `target`.

    Args:
        model: any loaded model.
        target: one of `snnhw.checks.check.TARGETS`.
        dialect: of the target nir, the importer that the file would be for; None for any.

    Raises:
        InputError: there is no such target or dialect, or the target has no dialects.
    """
    if dialect is not None and target != "nir":
        raise InputError(f"The target {target} has no option --dialect, which is for nir; leave it out.")
    found = findings_of(model.graph, target, dialect=dialect)
    of_reader = (finding for finding in model.findings if finding not in found)
    return Checked(model.name, target, (*found, *of_reader))
