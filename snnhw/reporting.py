"""From a loaded model and samples to a written report: simulate, count, price, write.

Takes what the command line names; gives the `Report` and the path of its page, and the same numbers as terminal tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from analysis.ann import ARITHMETIC
from analysis.counts import count
from analysis.profiles import load_profile
from analysis.report import Report, write_report
from analysis.report import make_report as assemble
from analysis.report_facts import lines
from analysis.stamp import make_stamp
from snnhw.inputs import Inputs
from snnhw.model import LoadedModel
from snnhw.simulate.certificate import Progress, counter
from snnhw.simulate.engine import simulate
from snnhw.simulate.record import SpikeRecord
from snnhw.terminal import table

DEFAULT_PROFILES = ("loihi1-davies2018", "horowitz45-fp32")


def make_report(
    model: LoadedModel,
    inputs: Inputs,
    folder: Path,
    *,
    profiles: Sequence[str] | None = None,
    record: SpikeRecord | None = None,
    progress: Progress | None = None,
    **sections: Any,
) -> tuple[Report, Path]:
    """Write report.html, report.json, layers.csv and energy.csv of `model` on `inputs` into `folder`.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        folder: where the files go.
        profiles: names or TOML files; by default Loihi 1 and 45 nm FP32.
        record: of exactly these samples, if there is one already.
        progress: called with stage, samples finished, samples in all.
        sections: optional parts of the report: accuracy, certificate, quantisation.

    Raises:
        InputError: a profile is unknown, the samples do not fit, or the folder cannot be written.
    """
    chosen = [load_profile(name) for name in profiles or DEFAULT_PROFILES]
    if record is None:
        record = simulate(model.graph, inputs.values, progress=counter(progress, "simulation", len(inputs.values)))
    if "accuracy" not in sections and inputs.targets is not None:
        stage = "loihi integers" if model.graph.is_integer else "float"
        sections["accuracy"] = {stage: record.accuracy(inputs.targets)}
    sections.setdefault("example", simulate(model.graph, inputs.values[:1], raster=True))
    stamp = make_stamp(
        model=model.name,
        weights_checksum=model.checksum,
        data=inputs.name,
        data_checksum=inputs.checksum,
        profiles=chosen,
        seed=model.card.get("seed"),
    )
    report = assemble(model.graph, count(model.graph, record), chosen, stamp, findings=model.findings, **sections)
    return report, write_report(report, folder)


def report_tables(report: Report) -> tuple[Table, ...]:
    """Layers and energies, for the terminal."""
    counts = report.counts
    rows = [
        (
            layer.name,
            layer.neurons,
            sum(layer.spikes),
            layer.events,
            layer.unit_synops,
            layer.replicated_synops,
            layer.macs,
        )
        for layer in counts.layers
    ]
    columns = ("layer", ">neurons", ">spikes sent", ">events e", ">synops u", ">synops K*u", ">MACs")
    layers = table(f"Exact sums over {counts.samples:,} samples of {counts.timesteps} steps", columns, rows)
    cells: list[tuple[str, ...]] = []
    for line in lines(report):
        first = [line.profile, line.energy]
        if not line.rivals:
            cells.append((*first, "", "", "", ""))
        for rival in line.rivals:
            scope = "arithmetic alone" if rival.scope == ARITHMETIC else f"with {rival.scope}"
            cells.append((*first, f"{rival.precision}, {scope}", rival.energy, rival.ratio, rival.verdict))
            first = ["", ""]
    columns = ("profile", ">SNN", "ANN twin", ">its energy", ">SNN over ANN", "the SNN is")
    return layers, table("Energy per inference, low to high", columns, cells)
