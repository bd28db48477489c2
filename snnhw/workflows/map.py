"""Cores and chips that a model takes, which limit binds in each layer, and the least time on the busiest core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.floorline import Floorline, floorline, no_bound
from snnhw.analysis.hardware.mapping import ChipMapping, map_network
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.hardware.tile_work import tile_work
from snnhw.data.samples import Samples
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.passes import on_cores
from snnhw.progress import Progress, counter
from snnhw.rules.refuse import refuse
from snnhw.rules.structure import BROKEN, structure
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate
from snnhw.workflows.for_data import for_data
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel

NO_SPIKES = "no samples were given, so no spike is counted: the least time is that of updates and barriers alone"


@dataclass(frozen=True)
class Mapped:
    """A mapping with the bounds of the profiles of its chip."""

    mapping: ChipMapping
    floorlines: tuple[Floorline, ...]
    unbounded: tuple[str, ...]  # why a profile of the chip, or the chip, has no bound
    samples: int  # whose spikes were counted
    findings: tuple[Finding, ...] = ()  # what had to be assumed or is to be said of the model and the samples

    @property
    def notes(self) -> tuple[str, ...]:
        """What the bounds rest on."""
        return (*self.unbounded, *((NO_SPIKES,) if self.floorlines and not self.samples else ()))

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        bounds = {found.profile: found.to_dict() for found in self.floorlines}
        own = {"floorline": bounds, "samples": self.samples, "notes": list(self.notes)}
        return {**self.mapping.to_dict(), **own, **findings_dict(self.findings)}


def map_to_chip(model: LoadedModel, chip: str | Path = "loihi1", deployment: str = "channels") -> ChipMapping:
    """The mapping of `model` on `chip`, a name or a TOML file; max pools of spikes take neurons there.

    Raises:
        InputError: the chip or the deployment is unknown, the graph is broken, or the chip cannot hold the network.
    """
    limits = load_chip(chip)
    broken = (found for found in structure(model.graph) if found.code in BROKEN - {"ends"})  # rows of several outputs
    refuse(broken, model.graph, limits.name)
    return map_network(on_cores(model.graph), limits, deployment)


def bound_on_chip(
    model: LoadedModel,
    chip: str | Path = "loihi1",
    deployment: str = "channels",
    *,
    profiles: Sequence[str] = (),
    inputs: Samples | None = None,
    progress: Progress | None = None,
) -> Mapped:
    """The mapping of `model` with the least times of its busiest core.

    Args:
        model: any loaded model.
        chip: a name or a TOML file.
        deployment: how multi-level units run.
        profiles: names or TOML files whose times are used; none: all profiles of the chip that come with the package.
        inputs: samples whose spikes are counted; None: updates and barriers alone.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: as `map_to_chip`, a profile is unknown or of another chip, or the samples do not fit.
    """
    record, model = None, with_integer_findings(model)
    if inputs is not None:
        model = for_data(model, inputs)
        check_run(model.graph)
    mapping = map_to_chip(model, chip, deployment)
    graph = on_cores(model.graph)  # whose max pools are neurons, so that they have spikes to count
    if inputs is not None:
        record = simulate(graph, inputs.values, progress=counter(progress, "simulation", len(inputs.values)))
    work = tile_work(graph, mapping, record)
    known = [load_profile(name) for name in profiles or available_profiles()]
    chosen = known if profiles else [profile for profile in known if profile.is_of(mapping.chip.name)]
    found = [
        floorline(graph, work, mapping, profile, counted=record is not None)
        for profile in chosen
        if not no_bound(profile)
    ]
    without = tuple(no_bound(profile) for profile in chosen if no_bound(profile))
    if not chosen:
        without = (f"no profile is of the chip {mapping.chip.name}, so no time is bounded; name one with --profile",)
    return Mapped(mapping, tuple(found), without, 0 if record is None else record.samples, model.findings)
