"""Parameters broadcast as torch broadcasts them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.tracing.frameworks.parameters import fitted, parameter

SHAPE = (2, 3, 4)


@given(st.sampled_from([(), (1,), (4,), (3, 1), (3, 4), (2, 1, 1), (2, 3, 4), (1, 2, 3, 4), (1, 1, 1, 1)]))
def test_every_shape_that_torch_takes_means_the_same(shape):
    value = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    theirs = (value.double() * torch.ones(5, *SHAPE, dtype=torch.float64)).numpy()
    assert np.array_equal(np.broadcast_to(fitted("n", "beta", parameter(value), SHAPE), theirs.shape), theirs)


def test_one_value_becomes_a_number():
    assert fitted("n", "beta", parameter(torch.full((4,), 0.5)), SHAPE) == 0.5
    assert parameter(np.float32(0.25)).dtype == np.float64


@pytest.mark.parametrize("shape", [(5,), (2, 4), (3, 2, 3, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="beta of 'n' has the shape"):
        fitted("n", "beta", np.arange(np.prod(shape), dtype=float).reshape(shape), SHAPE)
