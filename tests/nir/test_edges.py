"""Gains, names and sums that NIR's edges cannot say, in nodes that every importer has."""

from __future__ import annotations

import keyword
from itertools import pairwise

import nir
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Edge, Flatten, Graph, Input, Readout
from snnhw.nir.edges import delays, file_names, flattening, gains, times, unused

NAMES = st.lists(
    st.sampled_from(["forward", "if", "keys", "x", "forward_", "forward__", "training", "pop", "y", "if_"]),
    unique=True,
    max_size=8,
)


def named(names: list[str]) -> Graph:
    """A chain of flattens with these names."""
    nodes = [
        Input(name="start", shape=(4,)),
        *(Flatten(name=n, shape=(4,)) for n in names),
        Readout(name="z", shape=(4,)),
    ]
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)


@given(NAMES)
def test_names_in_a_file_are_distinct_and_no_attribute_of_a_module(names: list[str]) -> None:
    found = file_names(named(names))
    assert list(found) == ["start", *names, "z"]
    assert len(set(found.values())) == len(found)
    for ours, written in found.items():
        assert not hasattr(torch.nn.ModuleDict(), written) and not keyword.iskeyword(written)
        assert written.rstrip("_") == ours.rstrip("_")
        taken = hasattr(torch.nn.ModuleDict(), ours) or keyword.iskeyword(ours)
        assert taken == (written != ours)
    torch.nn.ModuleDict({written: torch.nn.Identity() for written in found.values()})  # raises for a name it has


def test_a_free_name_is_kept_and_a_taken_one_grows_until_it_is_free() -> None:
    assert (unused("a", []), unused("a", ["a", "a_"]), unused("forward", [])) == ("a", "a__", "forward_")


EDGES = st.lists(
    st.builds(Edge, st.sampled_from("ab"), st.sampled_from("cd"), st.integers(-3, 3), st.integers(0, 1)), max_size=8
).map(tuple)


@given(EDGES)
def test_gains_between_two_nodes_add_up_and_delayed_pairs_are_told_whole(edges: tuple[Edge, ...]) -> None:
    found, late = gains(edges), delays(edges)
    for a in "ab":
        for c in "cd":
            between = [e for e in edges if (e.source, e.target) == (a, c)]
            assert found.get((a, c)) == (sum(e.gain for e in between) if between else None)
            told = [(gain, delay) for source, target, gain, delay in late if (source, target) == (a, c)]
            assert told == ([(e.gain, e.delay) for e in between] if any(e.delay for e in between) else [])


@pytest.mark.parametrize("shape", [(3,), (3, 2, 5), (3, 2)])
@pytest.mark.parametrize("gain", [-2, 1, 3])
def test_a_multiple_is_computed_as_importers_compute_its_node(shape: tuple[int, ...], gain: int) -> None:
    x = torch.from_numpy(np.random.default_rng(0).normal(size=shape))
    node = times(gain, shape, np.dtype(np.float64))
    if isinstance(node, nir.Conv2d):
        sent = torch.nn.functional.conv2d(
            x[None], torch.from_numpy(node.weight), torch.from_numpy(node.bias), node.stride, node.padding
        )[0]
        assert tuple(node.output_type["output"]) == tuple(node.input_type["input"]) == shape
    elif isinstance(node, nir.Affine):
        sent = torch.nn.functional.linear(x, torch.from_numpy(node.weight), torch.from_numpy(node.bias))
    else:
        assert isinstance(node, nir.Scale)
        sent = x * torch.from_numpy(node.scale)
    torch.testing.assert_close(sent, gain * x)


@pytest.mark.parametrize("shape", [(2, 3, 4), (5, 2), (7,)])
def test_a_flattening_is_of_everything_with_and_without_a_batch(shape: tuple[int, ...]) -> None:
    node = flattening(shape)
    x = torch.arange(float(np.prod(shape))).reshape(shape)
    for batch in (x, x[None], x[None].repeat(3, *[1] * len(shape))):
        sent = batch.flatten(node.start_dim, node.end_dim)
        torch.testing.assert_close(sent.reshape(-1, x.numel()), x.ravel().expand(sent.numel() // x.numel(), -1))
        assert sent.shape == (*batch.shape[: batch.ndim - len(shape)], x.numel())
