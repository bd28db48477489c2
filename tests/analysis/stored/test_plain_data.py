"""Plain values come back as they were, and nothing else comes back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.stored.header import Header
from snnhw.analysis.stored.plain_data import LARGEST, from_plain, to_plain
from tests.analysis.stored.runs import whole


@dataclass(frozen=True)
class Inner:
    kind: Literal["a", "b"]
    size: int


@dataclass(frozen=True)
class Outer:
    name: str
    share: float
    flag: bool
    tiles: tuple[int, int, int]
    inner: tuple[Inner, ...]
    by_name: Mapping[str, tuple[int, ...]]
    perhaps: float | None = None


GOOD = Outer("x", 0.25, True, (1, 2, 3), (Inner("a", 1), Inner("b", LARGEST)), {"k": (1, 2)}, None)


@given(
    st.builds(
        Outer,
        name=st.text(),
        share=st.floats(allow_nan=False, allow_infinity=False),
        flag=st.booleans(),
        tiles=st.tuples(*[st.integers(0, LARGEST)] * 3),
        inner=st.lists(st.builds(Inner, kind=st.sampled_from("ab"), size=st.integers(0, LARGEST))).map(tuple),
        by_name=st.dictionaries(st.text(), st.lists(st.integers(0, 9)).map(tuple)),
        perhaps=st.none() | st.floats(0, 1),
    )
)
def test_what_is_written_comes_back(value):
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value))), "outer") == value


def test_a_header_comes_back():
    header = whole().header
    assert from_plain(Header, json.loads(json.dumps(to_plain(header))), "header") == header


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.pop("name"), "no field 'name'"),
        (lambda v: v.update(more=1), "an unknown field 'more'"),
        (lambda v: v.update(name=1), "outer.name is 1"),
        (lambda v: v.update(share=float("nan")), "outer.share is nan"),
        (lambda v: v.update(share=True), "outer.share is True"),
        (lambda v: v.update(flag=1), "outer.flag is 1"),
        (lambda v: v.update(tiles=[1, 2]), "outer.tiles"),
        (lambda v: v.update(tiles=[1, 2, -3]), "outer.tiles is -3"),
        (lambda v: v.update(tiles=[1, 2, 2**63]), "outer.tiles is 9223372036854775808"),
        (lambda v: v.update(tiles=[1, 2, True]), "outer.tiles is True"),
        (lambda v: v["inner"][0].update(kind="c"), "outer.inner.kind is 'c'"),
        (lambda v: v["inner"][0].update(kind=[]), "outer.inner.kind is a list"),
        (lambda v: v.update(inner={}), "outer.inner is a dict"),
        (lambda v: v.update(by_name=[]), "outer.by_name is a list"),
        (lambda v: v["by_name"].update(k=["x" * 99]), "outer.by_name.k is 'xx"),
        (lambda v: v.update(perhaps="1"), "outer.perhaps is '1'"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(change, told):
    value = copy.deepcopy(to_plain(GOOD))
    change(value)
    with pytest.raises(ValueError, match="outer") as refused:
        from_plain(Outer, value, "outer")
    assert told in str(refused.value) and len(str(refused.value)) < 120


def test_what_is_no_table_at_all_is_refused():
    for value in (None, 1, [], "x"):
        with pytest.raises(ValueError, match="outer is"):
            from_plain(Outer, value, "outer")
