"""The matched quantised twin, and the activation sparsity that it may use."""

import numpy as np
import pytest
import torch
from torch import nn

from analysis.ann import ann_estimate, matched_estimate
from analysis.counts import count
from analysis.profiles import load_profile
from analysis.sparsity import activation_sparsity
from snnhw.errors import InputError
from snnhw.nn import build, relu_twin
from snnhw.simulate.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


def test_matched_twin_by_hand(counts):
    """K = 3 and T = 3: ten values, 4 bits; half the multiplier, 60 % of the MACs behind the first layer skipped."""
    twin = matched_estimate(counts, load_profile("horowitz45-int8"), 0.6)
    assert twin.precision == "int4, matched"
    expected = 0.3 * 2048 + (0.2 / 2 + 0.1) * 0.4 * (2048 + 10)
    assert twin.per_inference.typical == pytest.approx(expected * PJ)
    assert (
        twin.per_inference.typical < ann_estimate(counts, load_profile("horowitz45-int8"), "int8").per_inference.typical
    )
    assert "60 %" in twin.to_dict()["assumes"][0]
    with pytest.raises(InputError, match="no share"):
        matched_estimate(counts, load_profile("horowitz45-int8"), 1.5)


def test_sparsity_by_hand():
    """Layer two sees half zeros and does 4 x 2 MACs, layer three sees none and does 2 x 1: 8 * 0.5 / 10."""
    one, two, three = nn.Linear(1, 4, bias=False), nn.Linear(4, 2, bias=False), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        one.weight.copy_(torch.tensor([[1.0], [-1], [2], [-2]]))
        two.weight.fill_(1.0)
    network = nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three)
    network.train()
    assert activation_sparsity(network, [torch.tensor([[1.0], [3.0]])]) == pytest.approx(0.4)
    assert network.training and not two._forward_hooks
    with pytest.raises(InputError, match="No activations"):
        activation_sparsity(network, [])


def test_the_relu_twin_of_a_network_is_sparse():
    torch.manual_seed(0)
    twin = relu_twin(build("digits_ds_resnet8"))
    assert 0.1 < activation_sparsity(twin, [torch.randn(8, 1, 8, 8)]) < 0.9
