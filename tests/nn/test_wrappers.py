"""Compiled and parallel networks: what is inside is traced and run, and the wrapper is left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.wrappers import eager, inside, unwrapped
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from snnhw.workflows.load import model_of


class Block(nn.Module):
    """A convolution and its unit."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.mlf = nn.Conv2d(1, 2, 3), MLF(timesteps=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.mlf(self.conv(x))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.frames, self.block, self.flat, self.head = Frames(2), Block(), nn.Flatten(), nn.Linear(8, 3)
        self.mean = MeanOverTime(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean(self.head(self.flat(self.block(self.frames(x)))))


def refuses(network: nn.Module, inputs: object) -> None:
    """A compiler that must not be asked for anything."""
    raise AssertionError("compiled code ran")


def compiled(module: nn.Module) -> nn.Module:
    return torch.compile(module, backend=refuses)


def inner_wrapped(wrap: object) -> Net:
    network = Net()
    network.block, network.head = wrap(network.block), wrap(network.head)
    return network


def in_place() -> Net:
    network = Net()
    network.block.compile(backend=refuses)
    return network


WRAPPED = {
    "compiled": lambda: compiled(Net()),
    "parallel": lambda: nn.DataParallel(Net()),
    "both": lambda: nn.DataParallel(compiled(Net())),
    "compiled inside": lambda: inner_wrapped(compiled),
    "parallel inside": lambda: inner_wrapped(nn.DataParallel),
    "compiled in place": in_place,
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=list(WRAPPED))
def test_a_wrapped_network_is_the_network_inside(wrap):
    torch.manual_seed(0)
    plain = Net().double().eval()
    torch.manual_seed(0)
    network = wrap().double()
    model = model_of(network, (1, 4, 4))
    assert list(model.graph.nodes) == list(trace(plain, (1, 4, 4)).nodes) and model.name == "Net"
    x = np.random.default_rng(0).normal(0, 3, (5, 1, 4, 4))
    with torch.no_grad():
        expected = plain(torch.as_tensor(x)).numpy()
    record = simulate(model.graph, x, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, expected, atol=1e-12)
    for run in (network, model.network):
        told = module_backend(run, model.traced).run(x, False)
        np.testing.assert_allclose(told.logits, expected, atol=1e-12)
        np.testing.assert_array_equal(told.units["block_mlf"].levels, record.units["block_mlf"].levels)


def test_wrappers_are_told_from_what_is_wrapped():
    linear = nn.Linear(2, 2)
    assert inside(linear) is None and unwrapped(linear) is linear
    assert inside(compiled(linear)) is linear and inside(nn.DataParallel(linear)) is linear
    assert unwrapped(nn.DataParallel(nn.DataParallel(compiled(linear)))) is linear


def test_a_wrapper_is_as_before_after_it_ran_what_is_inside():
    network = inner_wrapped(compiled)
    network.block.get_submodule("_orig_mod").conv.compile(backend=refuses)
    before = {path: dict(vars(m)) for path, m in network.named_modules()}
    with pytest.raises(ValueError, match="stop"), eager(network):
        network(torch.zeros(1, 1, 4, 4))
        raise ValueError("stop")
    assert all(vars(m) == before[path] for path, m in network.named_modules())


def test_a_network_whose_forward_was_replaced_is_refused():
    network = Net()
    network.forward = lambda x: -Net.forward(network, x)
    with pytest.raises(InputError, match="The forward of this one Net was replaced"):
        trace(network, (1, 4, 4))
