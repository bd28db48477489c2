"""A model written for another simulator: compiled, thinned out, deployed, handed to the exporter of the target.

Takes a loaded model; gives the file or folder with what had to be assumed and what was removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from snnhw.analysis.energy.level_advice import drop_level
from snnhw.errors import InputError
from snnhw.exporters import exporter, option_names, options_of
from snnhw.exporters.base import Artifact
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array
from snnhw.passes import deploy
from snnhw.passes.remove_dead import Removed, remove_dead
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Preparation:
    """What happens to a graph before it is written."""

    calibration: Array | None = None  # samples that turn floats into Loihi integers
    prune_dead: bool = False  # remove what provably never fires
    input_range: tuple[float, float] | None = None  # lowest and highest input, for that proof
    deployment: str = "channels"  # of K levels
    drop_level: int | None = None  # 1..K, which every unit goes without


@dataclass(frozen=True)
class Exported:
    """What was written, and what is said about it."""

    artifact: Artifact
    findings: tuple[Finding, ...]  # what the reader assumed, then what the target does differently
    removed: tuple[Removed, ...]  # what never fires, where that was asked for

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            **self.artifact.to_dict(),
            **findings_dict(self.findings),
            "removed": [part.to_dict() for part in self.removed],
        }


def export(
    model: LoadedModel,
    path: str | Path,
    target: str = "nir",
    preparation: Preparation = Preparation(),
    options: Mapping[str, object] | None = None,
) -> Exported:
    """Write `model` for `target`.

    Args:
        model: in floats or in Loihi integers.
        path: file or folder to create or replace.
        target: a key of `snnhw.exporters.EXPORTERS`.
        preparation: what happens to the graph first.
        options: of the target, by name; one that it does not have is refused.

    Raises:
        InputError: there is no such target or option, two exclude each other, the graph cannot be said there, or
            the path cannot be written.
    """
    module, chosen = exporter(target), options_of(target, options or {})
    if preparation.input_range is not None and not preparation.prune_dead:
        raise InputError("An input range is for the proof of what never fires; give --prune-dead with --input-range.")
    if preparation.calibration is not None and preparation.deployment == "slots":
        raise InputError("Time slots have no integers, so --deployment slots and --calibrate exclude each other.")
    model = with_integer_findings(model)
    graph, told = model.graph, model.findings
    removed: tuple[Removed, ...] = ()
    if preparation.drop_level is not None:
        graph = drop_level(graph, preparation.drop_level)
    if preparation.calibration is not None:
        made = compile_loihi(graph, preparation.calibration)
        if "floats" in option_names(target):  # it says what rounding changed, so it needs what was rounded
            chosen = replace(cast(Any, chosen), floats=graph)
        graph, told = made.graph, (*told, *made.findings)
    if preparation.prune_dead:
        pruned = remove_dead(graph, input_range=preparation.input_range)
        graph, removed = pruned.graph, pruned.removed
    artifact = module.export(deploy(graph, preparation.deployment), Path(path), chosen)
    return Exported(artifact, tuple(dict.fromkeys((*told, *artifact.findings))), removed)
