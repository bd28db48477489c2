"""Parts put together are the whole, byte for byte, in any order; what would count twice is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.stored.merge import merge_counts
from snnhw.analysis.stored.table import StoredCounts, write_counts
from snnhw.errors import InputError
from tests.analysis.stored.runs import part, said, whole


def test_parts_in_any_order_are_one_file(tmp_path):
    parts = {"a": part(0, 4), "b": part(4, 6), "c": part(6, 10)}
    expected = write_counts(tmp_path / "whole.parquet", whole()).read_bytes()
    for order in permutations(parts):
        merged = merge_counts({name: parts[name] for name in order})
        assert write_counts(tmp_path / "merged.parquet", merged).read_bytes() == expected
    halves = merge_counts({"ab": merge_counts({"b": parts["b"], "a": parts["a"]}), "c": parts["c"]})
    assert write_counts(tmp_path / "merged.parquet", halves).read_bytes() == expected


@given(st.permutations(range(10)), st.integers(1, 9))
@settings(max_examples=20)
def test_samples_dealt_out_in_any_way_come_back_in_their_order(order, many):
    """A part need not be a row of samples; the work of cores is that of all of them."""
    stored = whole()
    parts = {}
    for name, chosen in enumerate((sorted(order[:many]), sorted(order[many:]))):
        share = replace(stored.header.layout.without_work(), samples=len(chosen))
        header = replace(stored.header, layout=share)
        parts[str(name)] = StoredCounts(header, stored.samples[chosen], stored.values[:, chosen])
    merged = merge_counts(parts)
    np.testing.assert_array_equal(merged.samples, stored.samples)
    np.testing.assert_array_equal(merged.values, stored.values)
    assert merged.header.layout.samples == 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"graph_checksum": "f" * 64}, "the network"),
        ({"data_checksum": "f" * 64}, "the data"),
        ({"deployment": "channels", "graph_checksum": "f" * 64}, "the deployment"),
        ({"data_samples": 12}, "the number of samples"),
    ],
)
def test_what_is_not_of_one_run_is_refused(change, words):
    with pytest.raises(InputError, match=rf"^a and b differ in {words}.*compare others with snnhw compare"):
        merge_counts({"a": part(0, 4), "b": said(part(4, 10), **change)})


def test_a_sample_in_two_parts_is_refused():
    with pytest.raises(InputError, match=r"^Sample 4 is in b and in c, and 2 samples are in two parts in all"):
        merge_counts({"a": part(0, 4), "b": part(4, 6), "c": part(4, 10)})
    with pytest.raises(InputError, match=r"^Sample 0 is in a and in b, and 10 "):
        merge_counts({"a": whole(), "b": whole()})


def test_nothing_is_refused_and_one_part_is_itself():
    with pytest.raises(InputError, match="no counts to merge"):
        merge_counts({})
    one = merge_counts({"a": part(2, 4)})
    np.testing.assert_array_equal(one.values, part(2, 4).values)
