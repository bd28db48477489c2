"""Targets by name, and their options: what a target lacks is refused, never ignored."""

import dataclasses
import importlib

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters import EXPORTERS, available, exporter, options_of
from snnhw.exporters.nir_file import Options as NirOptions

FIELDS = {"nir": {"dialect"}, "lava": {"inputs", "calibration", "binary"}, "sanafe": {"inputs"}}


def test_every_exporter_says_whether_it_can_run():
    assert available().keys() == EXPORTERS.keys()
    assert available()["nir"] is None


def test_unknown_target_names_those_that_exist():
    with pytest.raises(InputError, match="give one of nir"):
        exporter("brian")


@pytest.mark.parametrize("target", EXPORTERS)
def test_options_are_frozen_and_have_defaults(target):
    options = importlib.import_module(EXPORTERS[target]).Options()
    assert {field.name for field in dataclasses.fields(options)} == FIELDS[target]
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.other = 1


@pytest.mark.parametrize("target", EXPORTERS)
def test_an_option_of_another_target_is_refused(target):
    for name in set().union(*FIELDS.values(), {"colour"}) - FIELDS[target]:
        with pytest.raises(InputError, match=f"The target {target} has no option '{name}'; .* its options are: "):
            options_of(target, {name: 1})


def test_options_that_are_given_are_taken():
    assert options_of("nir", {}) == NirOptions() and options_of("nir", {"dialect": "norse"}) == NirOptions("norse")
    inputs = np.ones((1, 2))
    assert options_of("lava", {"inputs": inputs, "binary": True}).inputs is inputs
