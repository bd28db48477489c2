"""From a loaded model and samples to a written report: simulate, count, price, write.

Takes what the command line names; gives the `Report` and the path of its page, and the same numbers as terminal tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from snnhw.analysis.counting.counts import count
from snnhw.analysis.counting.relay import relays
from snnhw.analysis.counting.rows import NetworkCounts
from snnhw.analysis.counting.streaming import count_steps, sum_over_processes
from snnhw.analysis.digits import range_text, significant
from snnhw.analysis.energy.level_advice import level_advice
from snnhw.analysis.energy.twin import ARITHMETIC
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.comparison import Comparison
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.report import make_report as assemble
from snnhw.analysis.report.stamp import make_stamp
from snnhw.analysis.report.verdict import lines, precision_name, rate_text, steps_text
from snnhw.analysis.report.writing import write_report
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.progress import Progress, counter
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.verbs.terminal import table
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.processes import share, summed
from snnhw.workflows.twin import measure_twin

DEFAULT_PROFILES = ("loihi1-davies2018", "horowitz45-fp32")
BATCH = 64  # samples of which every spike is kept at a time


@dataclass(frozen=True)
class Measured:
    """What the samples of all processes gave."""

    record: SpikeRecord
    accuracy: dict[str, float]  # by stage; empty without labels
    steps: tuple[NetworkCounts, ...] = ()  # of each time step, on request


def measure(
    model: LoadedModel, inputs: Samples, progress: Progress | None = None, *, by_step: bool = False
) -> Measured:
    """Simulate `model` on `inputs`; of several processes each takes its share, and all get the sums.

    `by_step` simulates once more and counts each time step on its own.

    Raises:
        InputError: the samples do not fit, or are fewer than the processes.
    """
    mine = share(inputs)
    record = simulate(model.graph, mine.values, progress=counter(progress, "simulation", len(mine.values)))
    accuracy = {}
    if mine.targets is not None:
        right = summed(record.correct(mine.targets))
        accuracy = {"loihi integers" if model.graph.is_integer else "float": right / len(inputs.values)}
    steps: tuple[NetworkCounts, ...] = ()
    if by_step:
        steps = count_steps(model.graph, _batches(mine.values, counter(progress, "time steps", len(mine.values))))
    return Measured(sum_over_processes(record), accuracy, steps)


def _batches(values: Array, finished: Callable[[int], None] | None) -> Iterator[Array]:
    for start in range(0, len(values), BATCH):
        batch = values[start : start + BATCH]
        yield batch
        if finished:
            finished(len(batch))


def build_report(
    model: LoadedModel,
    inputs: Samples,
    *,
    profiles: Sequence[str] | None = None,
    record: SpikeRecord | None = None,
    ann: Path | None = None,
    levels: bool = False,
    progress: Progress | None = None,
    **sections: Any,
) -> Report:
    """Report of `model` on `inputs`.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        profiles: names or TOML files; by default Loihi 1 and 45 nm FP32.
        record: of exactly these samples, if there is one already.
        ann: run folder of the trained ReLU twin, whose zeros the matched quantised twin skips.
        levels: also run the network without each of its levels and with each threshold moved.
        progress: called with stage, samples finished, samples in all.
        sections: optional parts of the report: accuracy, certificate, quantisation, steps.

    Raises:
        InputError: a profile is unknown, the samples do not fit, `ann` is no twin of the model, advice on levels lacks
            labels or levels.
    """
    chosen = [load_profile(name) for name in profiles or DEFAULT_PROFILES]
    if record is None:
        measured = measure(model, inputs, progress)
        record = measured.record
        sections.setdefault("accuracy", measured.accuracy)
    if ann is not None:
        twin = measure_twin(ann, model, inputs)
        sections["sparsity"] = twin.sparsity
        if twin.accuracy is not None:
            sections["accuracy"] = {**sections.get("accuracy", {}), "ReLU twin": twin.accuracy}
    if levels:
        if inputs.targets is None:
            raise InputError(f"{inputs.name} has no labels, so no level can be judged; give data with labels.")
        sections["levels"] = level_advice(model.graph, inputs.values, inputs.targets, chosen[0], progress=progress)
    sections.setdefault("example", simulate(model.graph, inputs.values[:1], raster=True))
    stamp = make_stamp(
        model=model.name,
        weights_checksum=model.checksum,
        data=inputs.name,
        data_checksum=inputs.checksum,
        profiles=chosen,
        seed=model.card.get("seed"),
    )
    counts = count(model.graph, record)
    sections["relays"] = relays(model.graph, record)
    return assemble(model.graph, counts, chosen, stamp, findings=model.findings, **sections)


def make_report(model: LoadedModel, inputs: Samples, folder: Path, **options: Any) -> tuple[Report, Path]:
    """Write report.html, report.json, layers.csv and energy.csv of `model` on `inputs` into `folder`.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        folder: where the files go.
        options: of `build_report`.

    Raises:
        InputError: as `build_report`, or the folder cannot be written.
    """
    report = build_report(model, inputs, **options)
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
    titles = ("layer", ">neurons", ">spikes sent", ">events e", ">synops u", ">synops K*u", ">MACs")
    layers = table(f"Exact sums over {counts.samples:,} samples of {counts.timesteps} steps", titles, rows)
    return layers, _twins_table(report)


def twin_tables(report: Report) -> tuple[Table, ...]:
    """The network against its ANN twins, and where both cost the same, for the terminal."""
    cells = []
    for profile, points in report.breakeven.items():
        for key, point in points.items():
            rate, steps = rate_text(point), steps_text(point)
            cells.append((profile, precision_name(key), significant(point.rate), rate, report.counts.timesteps, steps))
    columns = ("profile", "ANN twin", ">measured rate", ">break-even rate", ">measured T", ">break-even T")
    bounds = [
        (bound.name, bound.value, significant(bound.measured), "below" if bound.kept else "above")
        for bound in report.bounds
    ]
    accuracies = [(stage, f"{share:.2%}") for stage, share in report.accuracy.items()]
    return (
        table("Accuracy", ("network", ">accuracy"), accuracies),
        _twins_table(report),
        table("Break-even: spikes per neuron and step, and T", columns, cells),
        table("Spikes per synapse and inference", ("bound", ">value", ">measured", "this network"), bounds),
    )


def comparison_table(found: Comparison) -> Table:
    """Accuracy and energy of several models, for the terminal."""
    fronts = {name: found.front(name) for name in found.profiles}
    rows = []
    for label in found.reports:
        share = found.accuracy(label)
        energies = [
            range_text(found.energy(label, name), "J") + (" *" if label in fronts[name] else "")
            for name in found.profiles
        ]
        rows.append((label, "" if share is None else f"{share:.2%}", *energies))
    columns = ("model", ">accuracy", *(f">{name}" for name in found.profiles))
    return table("Energy per inference; * nobody is more accurate for less energy", columns, rows)


def _twins_table(report: Report) -> Table:
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
    return table("Energy per inference, low to high", columns, cells)
