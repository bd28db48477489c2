"""Facts of the nodes, each against its definition."""

import numpy as np
import pytest

from tests.nets import norm


@pytest.mark.parametrize("inside", [True, False])
def test_affine_is_the_definition(inside):
    n = norm("n", (3, 2, 2), np.random.default_rng(1), inside=inside)
    x = np.random.default_rng(2).normal(size=(3,))
    spread = np.sqrt(n.var + n.eps) if inside else np.sqrt(n.var) + n.eps
    scale, shift = n.affine()
    np.testing.assert_allclose(scale * x + shift, n.gamma * (n.factor * (x - n.mean) / spread) + n.beta, rtol=1e-12)
