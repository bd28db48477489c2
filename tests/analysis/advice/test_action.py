import dataclasses

import pytest

from snnhw.analysis.advice.action import UNMEASURED, WARNINGS, Action, share_text
from snnhw.analysis.advice.saving import Saving
from snnhw.analysis.digits import DASH, THIN
from snnhw.analysis.ranges import Range


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.52, 0.55, 0.61), "52-61 %"),
        ((0, 0.1, 0.32), "at most 32 %"),
        ((-0.05, 0.1, 0.2), "up to 20 %, or costs up to 5.0 % more"),
        ((-0.2, -0.1, 0), "nothing; costs up to 20 % more"),
    ],
)
def test_a_share_says_whether_it_can_be_nothing_or_cost(ends, text):
    assert share_text(Range(*ends)).replace(THIN, " ").replace(DASH, "-") == text


def made(**changes):
    return Action("code", "Do it", "snnhw", UNMEASURED, "counted", **changes)


@pytest.mark.parametrize(
    ("changes", "worth", "size"),
    [
        ({"saves": Saving(Range(0.5, 0.6, 0.7), Range(1e-6, 2e-6, 3e-6))}, "50-70 %, 1.0-3.0 µJ", 0.6),
        ({"saves": Saving(Range(0, 0.1, 0.2), Range(0, 1e-6, 3e-6))}, "at most 20 %, 3.0 µJ", 0.1),
        (
            {"saves": Saving(Range(-0.1, 0.1, 0.2), Range(-1e-6, 1e-6, 3e-6))},
            "up to 20 %, or costs up to 10 % more",
            0.1,
        ),
        (
            {"seconds": Range(0, 1e-6, 1e-6), "share_of_time": Range(0, 0.04, 0.04)},
            "at most 4.0 % of the time of a step, 1.0 µs",
            0.04,
        ),
        ({}, "", 0.0),
    ],
)
def test_what_an_action_is_worth(changes, worth, size):
    action = made(**changes)
    assert action.worth.replace(THIN, " ").replace(DASH, "-") == worth and action.size == size
    assert action.to_dict()["saves"] is None or "saves" in changes


def test_what_to_leave_is_told_from_what_to_do():
    assert not made().warns
    assert all(dataclasses.replace(made(), code=code).warns for code in WARNINGS)


@pytest.mark.parametrize(
    ("scope", "of"),
    [
        ("core_dynamic", " of the energy of its work"),
        ("core_dynamic + chip_static", " of the energy with waiting"),
        ("chip", " of the energy with waiting"),
        ("arithmetic", ""),
        ("unstated", ""),
    ],
)
def test_a_saving_says_which_of_the_two_energies_of_a_chip_it_is_of(scope, of):
    action = made(scope=scope, saves=Saving(Range(0.5, 0.6, 0.7), Range(1e-6, 2e-6, 3e-6)))
    assert action.worth.replace(THIN, " ").replace(DASH, "-") == "50-70 %, 1.0-3.0 µJ" + of
    assert made(scope=scope).worth == ""


def test_the_scope_is_said_in_words():
    assert made(scope="core_dynamic").covers == made(scope="core_dynamic").to_dict()["covers"]
    assert made(scope="core_dynamic").covers == "the work of the cores in use"
    assert made().covers == ""
