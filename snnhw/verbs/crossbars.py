"""What verbs show of RRAM crossbars: `map --chip rram`, and `compare --crossbar rram`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.progress import Progress
from snnhw.verbs.terminal import PREPARING, progress_bars, show

if TYPE_CHECKING:
    from rich.table import Table

    from snnhw.data.samples import Samples
    from snnhw.workflows.crossbar import Compared
    from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Given:
    """Samples as they are named on the command line."""

    source: str | None
    data: Path | None
    samples: int | None
    kind: str | None


def map_on_crossbars(
    model: str,
    chip: str,
    deployment: str,
    profiles: Sequence[str],
    reading: Reading,
    given: Given,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show the mapping of a model, and the cost of its reads where samples are given.

    Raises:
        InputError: as of the workflow, or there are several profiles.
    """
    if len(profiles) > 1:
        raise InputError("Reads of crossbars are priced with one profile; give --profile once.")
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.verbs.tables.crossbars import mapping_tables
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.workflows.crossbar import COSTS, crossbar_of, on_crossbars
        from snnhw.workflows.load import load_model

        crossbar = crossbar_of(chip, deployment)
        loaded = load_model(model, reading)
        inputs = None
        if given.source is not None:
            inputs = load_inputs(given.source, given.data, loaded.timesteps, given.kind).first(given.samples)
        costs = profiles[0] if profiles else COSTS
        made = on_crossbars(loaded, crossbar, costs=costs, inputs=inputs, progress=tick)
    show(made.to_dict(), as_json, *mapping_tables(loaded.name, made), *finding_lines(made.findings))


def verdicts_on_crossbars(
    pairs: Mapping[str, tuple[LoadedModel, Samples]], crossbar: str, progress: Progress | None
) -> dict[str, Compared]:
    """Digital and crossbar, spiking and artificial, of each model by label.

    Raises:
        InputError: as of the workflow.
    """
    from snnhw.workflows.crossbar import compare_on_crossbars, crossbar_of

    chosen = crossbar_of(crossbar, "channels")
    return {
        label: compare_on_crossbars(model, chosen, inputs, progress=progress)
        for label, (model, inputs) in pairs.items()
    }


def check_crossbars(crossbar: str | None, out_dir: Path | None, *, force: bool) -> None:
    """Nothing, where `--crossbar` was left out, or there is such a crossbar and a place for what is found.

    Raises:
        InputError: otherwise.
    """
    if crossbar is None:
        return
    from snnhw.analysis.crossbar.array import load_crossbar
    from snnhw.analysis.report.place import CROSSBARS, check_place

    load_crossbar(crossbar)
    if out_dir is not None:
        check_place(out_dir, CROSSBARS, force=force)


def written_verdicts(verdicts: Mapping[str, Compared], out_dir: Path | None, *, force: bool) -> tuple[str, ...]:
    """Writes the verdicts into the folder, and says where; without one, those of an earlier comparison go."""
    if out_dir is None:
        return ()
    from snnhw.workflows.crossbar_writing import drop_verdicts, write_verdicts

    if not verdicts:
        return tuple(f"removed, since of an earlier comparison: {path}" for path in drop_verdicts(out_dir))
    return (f"crossbars: {write_verdicts(verdicts, out_dir, force=force)}",)


def verdict_tables(verdicts: Mapping[str, Compared]) -> tuple[Table | str, ...]:
    """Tables of all verdicts; none without one."""
    if not verdicts:
        return ()
    from snnhw.verbs.tables.crossbars import verdict_table

    return tuple(shown for label, verdict in verdicts.items() for shown in verdict_table(label, verdict))
