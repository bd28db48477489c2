"""Listed synapses are the layer, each once."""

import numpy as np
import torch

from snnhw.exporters.synapses import conv_synapses, matrix_synapses, synapses_of
from snnhw.graph.ir import Conv2d, Linear
from tests.analysis.nets import weights

RNG = np.random.default_rng(11)


def test_listed_synapses_are_the_convolution():
    layer = Conv2d(
        name="c", shape=(4, 3, 4), weight=weights(RNG, (4, 2, 3, 2)), stride=(2, 1), padding=(1, 0), groups=2,
        dilation=(1, 2),
    )  # fmt: skip
    shape = (4, 5, 6)
    start, end, weight = conv_synapses(layer, shape)
    matrix = np.zeros((layer.size, 120))
    np.add.at(matrix, (end, start), weight)
    x = RNG.normal(size=shape)
    y = torch.nn.functional.conv2d(
        torch.as_tensor(x)[None], torch.as_tensor(layer.weight), None, (2, 1), (1, 0), (1, 2), 2
    )
    np.testing.assert_allclose(matrix @ x.ravel(), y.numpy().ravel(), atol=1e-12)
    assert len(set(zip(start, end, strict=True))) == len(start)


def test_listed_synapses_are_the_matrix():
    layer = Linear(name="m", shape=(3,), weight=np.array([[1, 0, -2], [0, 0, 0], [4, 5, 0]]))
    start, end, weight = matrix_synapses(layer)
    assert [x.tolist() for x in synapses_of(layer, (3,))] == [start.tolist(), end.tolist(), weight.tolist()]
    matrix = np.zeros((3, 3))
    matrix[end, start] = weight
    assert np.array_equal(matrix, layer.weight) and len(start) == 4
