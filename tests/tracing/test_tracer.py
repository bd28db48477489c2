"""Tracing stops at what is one node; a forward that depends on its data is refused with the module that does so."""

import pytest
import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Flatten
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.tracing.trace import trace
from snnhw.tracing.tracer import Tracer, untraceable


def test_a_branch_on_data_is_refused():
    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(
        InputError, match=r"Branch cannot be traced: Branch.forward branches or loops on its data .*own"
    ):
        trace(Branch(), (1, 2, 2))
    inside = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Sequential(Branch()))
    with pytest.raises(InputError, match=r"in '1\.0': Branch\.forward .* modules=\{Branch: \.\.\.\}"):
        trace(inside, (1, 2, 2))


class Own(nn.Module):
    """A layer of a user's own, made of torch's."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


class Grown(Own):
    """A class made from a known one is not known by itself."""


def called(network: nn.Module, tracer: Tracer) -> list[str]:
    """Paths of the modules at which tracing stops."""
    return [str(n.target) for n in tracer.trace(network).nodes if n.op == "call_module"]


def test_tracing_stops_at_our_layers_torchs_and_those_that_are_explained() -> None:
    network = nn.Sequential(Frames(2), Own(), TDBatchNorm(1), MLF(timesteps=2), Grown(), MeanOverTime(2))
    assert called(network, Tracer({})) == ["0", "1.conv", "2", "3", "4.conv", "5"]
    explained = Tracer({Own: lambda name, module, shape: Flatten(name=name, shape=shape)})
    assert called(network, explained) == ["0", "1", "2", "3", "4.conv", "5"]


class Deep(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.first, self.inner = nn.Identity(), inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(self.first(x))


class Loop(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for frame in x:
            x = x + frame
        return x


def test_the_innermost_module_that_loops_on_its_data_is_the_one_that_is_named() -> None:
    network, tracer = Deep(Deep(nn.Sequential(nn.Identity(), Loop()))), Tracer({})
    with pytest.raises(torch.fx.proxy.TraceError) as caught:
        tracer.trace(network)
    assert isinstance(tracer.stuck, Loop) and tracer.stuck_at == "inner.inner.1"
    message = str(untraceable(network, tracer, caught.value))
    assert message.startswith("Deep cannot be traced in 'inner.inner.1': Loop.forward branches or loops on its data (")
    assert message.endswith(
        "say which node a Loop is with modules={Loop: ...}, or read a NIR file that its framework writes."
    )
    assert "\n" not in message
