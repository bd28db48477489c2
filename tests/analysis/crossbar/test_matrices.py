"""Which layers are matrices, and that a convolution unrolled is the convolution."""

import numpy as np
import torch

from snnhw.analysis.crossbar.matrices import Matrix, identities_of, matrix_of, synapses_of, weights_of
from snnhw.analysis.crossbar.reading import windows_of
from snnhw.graph.ir import Conv2d, Linear
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.synapses import apply_node
from tests.nets import residual_net


def test_a_convolution_is_its_matrices_at_every_position():
    rng = np.random.default_rng(0)
    node = Conv2d(
        name="c",
        shape=(6, 4, 3),
        weight=rng.integers(-9, 9, (6, 2, 3, 2)),
        stride=(2, 1),
        padding=(1, 0),
        dilation=(1, 2),
        groups=2,
    )
    x = torch.as_tensor(rng.integers(0, 4, (3, 2, 4, 7, 5)), dtype=torch.float64)
    assert matrix_of(node) == Matrix("c", outputs=3, inputs=12, groups=2, positions=12)
    sums = np.einsum("goi,gni->gno", weights_of(node), windows_of(node, x).numpy())
    expected = apply_node(node, x)
    assert expected.shape == (3, 2, 6, 4, 3)
    by_position = sums.reshape(2, 6, 12, 3).transpose(1, 0, 3, 2).reshape(3, 2, 6, 4, 3)
    assert np.array_equal(by_position, expected.numpy())


def test_a_linear_layer_is_one_matrix_of_one_position():
    assert matrix_of(Linear(name="l", shape=(3,), weight=np.ones((3, 7)))) == Matrix("l", 3, 7, 1, 1)
    assert matrix_of(Linear(name="l", shape=(3,), weight=np.ones((3, 7)))).weights == 21


def test_shortcuts_without_weights_are_adders():
    sample = residual_net(2, plain=True)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    assert [node.name for node in identities_of(graph)] == ["s0b0_2_mlf_identity"]
    assert not {node.name for node in synapses_of(graph)} & {"s0b0_2_mlf_identity"}
