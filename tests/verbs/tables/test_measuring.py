"""The table of a measurement has both runs with and without idle power, and what the counter covers."""

from snnhw.verbs.tables.measuring import measurement_tables
from tests.analysis.metering.test_measurement import MADE


def test_both_runs_and_the_scope():
    table, machine, twin = measurement_tables(MADE)
    names, above, inside, *_ = [list(map(str, column.cells)) for column in table.columns]
    assert names == ["network", "ANN twin"]
    assert above[0].startswith("250") and inside[0].startswith("450")  # mJ, as test_measurement works them out
    assert "RAPL; covers everything that the processor package draws" in machine and "weights at random" in twin
