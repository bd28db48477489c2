"""Tables of the compiler's verbs say what their results hold."""

import numpy as np
from rich.table import Table

from snnhw.graph.finding import Finding
from snnhw.simulation.record import SpikeRecord, UnitRecord
from snnhw.verbs.tables.compiling import check_tables, simulate_tables
from snnhw.workflows.check import Checked
from snnhw.workflows.simulate import Simulated


def cells_of(block: Table) -> list[tuple[str, ...]]:
    return [tuple(str(cell) for cell in row) for row in cells(block)]


def cells(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*(map(str, column.cells) for column in table.columns), strict=True))


def test_units_of_fewer_levels_leave_cells_empty(tmp_path):
    def unit(*levels: int) -> UnitRecord:
        counts = np.array(levels, dtype=np.int64)[:, None]
        return UnitRecord(counts, counts.max(axis=0), counts)

    record = SpikeRecord(2, 1, {"input": unit(7), "deep": unit(5, 4000, 1)}, np.zeros((2, 3)))
    shown, accuracy = simulate_tables(Simulated(tmp_path / "a.npz", "torch", record, 0.5))
    assert [column.header for column in shown.columns] == ["unit", "level 1", "level 2", "level 3", "graded events"]
    assert cells(shown) == [("input", "7", "", "", "7"), ("deep", "5", "4,000", "1", "4,000")]
    assert accuracy == "accuracy 50.00%" and "2 samples on torch" in str(shown.title)
    assert len(simulate_tables(Simulated(tmp_path / "a.npz", "torch", record, None))) == 1
    finding = Finding("input-kind-concluded", "info", "", "events were taken", "say so")
    without, entered, assumed = simulate_tables(
        Simulated(tmp_path / "a.npz", "torch", record, None, (finding,), input="input")
    )
    assert cells(without) == [("deep", "5", "4,000", "1", "4,000")]
    assert entered == "7 events entered in 7 messages" and cells_of(assumed) == [
        ("kind of input", "events were taken; say so")
    ]


def test_a_row_per_finding_and_a_title_without_any():
    finding = Finding("code", "warning", "fc", "is wide", "make it narrow")
    taken = Finding("dt-assumed", "warning", "", "1 ms is taken", "give --dt")
    shown, assumed = check_tables(Checked("net", "lava", (taken, finding)))
    assert shown.title == "1 findings for lava" and cells(shown) == [("warning", "fc", "is wide", "make it narrow")]
    assert cells_of(assumed) == [("time step", "1 ms is taken; give --dt")]
    assert [made.title for made in check_tables(Checked("net", "lava", ()))] == ["No findings for lava"]
