"""What a range or a list of the space means."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.sweeps.dimension import Choice, Number, Whole, dimensions, setting, value_of
from snnhw.train.recipe import set_value

WHOLE = st.integers(-1000, 1000)
SCALAR = st.one_of(
    WHOLE, st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text("abcé\"\\ ='#[]{}\n", max_size=8)
)
VALUE = st.one_of(SCALAR, st.lists(SCALAR, max_size=3))


@given(WHOLE, st.integers(0, 50), st.integers(1, 7))
def test_a_range_of_whole_numbers_has_the_numbers_of_range(low, span, step):
    (found,) = dimensions({"epochs": {"low": low, "high": low + span, "step": step}}, "s")
    wanted = list(range(low, low + span + 1, step))
    assert isinstance(found, Whole) and found.size == len(wanted)
    assert [found.at(i) for i in range(found.size)] == wanted and found.ends == (wanted[0], wanted[-1])


@given(st.lists(VALUE, min_size=1, max_size=5, unique_by=json.dumps))
def test_a_value_of_a_list_reaches_the_recipe_as_it_was_written(values):
    (found,) = dimensions({"arguments.thresholds": values}, "s")
    assert isinstance(found, Choice) and found.size == len(values)
    for i, value in enumerate(values):
        table: dict[str, object] = {}
        set_value(table, setting(found, found.at(i)))
        assert table == {"arguments": {"thresholds": value}} and value_of(found, found.at(i)) == value


@given(st.floats(1e-9, 1e9))
def test_a_number_reaches_the_recipe_as_it_was_drawn(value):
    table: dict[str, object] = {}
    set_value(table, setting(Number("lr", 0.0, 1e9), value))
    assert table == {"lr": value}


def test_tables_in_the_space_are_dotted_keys():
    nested = {"arguments": {"timesteps": {"low": 1, "high": 2}, "widths": [[4, 8]]}, "lr": {"low": 0.1, "high": 1}}
    assert dimensions(nested, "s") == (
        Whole("arguments.timesteps", 1, 2), Choice("arguments.widths", ("[4, 8]",)), Number("lr", 0.1, 1.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "give a list of values"),
        (3, "give a list of values"),
        ([1, 2, 1], "1 twice"),
        ([{"a": 1}], "a table among the values"),
        ([float("nan")], "no recipe can have"),
        ([0] * 1001, "at most 1,000"),
        ({"low": 2, "high": 1}, "low first"),
        ({"low": 2}, "low first"),
        ({"low": 1, "high": True}, "low first"),
        ({"low": 1.0, "high": float("inf")}, "low first"),
        ({"low": 0, "high": 4, "log": True}, "give low > 0"),
        ({"low": 1, "high": 4, "step": 0}, "at least 1"),
        ({"low": 1, "high": 4, "step": 2, "log": True}, "without log"),
        ({"low": 0.5, "high": 4, "step": 1}, "give a list instead"),
        ({"low": 1, "high": 4, "stp": 2}, "'stp'"),
    ],
)
def test_what_is_no_range_is_refused_with_its_key(value, said):
    with pytest.raises(InputError, match="epochs") as caught:
        dimensions({"epochs": value}, "my.toml")
    assert said in str(caught.value) and str(caught.value).startswith("my.toml")
