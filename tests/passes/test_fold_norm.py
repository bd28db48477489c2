"""Normalisation goes into the synapse before it, exactly, or into a depthwise convolution of its own."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Edge, Graph, Input, Linear, Norm, Readout
from snnhw.passes.fold_norm import fold_norm
from tests.nets import norm, residual_net
from tests.passes.runs import assert_same, run


def test_fold_norm_leaves_no_norm_and_keeps_bias():
    graph = fold_norm(residual_net().graph)
    assert not graph.of_type(Norm)
    assert all(conv.bias is not None for conv in graph.of_type(Conv2d))


def test_norm_on_the_input_becomes_a_depthwise_convolution():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        norm("bn0", (2, 4, 4), rng),
        Conv2d(name="conv", shape=(3, 4, 4), weight=rng.normal(size=(3, 2, 3, 3)), padding=(1, 1)),
        MLF(name="mlf", shape=(3, 4, 4), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(2,), weight=rng.normal(size=(2, 48))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [n.name for n in nodes]
    graph = Graph.build(nodes, list(pairwise(chain)), 3)
    inputs = rng.normal(size=(2, 2, 4, 4))
    assert_same(run(graph, inputs), run(fold_norm(graph), inputs))


def test_fold_norm_refuses_a_shared_synapse():
    sample = residual_net()
    graph = sample.graph.replace(edges=(*sample.graph.edges, Edge("stem_conv", "s0b0_1_mlf")))
    with pytest.raises(InputError, match="stem_conv"):
        fold_norm(graph)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_folded_convolution_is_torchs_convolution_and_batch_norm(groups):
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(2, 4, 3, padding=1, groups=groups).double()
    module = torch.nn.BatchNorm2d(4).double().eval()
    for values in (module.weight, module.bias, module.running_mean):
        torch.nn.init.normal_(values)
    torch.nn.init.uniform_(module.running_var, 0.1, 2)
    arrays = {
        "gamma": module.weight, "beta": module.bias, "mean": module.running_mean, "var": module.running_var,
    }  # fmt: skip
    shape = (4, 5, 5)
    nodes = [
        Input(name="input", shape=(2, 5, 5)),
        Conv2d(
            name="conv", shape=shape, weight=conv.weight.detach().numpy(), bias=conv.bias.detach().numpy(),
            padding=(1, 1), groups=groups,
        ),
        Norm(
            name="bn", shape=shape, eps=module.eps, eps_inside_root=True,
            **{key: value.detach().numpy() for key, value in arrays.items()},
        ),
        Readout(name="readout", shape=shape),
    ]  # fmt: skip
    folded = fold_norm(Graph.build(nodes, pairwise(n.name for n in nodes), 1))
    assert list(folded.nodes) == ["input", "conv", "readout"]
    x = torch.randn(3, 2, 5, 5, dtype=torch.float64)
    weight, bias = (torch.from_numpy(a) for a in (folded.nodes["conv"].weight, folded.nodes["conv"].bias))
    with torch.no_grad():
        expected = module(conv(x))
    torch.testing.assert_close(torch.nn.functional.conv2d(x, weight, bias, padding=1, groups=groups), expected)


def test_a_folded_matrix_is_the_matrix_and_then_the_normalisation():
    rng = np.random.default_rng(3)
    matrix = Linear(name="fc", shape=(4,), weight=rng.normal(size=(4, 3)), bias=rng.normal(size=4))
    behind = norm("bn", (4,), rng)
    nodes = [Input(name="input", shape=(3,)), matrix, behind, Readout(name="readout", shape=(4,))]
    folded = fold_norm(Graph.build(nodes, pairwise(n.name for n in nodes), 1)).nodes["fc"]
    x = rng.normal(size=3)
    y = matrix.weight @ x + matrix.bias
    expected = behind.gamma * behind.factor * (y - behind.mean) / (np.sqrt(behind.var) + behind.eps) + behind.beta
    np.testing.assert_allclose(folded.weight @ x + folded.bias, expected, rtol=1e-12)


def test_gains_and_delays_of_other_edges_survive_folding():
    sample = residual_net()
    marked = [
        Edge(e.source, e.target, 2, 3) if (e.source, e.target) == ("stem_mlf", "s0b0_1_conv") else e
        for e in sample.graph.edges
    ]
    folded = fold_norm(sample.graph.replace(edges=tuple(marked)))
    assert Edge("stem_mlf", "s0b0_1_conv", 2, 3) in folded.edges
