"""Parameters in a forward, and what is computed from them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace

Said = Callable[["Weights", Tensor], Tensor]


class Weights(nn.Module):
    """A matrix that the forward uses itself."""

    def __init__(self, said: Said) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(3, 4)), nn.Parameter(torch.randn(3))
        self.register_buffer("mask", torch.tensor([1.0, 0.0, 1.0, 1.0]))
        self.said = said

    def forward(self, x: Tensor) -> Tensor:
        return self.said(self, x)


def changed(net: Weights) -> Tensor:
    weight = net.weight * 2
    weight.clamp_(-1, 1)
    weight *= 3
    return weight


USES: dict[str, Said] = {
    "itself": lambda net, x: F.linear(x, net.weight, net.bias),
    "standardised": lambda net, x: F.linear(x, (net.weight - net.weight.mean(1, keepdim=True)) / net.weight.std()),
    "masked": lambda net, x: F.linear(x, net.weight * net.mask),
    "factor": lambda net, x: F.linear(x, net.weight) * net.bias.exp(),
    "in place": lambda net, x: F.linear(x, changed(net)),
}


@pytest.mark.parametrize("use", USES, ids=str)
def test_what_is_computed_from_parameters_is_part_of_the_weights(use):
    torch.manual_seed(0)
    network = Weights(USES[use]).double().eval()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = np.random.default_rng(0).normal(size=(5, 4))
    graph = trace(network, (4,))
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert set(vars(network)) == set(vars(Weights(USES[use])))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


def test_a_parameter_that_every_pass_changes_is_refused():
    with pytest.raises(InputError, match="mul_ changes the parameter weight in every pass; use a copy of it"):
        trace(Weights(lambda net, x: F.linear(x, net.weight.mul_(2))), (4,))


def test_random_weights_and_calls_that_fail_are_refused():
    with pytest.raises(InputError, match="draws its weights at random"):
        trace(Weights(lambda net, x: F.linear(x, F.dropout(net.weight, 0.5))), (4,))
    with pytest.raises(InputError, match="matmul fails on parameters"):
        trace(Weights(lambda net, x: F.linear(x, torch.matmul(net.weight, net.weight))), (4,))
