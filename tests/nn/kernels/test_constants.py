"""Numbers next to a threshold: exact in the precision of the tensors that are compared with them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.nn.kernels.constants import next_above, slope, support

KINDS = {torch.float32: np.float32, torch.float64: np.float64}


@pytest.mark.parametrize("dtype", KINDS)
@given(theta=st.floats(-8, 8, width=32))
def test_below_the_next_number_is_not_above_the_threshold(dtype, theta):
    above = next_above(theta, dtype)
    near = torch.tensor([theta, above, np.nextafter(KINDS[dtype](theta), KINDS[dtype](-9))], dtype=dtype)
    assert torch.equal(near < above, ~(near > theta)) and near[1] > near[0]


@pytest.mark.parametrize("dtype", KINDS)
@given(theta=st.floats(0, 4, width=32), width=st.floats(0.125, 4, width=32))
def test_the_support_is_as_wide_as_asked_and_rounded_once(dtype, theta, width):
    kind = KINDS[dtype]
    low, high = support(theta, width, dtype)
    assert (kind(low), kind(high)) == (kind(low).astype(kind), kind(high).astype(kind)) and low < theta < high
    assert high - low == pytest.approx(width, rel=1e-5) and high + low == pytest.approx(2 * theta, abs=1e-5)
    assert slope(width, dtype) == float(kind(1) / kind(width))
