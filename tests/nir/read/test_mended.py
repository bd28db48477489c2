"""Faults of exporters, undone: recurrent inputs, flattened channels and padded pools of spyx."""

from __future__ import annotations

import itertools

import nir
import numpy as np
import pytest
import torch

from snnhw.errors import InputError
from snnhw.graph.ir import Graph, Linear
from snnhw.nir.io import Reading, from_nir
from tests.nir.read.foreign import codes, full

SPYX = Reading(written_by="spyx", timesteps=4)


def flattened(*behind: nir.NIRNode, channels: int = 3) -> nir.NIRGraph:
    """input [channels, 2, 2] -> flatten -> `behind`, as spyx leaves it."""
    nodes = {"input": nir.Input(np.array([channels, 2, 2])), "layer_0": nir.Flatten(np.array([channels, 2, 2]), 0)}
    nodes |= {f"layer_{i}": node for i, node in enumerate(behind, start=1)}
    nodes["output"] = nir.Output(np.array([4]))
    names = list(nodes)
    return nir.NIRGraph(nodes, list(itertools.pairwise(names)), type_check=False)


@pytest.mark.parametrize("channels", [1, 3])
def test_columns_behind_a_flatten_are_channels_last(channels: int) -> None:
    weight = np.random.default_rng(0).normal(size=(4, channels * 4)).astype(np.float32)
    x = torch.randn(channels, 2, 2, generator=torch.Generator().manual_seed(0))
    expected = torch.from_numpy(weight) @ x.permute(1, 2, 0).flatten()
    graph = from_nir(flattened(nir.Linear(weight), channels=channels), SPYX)
    (matrix,) = graph.of_type(Linear)
    assert torch.allclose(torch.from_numpy(matrix.weight) @ x.flatten(), expected, atol=1e-6)
    plain = from_nir(flattened(nir.Linear(weight), channels=channels), Reading(written_by="nir", timesteps=4))
    assert np.array_equal(plain.of_type(Linear)[0].weight, weight)


def test_what_is_no_matrix_behind_a_flatten_is_refused() -> None:
    with pytest.raises(InputError, match=r"'layer_1' gets the flattened \[3, 2, 2\] of spyx in the order height"):
        from_nir(flattened(nir.IF(full((12,), 1), full((12,), 1))), SPYX)


def recurrent(edges: list[tuple[str, str]]) -> Graph:
    nodes = {
        "input": nir.Input(np.array([4])),
        "lif": nir.IF(full((4,), 1), full((4,), 1)),
        "w": nir.Linear(np.eye(4, dtype=np.float32)),
        "output": nir.Output(np.array([4])),
    }
    graph = nir.NIRGraph(nodes, [*edges, ("lif", "w"), ("w", "lif"), ("lif", "output")], type_check=False)
    return from_nir(graph, SPYX)


def test_the_input_of_a_recurrent_layer_reaches_its_neurons() -> None:
    mended, plain = recurrent([("input", "w")]), recurrent([("input", "lif")])
    assert {(e.source, e.target) for e in mended.edges} == {(e.source, e.target) for e in plain.edges}
    assert "input-past-recurrence" in codes(mended)


@pytest.mark.parametrize("padding", [0, 1])
def test_pools_with_summed_padding_are_refused(padding: int) -> None:
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([padding, 0]))
    nodes = {"input": nir.Input(np.array([1, 5, 4])), "layer_0": pool, "output": nir.Output(np.array([1, 3, 2]))}
    graph = nir.NIRGraph(nodes, [("input", "layer_0"), ("layer_0", "output")], type_check=False)
    if padding:
        with pytest.raises(InputError, match="Pool 'layer_0' pads its input, and spyx writes only how many zeros"):
            from_nir(graph, SPYX)
    else:
        assert from_nir(graph, SPYX).nodes["layer_0"].padding == (0, 0)
