"""Tables of profiles and mappings print what the objects hold."""

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.verbs.tables.numbers import mapping_table, profile_tables, profiles_table, time_tables
from snnhw.workflows.load import load_model
from snnhw.workflows.map import bound_on_chip, map_to_chip
from tests.verbs.tables.test_compiling import cells


def test_a_row_per_constant_then_assumptions():
    profile = load_profile("loihi1-davies2018")
    shown, *notes = profile_tables(profile, valid=True)
    assert [row[0] for row in cells(shown)] == list(profile.constants) and str(shown.title).endswith(": valid")
    assert len(notes) == 1 + len(profile.assumes) + len(profile.excludes) + len(profile.misses)
    assert notes[0] == "covers: the work of the cores in use"
    assert cells(profiles_table([profile]))[0][0] == profile.name


def test_a_row_per_layer_of_the_mapping():
    found = map_to_chip(load_model("digits"))
    shown = mapping_table("digits", found)
    assert [int(row[1]) for row in cells(shown)] == [layer.cores for layer in found.layers]
    assert f"{found.cores} cores" in str(shown.title)


def test_least_times_then_the_busiest_core_of_each_layer_then_what_is_not_known():
    made = bound_on_chip(load_model("digits"))
    bounds, davies, unknown, regression, note = time_tables(made)
    assert [row[0] for row in cells(bounds)] == ["loihi1-davies2018", "loihi1-sanafe"]
    assert [row[2] for row in cells(bounds)] == [str(found.steps) for found in made.floorlines]
    assert all("as long as nothing fires, updates of neurons bind" in row[4] for row in cells(bounds))
    layers = [layer.name for layer in made.mapping.layers]
    assert [row[0] for row in cells(davies)] == [row[0] for row in cells(regression)] == layers
    assert unknown == "loihi1-davies2018: not known, and taken as none: message in time, message out time"
    assert note == made.notes[0]
