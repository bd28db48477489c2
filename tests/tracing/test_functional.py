"""The module that stands for a function of torch computes what the function does, with the parameters of the call."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from snnhw.tracing.functional import LAYERS

X, SEQUENCE, ROWS = torch.randn(2, 4, 7, 7), torch.randn(2, 4, 9), torch.randn(2, 4)
MEAN, VAR = torch.randn(4), torch.rand(4) + 0.5
CALLS = [
    (F.conv2d, X, (torch.randn(6, 2, 3, 3), torch.randn(6), (2, 1), 1, 1, 2), {}),
    (F.conv2d, X, (torch.randn(6, 4, 3, 3),), {"padding": "same"}),
    (F.conv1d, SEQUENCE, (torch.randn(6, 4, 3), None, 2), {"dilation": 2}),
    (F.conv_transpose2d, X, (torch.randn(4, 3, 3, 3), torch.randn(6), 2, 1, 1, 2), {}),
    (F.linear, ROWS, (torch.randn(3, 4),), {"bias": torch.randn(3)}),
    (F.batch_norm, X, (MEAN, VAR), {"weight": torch.randn(4), "bias": torch.randn(4), "eps": 0.1}),
    (F.batch_norm, X, (MEAN, VAR), {}),
    (F.avg_pool2d, X, (2,), {"stride": 3}),
    (F.adaptive_avg_pool2d, X, (1,), {}),
    (F.avg_pool1d, SEQUENCE, (3,), {}),
    (F.adaptive_avg_pool1d, SEQUENCE, (3,), {}),
]


@pytest.mark.parametrize(("function", "x", "args", "named"), CALLS)
def test_a_module_computes_what_its_function_does(function, x, args, named):
    module = LAYERS[function](*args, **named)
    assert module is not None
    with torch.no_grad():
        torch.testing.assert_close(module(x), function(x, *args, **named))


def test_a_norm_by_the_statistics_of_the_batch_is_no_layer():
    assert LAYERS[F.batch_norm](MEAN, VAR, training=True) is None
    assert LAYERS[F.batch_norm](None, None) is None
