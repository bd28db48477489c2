"""Tables around training: runs, accuracy, the zoo, data sets, diagnosis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.digits import range_text
from snnhw.verbs.terminal import table

if TYPE_CHECKING:  # `zoo` and `datasets` need no torch
    from snnhw.data.datasets import Availability
    from snnhw.data.origins import Origin
    from snnhw.train.card import Card
    from snnhw.train.diagnose import Diagnosis
    from snnhw.train.run import Run
    from snnhw.workflows.by_timesteps import ByTimesteps
    from snnhw.workflows.diagnose import DepthStudy
    from snnhw.workflows.early_exit import Exits
    from snnhw.workflows.evaluate import Evaluated


def run_table(run: Run) -> Table:
    """The network that was trained."""
    card = run.card
    rows = [(card.model, card.data, card.parameters, f"{card.accuracy:.2%}", str(run.path))]
    return table("Trained", ("model", "data", ">parameters", ">test accuracy", "folder"), rows)


def accuracy_table(made: Evaluated) -> Table:
    """Share of samples that are classified rightly."""
    row = (made.model, made.input, made.samples, f"{made.accuracy:.2%}")
    return table("Accuracy", ("model", "input", ">samples", ">accuracy"), [row])


def exits_table(made: Exits) -> Table:
    """One row per confidence; energies low, typical and high."""
    profiles = list(made.exits[0].energy)
    rows = [
        (
            f"{one.confidence:g}",
            f"{one.accuracy:.2%}",
            f"{one.mean_steps:.2f} of {made.timesteps}",
            " ".join(map(str, one.left)),
            *(range_text(one.energy[name], "J") for name in profiles),
        )
        for one in made.exits
    ]
    columns = (">confidence", ">accuracy", ">mean steps", ">left after step 1, 2, ...", *(f">{p}" for p in profiles))
    return table(f"Early exit of {made.model}, {made.samples} samples of {made.input}", columns, rows)


def timesteps_table(made: ByTimesteps) -> Table:
    """One row per number of time steps; energies low, typical and high."""
    profiles = list(made.lasting[0].energy)
    rows = [
        (one.timesteps, f"{one.accuracy:.2%}", *(range_text(one.energy[name], "J") for name in profiles))
        for one in made.lasting
    ]
    columns = (">T", ">accuracy", *(f">{profile}" for profile in profiles))
    return table(f"Time steps of {made.model}, {made.samples} samples of {made.input}", columns, rows)


def zoo_table(cards: Mapping[str, Card]) -> Table:
    """One row per trained network."""
    rows = [
        (n, f"{c.model}, ReLU" if c.relu else c.model, c.data, f"{c.accuracy:.2%}", c.parameters, c.timesteps)
        for n, c in cards.items()
    ]
    return table("Zoo", ("name", "model", "data", ">test accuracy", ">parameters", ">T"), rows)


def datasets_tables(known: Sequence[Availability], origins: Mapping[str, Origin]) -> tuple[Table, ...]:
    """One row per data set: its place, or how to get it; then where it comes from; then checksums, one a line."""
    rows = [(d.name, "yes" if d.found else "no", d.where or d.remedy) for d in known]
    sources = [(name, origin.licence, origin.url) for name, origin in origins.items()]
    sums = [(name, file, md5) for name, origin in origins.items() for file, md5 in origin.md5.items()]
    return (
        table("Data sets", ("name", "found", "where, or what to do"), rows),
        table("Where they come from", ("name", "licence", "address"), sources),
        table("MD5 of their files; of MNIST and Fashion-MNIST without gzip", ("name", "file", "md5"), sums),
    )


def study_table(made: DepthStudy) -> Table:
    """One row per network of the study."""
    columns = (
        "block",
        ">depth",
        ">K",
        ">loss",
        ">dormant",
        ">without gradient",
        ">sums cut",
        ">at sums",
        ">at weights",
    )
    cells = [
        (
            r.kind,
            r.depth,
            r.levels,
            f"{r.loss:.2f}",
            f"{r.dormant:.1%}",
            f"{r.without_gradient:.1%}",
            f"{r.cut:.1%}",
            f"{r.residual_gain:.2f}",
            f"{r.gradient_decay:.2f}",
        )
        for r in made.rows
    ]
    return table(f"After {made.epochs} epochs; right: gradient norm, first over last", columns, cells)


def diagnosis_tables(found: Diagnosis) -> tuple[Table, ...]:
    """Units, residual sums and layers, in the order of the network."""
    levels = max(len(u.outside) for u in found.units)
    units = table(
        f"Dormant potentials, {found.dormant:.1%} in all; without gradient, {found.without_gradient:.1%}",
        ("unit", ">neurons", *(f">outside level {k + 1}" for k in range(levels)), ">dormant", ">without gradient"),
        [
            (u.name, u.neurons, *(f"{x:.1%}" for x in u.outside), f"{u.dormant:.1%}", f"{u.without_gradient:.1%}")
            for u in found.units
        ],
    )
    cells = [(s.name, s.neurons, f"{s.cut:.1%}", f"{s.norm:.3g}") for s in found.sums]
    sums = table("Gradient at the residual sums", ("block", ">neurons", ">cut", ">norm"), cells)
    norms = [(layer.name, f"{layer.norm:.3g}") for layer in found.layers]
    layers = table("Gradient norm by layer", ("layer", ">norm"), norms)
    return (units, sums, layers) if found.sums else (units, layers)
