"""Tracing stops at what is one node; a forward that depends on its data is refused with the module that does so."""

import pytest
import snntorch as snn
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
from tests.tracing.frameworks.standins import StandIn, standin


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


class Looping(nn.Module):
    """A neuron of snnTorch in a loop over time that is given."""

    def __init__(self, spikes):
        super().__init__()
        self.spikes, self.fc, self.fire = spikes, nn.Linear(5, 4), snn.Leaky(0.8, init_hidden=True)

    def forward(self, x):
        return self.spikes(x, lambda frame, *state: self.fire(self.fc(frame), *state))


def preallocated(x, step):
    kept = torch.zeros(6, x.shape[0], 4)
    for t in range(6):
        kept[t] = step(x)
    return kept


SIZE_OF_THE_BATCH = r"^Looping makes a tensor of a .* torch\.zeros; start"  # some releases of torch stop there first
STEP_OF_A_LOOP = (
    r"take the steps of a loop as x\[t\] or x\[:, t\] for t in range\(T\), and give timesteps=T, or --timesteps T\.$"
)


@pytest.mark.parametrize(
    ("spikes", "told", "sentence"),
    [
        (preallocated, None, rf"{SIZE_OF_THE_BATCH}|append every step to a list and return torch\.stack\(list\)\.$"),
        (lambda x, step: torch.stack([step(frame) for frame in x]), 6, STEP_OF_A_LOOP),
        (lambda x, step: step(x, torch.zeros(x.size(0), 4)), None, SIZE_OF_THE_BATCH),
        (lambda x, step: step(x, torch.zeros(x.size(0), 4)), 6, rf"{SIZE_OF_THE_BATCH}|gets all steps, time first"),
        (
            lambda x, step: torch.stack([step(x[t]) for t in range(6)]),
            None,
            r"^Looping takes steps of its input, test_tracer.py line \d+; say how many it has: timesteps=T, or --t",
        ),
        (
            lambda x, step: [step(x) for _ in range(x.size(0))],
            None,
            r"say how many steps the input has: timesteps=T, or --timesteps T on",
        ),
        (lambda x, step: [step(x) for _ in range(x.permute(1, 0, 2).size(0))], 6, r"write the loop as range\(T\)"),
    ],
)
def test_what_stands_against_a_loop_is_said_with_a_remedy_that_works(spikes, told, sentence):
    with pytest.raises(InputError, match=sentence):
        trace(Looping(spikes).eval(), (5,), timesteps=told)


def test_a_neuron_without_a_node_is_named_where_its_state_is_unpacked():
    class Unpacked(nn.Module):
        def __init__(self):
            super().__init__()
            base = type("SNNCell", (StandIn,), {"__module__": "norse.torch.module.snn"})
            self.cell = standin("norse", "LSNNCell", (base,))

        def forward(self, x):
            sent, _ = self.cell(x)
            return sent

    with pytest.raises(
        InputError, match=r"there is no node for cell \(LSNNCell of norse, whose neurons with a node are"
    ):
        trace(Unpacked().eval(), (5,), timesteps=6)
