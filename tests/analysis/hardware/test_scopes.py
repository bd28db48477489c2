"""Scopes: words for everybody, nothing unknown, and static power that makes a whole of a part."""

import pytest

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.hardware.scopes import SCOPES, UNSTATED, check_scope, holds_waiting, scope_words, with_static
from snnhw.errors import InputError


@pytest.mark.parametrize("name", available_profiles())
def test_every_profile_of_the_package_has_a_scope(name):
    profile = load_profile(name)
    assert profile.scope in SCOPES
    if profile.scope == UNSTATED:  # second hand: the source behind the number was not read
        assert name in ("darwin3", "spinnaker1", "spinnaker2")


def test_joined_scopes_are_words_joined():
    assert scope_words("core_dynamic + chip_static") == (
        "the work of the cores in use and what the whole chip draws while it waits"
    )
    assert check_scope("core_dynamic + x86", "here") == "core_dynamic + x86"
    with pytest.raises(InputError, match="here: scope 'cores' is unknown"):
        check_scope("core_dynamic + cores", "here")


def test_static_power_added_to_a_part():
    assert with_static("chip_dynamic") == "chip"
    assert with_static("core_dynamic") == "core_dynamic + chip_static"
    assert with_static("chip") == "chip"


def test_which_energies_hold_what_is_drawn_without_work():
    """Adding static power makes one of every scope that a chip can have but an unstated one."""
    assert not any(holds_waiting(scope) for scope in ("core_dynamic", "chip_dynamic", "arithmetic", "x86", UNSTATED))
    assert all(holds_waiting(scope) for scope in ("core_static", "chip", "board", "core_dynamic + core_static"))
    assert all(holds_waiting(with_static(scope)) for scope in SCOPES if scope != UNSTATED)
