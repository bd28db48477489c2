"""A mapped run of one sample as a file that Perfetto opens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.core_time import WORKING
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import Profile, available_profiles, load_profile
from snnhw.analysis.report.place import check_replaceable
from snnhw.analysis.sharing.chip_trace import SIGN, chip_trace, mapped_run
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.files import write_text
from snnhw.passes import on_cores
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import check_inputs
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel


def trace_on_chip(
    model: LoadedModel,
    inputs: Samples,
    path: Path,
    chip: str | Path = "loihi1",
    deployment: str = "channels",
    profiles: Sequence[str] = (),
    *,
    force: bool = False,
) -> Path:
    """Write the trace of the first of `inputs` on `chip`; gives the path.

    Args:
        model: any loaded model.
        inputs: samples; the first is run.
        path: of the JSON file.
        chip: a name or a TOML file.
        deployment: how multi-level units run.
        profiles: names or TOML files; the first one with the times of a core is used, without any that of the chip.
        force: replace a file that is no trace.

    Raises:
        InputError: as `map_to_chip`, no profile has the times of a core, the file cannot be written, or it is there, is
            no trace and `force` is not given.
    """
    check_replaceable(path, SIGN, "trace of this program", force=force)
    one = inputs.first(1)
    model = for_data(model, one)
    check_run(model.graph)
    graph, found = on_cores(model.graph), load_chip(chip)
    mapping = map_network(graph, found, deployment)
    profile = _timed(found.name, profiles)
    record = simulate(graph, one.values, raster=True)
    run = mapped_run(graph, mapping, profile, record, check_inputs(graph, one.values))
    return write_text(path, json.dumps(chip_trace(run)) + "\n")


def _timed(chip: str, names: Sequence[str]) -> Profile:
    known = [load_profile(name) for name in names or available_profiles()]
    chosen = known if names else [profile for profile in known if profile.is_of(chip)]
    for profile in chosen:
        if all(name in profile for name in WORKING):
            return profile
    raise InputError(f"No profile of {chip} has the times of a core; name one with --profile, or take --chip loihi1.")
