"""Tables of a measurement on this machine."""

from __future__ import annotations

from rich.table import Table

from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.metering.measurement import KINDS, Measurement
from snnhw.verbs.terminal import table


def measurement_tables(made: Measurement) -> tuple[Table | str, ...]:
    """Energy of the network and of its twin, without and with idle power; then what was read, on what."""
    rows = [
        (
            name,
            *(range_text(made.energies(kind)[n], "J") for kind in KINDS),
            range_text(run.seconds, "s"),
            range_text(run.idle, "W"),
        )
        for n, (name, run) in enumerate((("network", made.network), ("ANN twin", made.twin)))
    ]
    columns = ("run", *(f">{words}" for words in KINDS.values()), ">time", ">idle power")
    of = f"quartiles of {len(made.network.repetitions)} repetitions, {made.batch} at a time"
    return (
        table(f"Energy per inference of {made.model} on {made.data}, {of}", columns, rows),
        f"{made.machine}: {made.counter}; covers {scope_words(made.scope)}",
        f"The twin ran with {made.twin_weights}.",
    )
