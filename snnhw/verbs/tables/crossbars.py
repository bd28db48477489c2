"""Tables of crossbars: tiles and devices of each layer, what reads cost, and the verdict beside digital and ANN."""

from __future__ import annotations

from rich.table import Table

from snnhw.analysis.crossbar.pricing import SAID
from snnhw.analysis.crossbar.verdict import claim_cells, row_cells
from snnhw.analysis.digits import percent, range_text
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range
from snnhw.verbs.terminal import table
from snnhw.workflows.crossbar import Compared, OnCrossbars

UM2 = 1e12  # in a square metre


def mapping_tables(model: str, made: OnCrossbars) -> tuple[Table | str, ...]:
    """One row per layer; with samples also energy by part, time and area."""
    mapping = made.mapping
    cells = [
        (
            layer.name,
            f"{layer.matrix.groups} x " * (layer.matrix.groups > 1) + f"{layer.matrix.outputs} x {layer.matrix.inputs}",
            layer.matrix.positions,
            layer.tiles,
            f"{len(layer.row_spans)} x {len(layer.output_spans)}",
            layer.devices,
            percent(layer.utilisation, 0),
            layer.coding.reads,
            layer.adc_bits,
        )
        for layer in mapping.layers
    ]
    columns = (
        "layer",
        ">matrix",
        ">positions",
        ">tiles",
        ">rows x columns",
        ">devices",
        ">in use",
        ">reads",
        ">ADC bits",
    )
    title = (
        f"{model} on {mapping.crossbar.title}: {mapping.tiles:,} tiles, {mapping.devices:,} devices, "
        f"{percent(mapping.utilisation, 0)} of the tiles in use"
    )
    return (table(title, columns, cells), *_cost_tables(made), *(f"assumes: {text}" for text in _said(made)))


def _cost_tables(made: OnCrossbars) -> tuple[Table | str, ...]:
    if made.machine is None:
        return ()
    all_reads, skipped = made.energies
    parts = dict.fromkeys([*all_reads.split, *skipped.split])
    nothing = Range.exact(0)
    cells = [
        (part.replace("_", " "), *(range_text(found.split.get(part, nothing), "J") for found in made.energies))
        for part in parts
    ]
    cells.append(("all", *(range_text(found.per_inference, "J") for found in made.energies)))
    covers = scope_words(all_reads.profile.scope)
    title = f"Energy per inference, {made.samples} samples, {all_reads.profile.title}, {covers}"
    area = Range(*(UM2 * end for end in made.machine.area.ends))
    return (
        table(title, ("part", *(f">{found.accounting}" for found in made.energies)), cells),
        *(f"{found.accounting}: {SAID[found.accounting]}" for found in made.energies),
        f"time: {range_text(made.machine.one_by_one, 's')} per inference layer after layer, "
        f"{range_text(made.machine.pipelined, 's')} between two where all layers work at once",
        f"area: {range_text(area, 'um2')} of tiles, converters, drivers, buffers and neurons",
    )


def _said(made: OnCrossbars) -> tuple[str, ...]:
    return (*made.mapping.assumes, *made.assumes)


def verdict_table(label: str, made: Compared) -> tuple[Table | str, ...]:
    """Every way with its range, what the ranges let one say, and what would have to be true for crossbars to save."""
    verdict = made.verdict
    ways = ("way", ">energy", ">bits", ">nm", "covers")
    claims = ("on crossbars", "against", ">ratio of the ranges", ">with the same constants", "what the ranges say")
    return (
        table(
            f"{label}: energy per inference of {made.samples} samples, by simulated constants", ways, row_cells(verdict)
        ),
        table(f"{label}: what can be said", claims, claim_cells(verdict)),
        table(
            f"{label}: what would have to be true for crossbars to save",
            ("what", ">now", ">needed"),
            [(c.what, c.now, c.needed) for c in made.conditions],
        ),
        *(f"assumes: {text}" for text in verdict.assumes),
    )
