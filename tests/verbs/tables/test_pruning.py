"""The tables of a pruning."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

from rich.console import Console

from snnhw.graph.finding import Finding
from snnhw.verbs.tables.pruning import prune_tables
from snnhw.workflows.pruning_result import Pruned, Round, Standing


def test_energies_are_in_nj_and_a_round_that_was_taken_back_is_marked():
    card = SimpleNamespace(pruned={"profile": "loihi1-davies2018", "deployment": "channels"})
    rounds = (Round(1, 3, 900e3, 910e3, 905e3, 0.97), Round(2, 2, 800e3, 805e3, 805e3, 0.9, kept=False))
    before, after = Standing(1000e3, 1010e3, 0.98, 0.99), Standing(905e3, 915e3, None, 0.985)
    run, missed = SimpleNamespace(card=card, path="out"), Finding("energy-left-missed", "warning", "", "missed", "less")
    made = Pruned(run, before, after, rounds, {"a": [1, 2]}, {"a": 5, "b": 4}, (64, 60), (missed,))
    console = Console(file=StringIO(), width=120)
    for part in prune_tables(made):
        console.print(part)
    text = console.file.getvalue()
    for words in (
        "1,000.0",
        "905.0",
        "none",
        "98.50%",
        "taken back",
        "out: its silent channels are gone",
        "64 of calibration",
        "first 60 of test",
        "missed; less",
    ):
        assert words in text
    units = [line.split() for line in text.splitlines() if line.startswith(("a ", "b "))]
    assert units == [["a", "2", "5"], ["b", "0", "4"]]
