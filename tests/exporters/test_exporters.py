"""Targets by name, and their options: what a target lacks is refused, never ignored."""

import dataclasses
import importlib

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters import EXPORTERS, available, exporter, option_names, options_of
from snnhw.exporters.nir_file import Options as NirOptions
from tests.analysis.nets import small_net

FIELDS = {
    "nir": {"dialect"},
    "lava": {"inputs", "calibration", "binary", "force"},
    "sanafe": {"inputs"},
    "c": {"inputs", "calibration", "events", "force"},
    "bundle": {"inputs", "calibration", "floats", "force"},
}


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


@pytest.mark.parametrize(
    ("target", "name", "value", "wanted"),
    [
        ("lava", "binary", 3, "bool"),
        ("lava", "binary", None, "bool"),
        ("lava", "inputs", "digits:test", "ndarray or None"),
        ("nir", "dialect", 1, "str"),
    ],
)
def test_a_value_of_another_type_is_refused(target, name, value, wanted):
    got = type(value).__name__
    with pytest.raises(InputError, match=f"'{name}' of the target {target} is of type {got}; give {wanted}."):
        options_of(target, {name: value})


def test_options_of_another_target_are_refused(tmp_path):
    for target in ("nir", "lava"):
        other = options_of("lava" if target == "nir" else "nir", {})
        with pytest.raises(InputError, match=rf"The target {target} got a .*\.Options; give what options_of"):
            exporter(target).export(small_net(), tmp_path / "a", other)
    assert list(tmp_path.iterdir()) == []


def test_names_are_those_that_options_take():
    assert {target: set(option_names(target)) for target in FIELDS} == FIELDS


def test_options_that_are_given_are_taken():
    assert options_of("nir", {}) == NirOptions() and options_of("nir", {"dialect": "norse"}) == NirOptions("norse")
    inputs = np.ones((1, 2))
    assert options_of("lava", {"inputs": inputs, "binary": True}).inputs is inputs
