"""Tables of the bench print what its rows hold."""

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.measured.bench import hold, misses, scores
from snnhw.analysis.measured.points import measured_points
from snnhw.verbs.tables.measured import measured_tables
from tests.verbs.tables.test_compiling import cells


def test_a_row_per_prediction_a_row_per_reason_and_the_scores_last():
    rows = hold(measured_points(), [load_profile(name) for name in available_profiles()])
    held, left, *told, last = measured_tables(rows)
    units = {row[3].split()[1] for row in cells(held)}
    assert "µJ" in units and not any(unit.startswith("u") for unit in units)
    assert len(cells(held)) == sum(row.predicted is not None for row in rows)
    assert sum(int(row[0]) for row in cells(left)) == sum(row.predicted is None for row in rows)
    assert sum(str(line).startswith("Missed: ") for line in told) == len(misses(rows)) == 3
    assert last == f"All: {scores(rows)['all'].sentence}"
