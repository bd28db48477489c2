"""What is changed in place and read as another view afterwards: torch says that the view changes, so it is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace

Said = Callable[["Changing", Tensor], Tensor]


class Changing(nn.Module):
    def __init__(self, said: Said) -> None:
        super().__init__()
        self.a, self.b, self.drop, self.said = nn.Linear(4, 4), nn.Linear(4, 4), nn.Dropout(), said

    def forward(self, x: Tensor) -> Tensor:
        return self.said(self, x)


def view_is_changed(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x)
    view = first.view(-1, 4)
    view += net.b(x)
    return first


def original_is_changed(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x)
    view = net.drop(first.contiguous())
    first *= 2
    return view + first


def views_of_one(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x)
    left, right = first[:, :4], first[:, 0:]
    left.mul_(3)
    return net.b(right)


def copy_is_changed(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x)
    copy = first.clone()
    copy += net.b(x)
    return first + copy


def last_reader(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x).view(-1, 4)
    first += net.b(x)
    first -= x
    return first


def other_name(net: Changing, x: Tensor) -> Tensor:
    first = net.a(x)
    identity = first
    first += net.b(x)
    first /= 2
    return net.b(first) - identity


def of_sizes(net: Changing, x: Tensor) -> Tensor:
    shape = x.shape
    rows = shape[0]
    rows *= 4
    rows /= 4
    return net.a(x.view(shape[0], shape[-1]))


@pytest.mark.parametrize("said", [view_is_changed, original_is_changed, views_of_one])
def test_memory_that_two_values_share_is_refused(said):
    with pytest.raises(InputError, match=r"test_aliases.py line \d+\) changes in place what is read as another view"):
        trace(Changing(said).eval(), (4,))


@pytest.mark.parametrize("said", [copy_is_changed, last_reader, other_name, of_sizes])
def test_what_is_read_as_itself_runs_as_its_module(said):
    network = Changing(said).double().eval()
    x = np.random.default_rng(0).normal(size=(5, 4))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(trace(network, (4,)), x, execution=DOUBLE).logits, expected, atol=1e-12)
