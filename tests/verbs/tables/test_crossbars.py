"""Tables of crossbars print what the objects hold."""

import pytest

from snnhw.data.inputs import load_inputs
from snnhw.verbs.tables.crossbars import mapping_tables, verdict_table
from snnhw.workflows.crossbar import compare_on_crossbars, crossbar_of, on_crossbars
from snnhw.workflows.load import load_model
from tests.verbs.tables.test_compiling import cells


@pytest.fixture(scope="module")
def digits():
    return load_model("digits"), load_inputs("digits:test").first(2)


def test_a_row_per_layer_then_a_row_per_part_then_what_is_assumed(digits):
    model, inputs = digits
    crossbar = crossbar_of("rram", "channels")
    layers, *assumed = mapping_tables("digits", on_crossbars(model, crossbar))
    assert len(cells(layers)) == 10 and len(assumed) == len(crossbar.assumes)
    _, parts, *texts = mapping_tables("digits", on_crossbars(model, crossbar, inputs=inputs))
    names = ["crossbar", "drivers", "adc", "shift add", "buffers", "adds", "neurons", "all"]
    assert [row[0] for row in cells(parts)] == names
    assert "simulated" not in texts and texts[2].startswith("time: ") and texts[3].startswith("area: ")


def test_ways_claims_and_conditions(digits):
    model, inputs = digits
    made = compare_on_crossbars(model, crossbar_of("rram", "channels"), inputs)
    ways, claims, conditions, *assumed = verdict_table("digits", made)
    assert [row[0] for row in cells(ways)] == [row.name for row in made.verdict.rows]
    assert len(cells(claims)) == len(made.verdict.claims) and len(cells(conditions)) == 3
    assert len(assumed) == len(made.verdict.assumes)
