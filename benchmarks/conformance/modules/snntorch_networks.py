"""Networks of snnTorch's modules; its neurons alone are compared in the tests, where snnTorch is installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import snntorch as snn
import torch
from cases import Case, digits, frames, in_steps, train
from snntorch import utils
from torch import Tensor, nn

VERSION = version("snntorch")
T, B = 16, 4
HIDDEN: dict[str, Any] = {"init_hidden": True}


def stepped(network: nn.Module, x: Tensor) -> Tensor:
    utils.reset(network)
    return in_steps(network, x)


def conv() -> Case:
    """The network of snnTorch's sixth tutorial, with average pools."""
    net = nn.Sequential(
        *(nn.Conv2d(1, 12, 3), nn.AvgPool2d(2), snn.Leaky(0.5, threshold=0.2, **HIDDEN), nn.Flatten()),
        *(nn.Linear(108, 10), snn.Leaky(0.5, threshold=0.2, output=True, **HIDDEN)),
    )
    return Case("convolution, `init_hidden`", net, frames(T, B, 1, 8, 8), stepped, {"timesteps": T})


class Tutorial(nn.Module):
    """The network of snnTorch's fifth tutorial."""

    def __init__(self, inputs: int, beta: float, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.fc1, self.lif1 = nn.Linear(inputs, 48), snn.Leaky(beta=beta)
        self.fc2, self.lif2 = nn.Linear(48, 10), snn.Leaky(beta=beta)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What the network gives."""
        mem1 = self.lif1.init_leaky()
        mem2 = self.lif2.init_leaky()
        spk2_rec, mem2_rec = [], []
        for _ in range(self.steps):
            cur1 = self.fc1(x)
            spk1, mem1 = self.lif1(cur1, mem1)
            cur2 = self.fc2(spk1)
            spk2, mem2 = self.lif2(cur2, mem2)
            spk2_rec.append(spk2)
            mem2_rec.append(mem2)
        return torch.stack(spk2_rec, dim=0), torch.stack(mem2_rec, dim=0)


def recorded(network: nn.Module, x: Tensor) -> Tensor:
    return network(x)[0].double().mean(0)


def tutorial() -> Case:
    return Case("loop over time, states by hand, `torch.stack`", Tutorial(20, 0.95, T), frames(B, 20, high=4), recorded)


def recurrent() -> Case:
    net = nn.Sequential(
        *(nn.Linear(20, 40), snn.RLeaky(0.8, linear_features=40, threshold=0.4, **HIDDEN), nn.Linear(40, 30)),
        *(snn.RSynaptic(0.6, 0.8, all_to_all=False, V=0.3, threshold=0.6, **HIDDEN), nn.Linear(30, 10)),
    )
    return Case("`RLeaky`, `RSynaptic`", net, frames(T, B, 20), stepped, {"timesteps": T})


class Residual(nn.Module):
    """Events [T, B, ...] step by step, with a shortcut around the second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one = nn.Conv2d(1, 8, 3, padding=1), snn.Leaky(0.7, threshold=0.3)
        self.again, self.two = nn.Conv2d(8, 8, 3, padding=1), snn.Synaptic(0.5, 0.7, threshold=0.4)
        self.head = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        mem1 = self.one.reset_mem()
        syn2, mem2 = self.two.reset_mem()
        total = 0
        for step in range(x.size(0)):
            spk1, mem1 = self.one(self.conv(x[step]), mem1)
            spk2, syn2, mem2 = self.two(self.again(spk1), syn2, mem2)
            total += self.head((spk1 + spk2).flatten(1))
        return total


def residual() -> Case:
    return Case(
        "steps of the input, a shortcut", Residual(), frames(T, B, 1, 8, 8), lambda n, x: n(x), {"timesteps": T}
    )


def spiking() -> Case:
    net = nn.Sequential(
        *(nn.Linear(20, 40), snn.Lapicque(R=2.0, C=4.0, threshold=0.2, **HIDDEN), nn.Linear(40, 10)),
        snn.Lapicque(beta=0.8, threshold=0.1, output=True, **HIDDEN),
    )
    return Case("`Lapicque`, ends in neurons", net, frames(T, B, 20), stepped, {"timesteps": T})


def constants() -> Case:
    own = {"beta": torch.linspace(0, 1, 40) * 0.8 + 0.1, "threshold": torch.linspace(0.1, 1, 40), "learn_beta": True}
    net = nn.Sequential(
        *(nn.Linear(20, 40), snn.Leaky(**own, **HIDDEN), nn.Linear(40, 40)),
        *(snn.Leaky(1.5, reset_mechanism="zero", threshold=0.4, **HIDDEN), nn.Linear(40, 40)),
        *(snn.Leaky(0.5, reset_mechanism="none", threshold=0.2, **HIDDEN), nn.Linear(40, 10)),
    )
    return Case("beta and threshold for each neuron, resets", net, frames(T, B, 20), stepped, {"timesteps": T})


class Images(nn.Module):
    """The networks of snnTorch's tutorials on images: max pools before the neurons, one call for each step."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(1, 12, 5, padding=2), nn.MaxPool2d(2), snn.Leaky(beta=0.5, threshold=0.3, **HIDDEN)),
            *(nn.Conv2d(12, 16, 3, padding=1), nn.MaxPool2d(2), snn.Leaky(beta=0.5, threshold=0.3, **HIDDEN)),
            *(nn.Flatten(), nn.Linear(64, 10), snn.Leaky(beta=0.5, threshold=0.3, output=True, **HIDDEN)),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes and membranes of all steps."""
        utils.reset(self.layers)
        spikes, membranes = [], []
        for _ in range(T):
            spk, mem = self.layers(x)
            spikes.append(spk)
            membranes.append(mem)
        return torch.stack(spikes), torch.stack(membranes)


def images() -> Case:
    return Case("convolutions, max pools, `utils.reset` in the forward", Images(), frames(B, 1, 8, 8), recorded)


class Regression(nn.Module):
    """A network that is trained on the membranes of its last neurons, which never reset."""

    def __init__(self, read: str) -> None:
        super().__init__()
        self.read = read
        self.fc1, self.lif1 = nn.Linear(20, 40), snn.Leaky(beta=0.8, threshold=0.4, learn_beta=True)
        self.fc2, self.lif2 = nn.Linear(40, 30), snn.Synaptic(0.7, 0.8, threshold=0.6)
        reset = "subtract" if read == "max" else "none"
        self.fc3, self.lif3 = nn.Linear(30, 10), snn.Leaky(beta=0.9, threshold=0.3, reset_mechanism=reset)

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        mem1, (syn2, mem2), mem3 = self.lif1.reset_mem(), self.lif2.reset_mem(), self.lif3.reset_mem()
        membranes = []
        for step in range(x.size(0)):
            spk1, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, syn2, mem2 = self.lif2(self.fc2(spk1), syn2, mem2)
            _, mem3 = self.lif3(self.fc3(spk2), mem3)
            membranes.append(mem3)
        if self.read == "last":
            return mem3
        return torch.stack(membranes) if self.read == "mean" else torch.stack(membranes).max(0)[0]


def membranes(read: str, what: str) -> Callable[[], Case]:
    def run(network: nn.Module, x: Tensor) -> Tensor:
        return network(x).mean(0) if read == "mean" else network(x)

    return lambda: Case(what, Regression(read), frames(T, B, 20), run, {"timesteps": T})


def trained() -> Case:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), snn.Leaky(0.9, learn_beta=True, **HIDDEN), nn.Linear(48, 10))

    def logits(x: Tensor) -> Tensor:
        utils.reset(net)
        return in_steps(net, x.expand(T, *x.shape))

    accuracy = train(net, logits)
    utils.reset(net)
    images = digits(1797)[0][1500:]
    return Case(f"trained on digits to {accuracy:.1%}", net, images.expand(T, *images.shape), stepped, {"timesteps": T})


NETWORKS = {
    "conv": conv,
    "tutorial": tutorial,
    "recurrent": recurrent,
    "residual": residual,
    "spiking": spiking,
    "constants": constants,
    "images": images,
    "membranes": membranes("mean", "ends in membranes that never reset"),
    "largest": membranes("max", "the largest membrane of neurons that reset"),
    "last": membranes("last", "the membrane of the last step"),
    "trained": trained,
}
NEURONS: dict[str, Any] = {}
