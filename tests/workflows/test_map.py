"""Cores of a model, its pools folded into the synapses first."""

import dataclasses

import pytest

from snnhw.analysis.hardware.chips import FOLDER, load_chip
from snnhw.analysis.hardware.floorline import no_bound
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.errors import InputError
from snnhw.passes.fold_pool import fold_pool
from snnhw.workflows.map import NO_SPIKES, bound_on_chip, map_to_chip


@pytest.mark.parametrize("deployment", ["channels", "shared"])
def test_cores_are_those_of_the_folded_graph(digits, deployment):
    found = map_to_chip(digits, "loihi1", deployment)
    assert found.to_dict() == map_network(fold_pool(digits.graph), load_chip("loihi1"), deployment).to_dict()
    assert found.cores == sum(layer.cores for layer in found.layers) > 0


def test_unknown_chips_are_refused(digits):
    with pytest.raises(InputError, match="loihi9"):
        map_to_chip(digits, "loihi9")


def test_without_samples_the_least_time_is_that_of_updates_and_barriers(digits):
    made = bound_on_chip(digits)
    assert [found.profile for found in made.floorlines] == ["loihi1-davies2018", "loihi1-sanafe"]
    assert made.mapping == map_to_chip(digits) and made.samples == 0
    for found in made.floorlines:
        assert (found.counted, found.binds) == (False, "compute")
        assert not any(row.memory or row.traffic for row in found.layers)
    assert made.notes == (NO_SPIKES,) and made.to_dict()["notes"] == [NO_SPIKES]


def test_spikes_of_samples_only_add_to_the_least_time(digits, some):
    silent, counted = bound_on_chip(digits), bound_on_chip(digits, inputs=some)
    assert counted.samples == len(some.values) and counted.notes == ()
    for before, after in zip(silent.floorlines, counted.floorlines, strict=True):
        assert after.counted and after.step.typical > before.step.typical and after.steps == before.steps
        assert {row.place.layer for row in after.layers} == {layer.name for layer in counted.mapping.layers}


def test_profiles_that_bound_nothing_and_chips_without_profiles_say_so(digits, tmp_path):
    made = bound_on_chip(digits, profiles=["speck", "loihi1-sanafe"])
    assert [found.profile for found in made.floorlines] == ["loihi1-sanafe"]
    assert made.unbounded == (no_bound(load_profile("speck")),) and made.unbounded[0] in made.notes
    own = tmp_path / "mine.toml"
    own.write_text((FOLDER / "loihi1.toml").read_text().replace('name = "loihi1"', 'name = "mine"'))
    (note,) = bound_on_chip(digits, own).notes
    assert note == "no profile is of the chip mine, so no time is bounded; name one with --profile"


def test_a_broken_graph_has_no_mapping(digits):
    name = next(edge.source for edge in digits.graph.edges if edge.source != digits.graph.input.name)
    cut = digits.graph.replace(edges=tuple(edge for edge in digits.graph.edges if edge.target != name))
    with pytest.raises(InputError, match="'input' does not fit loihi1: nothing leads from it to the read-out; connect"):
        map_to_chip(dataclasses.replace(digits, graph=cut))
