"""Fields of a node are checked before anything is made of them."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nir.file import RawNode
from snnhw.nir.io import from_nir
from snnhw.nir.read.fields import Context, array_of, fitting, pair, shown, whole
from tests.nir.builders import ONE, conv_in, lif_with, named_chain, refused
from tests.nir.read.foreign import chain, lif


def test_parameters_of_one_element_count_for_all() -> None:
    assert from_nir(chain(nir.Linear(np.eye(4)), lif((1,)))).nodes["n1"].threshold == 1.0
    per_channel = from_nir(chain(lif((2, 1, 1)), shape=(2, 3, 3))).nodes["n0"]
    assert per_channel.shape == (2, 3, 3)


@pytest.mark.parametrize("kind", ["name", "type", "padding", "stride", "edge"])
def test_sentences_stay_short_whatever_the_file_holds(tmp_path: Path, kind: str) -> None:
    path, long = tmp_path / "long.nir", "x\n" * 1000
    graph = conv_in((2, 6, 6))
    graph.nodes["a"].input_shape = (6, 6)
    nir.write(path, graph)
    with h5py.File(path, "a") as file:
        if kind == "name":
            file.move("node/nodes/a", f"node/nodes/{long}")
        elif kind == "edge":
            edges = file["node/edges"]
            edges[0] = ["input", long]
        else:
            node = file["node/nodes/a"]
            del node[kind]
            node[kind] = np.full(10**5, 1.5) if kind == "stride" else long
    assert len(refused(path)) < 400 + len(str(path))


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ({"a": lif_with(tau=ONE * np.nan)}, "'a': field 'tau' holds NaN"),
        (
            {"a": lif_with(v_threshold=np.ones(5), tau=np.ones(5), r=np.ones(5), v_leak=np.ones(5))},
            r"of shape \[5\] but gets",
        ),
        ({"a": nir.Linear(np.full((4, 4), np.inf))}, "'weight' is infinite in 16 of 16 places"),
        ({"a": nir.Linear(np.full((4, 4), np.nan))}, "'weight' holds NaN"),
        ({"a": nir.Scale(np.ones(3))}, r"has scale of shape \[3\]"),
        ({"a": nir.Threshold(np.array(["x"] * 4))}, "not numeric"),
    ],
)
def test_fields_that_cannot_be_are_refused_by_name(nodes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(named_chain(**nodes))


def node(**fields: object) -> RawNode:
    return RawNode("Kind", fields)


@pytest.mark.parametrize(
    ("value", "expected"), [(3, (3, 3)), ([2, 5], (2, 5)), (np.array([4.0]), (4, 4)), (True, (1, 1))]
)
def test_a_pair_is_one_whole_number_or_two(value: object, expected: tuple[int, int]) -> None:
    assert pair(node(stride=value), "stride", "n", 1) == expected


@pytest.mark.parametrize("value", [0, 1.5, [1, 2, 3], [], [1, 0], 2**40])
def test_what_is_no_pair_is_refused_with_its_value(value: object) -> None:
    sentence = (
        rf"Node 'n': stride is {re.escape(shown(np.asarray(value)))}; it must be one or 2 whole numbers of at least 1"
    )
    with pytest.raises(InputError, match=sentence):
        pair(node(stride=value), "stride", "n", 1)


def test_a_whole_number_may_be_left_out_where_a_default_is_known() -> None:
    assert whole(node(), "start_dim", "n", -3, 1) == 1
    assert whole(node(start_dim=-2), "start_dim", "n", -3, 1) == -2
    with pytest.raises(InputError, match=r"Node 'n': start_dim is \[-4\]; it must be a whole number of at least -3"):
        whole(node(start_dim=-4), "start_dim", "n", -3, 1)
    with pytest.raises(InputError, match="'n' of type 'Kind' has no field 'groups'; write the file again"):
        whole(node(), "groups", "n", 1)


@pytest.mark.parametrize("dtype", ["e", ">f4", ">f8", "g", ">i2", "u8", "?", "i1"])
def test_numbers_come_in_a_type_that_torch_takes_and_keep_their_value(dtype: str) -> None:
    stored = np.array([0, 1, 1], dtype)
    found = array_of(node(x=stored), "x", "n")
    torch.from_numpy(found)  # refuses other byte orders and long doubles
    np.testing.assert_array_equal(found, stored)
    assert found.dtype.kind == stored.dtype.kind


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))
def test_values_fit_as_numpy_broadcasts_channels_and_not_otherwise(channels: int, height: int, width: int) -> None:
    arriving, context = (channels, height, width), Context(1e-4)
    column = np.arange(1.0, channels + 1).reshape(-1, 1, 1)
    full = np.broadcast_to(column, arriving)
    for value in (column, full):
        found = fitting(value, "tau", "n", arriving, context)
        np.testing.assert_array_equal(np.broadcast_to(found, arriving), full)
    assert fitting(np.full((1, 1), 7.0), "tau", "n", arriving, context).shape == ()
    for wrong in (np.ones((channels + 1, 1, 1)), np.ones((channels + 1,)), np.ones((channels, height + 1, width))):
        with pytest.raises(InputError, match=r"Node 'n' has tau of shape .* but gets the shape .*; check the edges"):
            fitting(wrong, "tau", "n", arriving, context)


def test_shapes_of_a_one_dimensional_network_are_lifted() -> None:
    context = Context(1e-4, lift=True)
    assert (context.lifted((2, 8)), context.lifted((5,)), context.lifted((2, 3, 4))) == ((2, 1, 8), (5,), (2, 3, 4))
    assert fitting(np.ones((2, 8)), "tau", "n", (2, 1, 8), context).shape == (2, 1, 8)


def test_what_a_file_says_is_shown_on_one_short_line() -> None:
    assert shown("x\n" * 5) == repr("x\n" * 5)
    assert len(shown("y" * 10**6)) == len(shown(np.zeros(10**6))) == 103
