"""Obvious mistakes are refused by what to give instead; what can be taken as numbers is."""

import numpy as np
import pytest
import torch

from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.graph.given import graph_given, numbers_given
from snnhw.workflows.load import LoadedModel
from tests.nets import residual_net

GRAPH = residual_net().graph


@pytest.mark.parametrize(
    "value, remedy",
    [(LoadedModel("net", GRAPH), r"Got a LoadedModel .* as in model\.graph"), ("digits", r"Got a str .* load_model")],
)
def test_a_graph_or_the_way_to_one(value, remedy):
    assert graph_given(GRAPH) is GRAPH
    with pytest.raises(InputError, match=remedy):
        graph_given(value)


@pytest.mark.parametrize("value", [[[1, 2]], torch.tensor([[1, 2]]), np.array([[1, 2]])])
def test_lists_and_tensors_become_arrays(value):
    assert numbers_given(value).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "value, remedy",
    [
        (inputs_of("mine", np.zeros((2, 1)), None), r"Got Samples .* as in samples\.values"),
        ([[1], [2, 3]], "list becomes no array"),
        (torch.ones(2, requires_grad=True), "Tensor becomes no array"),
        (["a"], "<U1 values where numbers are needed"),
        (None, "object values where numbers are needed"),
    ],
)
def test_other_values_are_refused(value, remedy):
    with pytest.raises(InputError, match=remedy):
        numbers_given(value)
