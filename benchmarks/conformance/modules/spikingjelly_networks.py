"""Networks of SpikingJelly's modules, and each of its neurons alone."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from cases import Case, frames, in_steps, train
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import Tensor, nn

sys.path.append(str(Path(__file__).parents[3] / "tests"))

from attention_nets import Spikformer, random_weights

VERSION = version("spikingjelly")
T, B = 8, 4


def over_time(network: nn.Module, x: Tensor) -> Tensor:
    functional.reset_net(network)
    return network(x).mean(0)


def conv() -> Case:
    net = nn.Sequential(
        *(layer.Conv2d(2, 8, 3, padding=1, bias=False), layer.BatchNorm2d(8), neuron.LIFNode(v_threshold=0.4)),
        *(layer.AvgPool2d(2), layer.Conv2d(8, 8, 3, padding=1), neuron.IFNode(v_threshold=0.3)),
        *(layer.Flatten(), layer.Linear(128, 10)),
    )
    functional.set_step_mode(net, "m")
    return Case("convolutions, `step_mode='m'`", net, frames(T, B, 2, 8, 8), over_time, {"timesteps": T})


class Loop(nn.Module):
    """SpikingJelly's own tutorial: single steps in a loop over T, the mean of what comes out."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.layers = nn.Sequential(
            *(layer.Flatten(), layer.Linear(64, 32), neuron.LIFNode(tau=3.0), layer.Linear(32, 10), neuron.LIFNode())
        )

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        fired = 0
        for _ in range(self.steps):
            fired = fired + self.layers(x)
        return fired / self.steps


def loop() -> Case:
    def run(network: nn.Module, x: Tensor) -> Tensor:
        functional.reset_net(network)
        return network(x)

    return Case("single steps in a loop of the forward, `out / T`", Loop(T), frames(B, 1, 8, 8, high=6), run)


class Block(nn.Module):
    """A SEW block (Fang et al., NeurIPS 2021): the spikes of a shortcut are added to those of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = layer.SeqToANNContainer(nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.first, self.second = neuron.IFNode(v_threshold=0.3), neuron.IFNode(v_threshold=0.3, v_reset=None)
        self.conv, self.third = layer.Conv2d(8, 8, 3, padding=1), neuron.ParametricLIFNode(v_threshold=0.2)
        self.again = layer.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 10)
        functional.set_step_mode(self, "m")

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        x = x.unsqueeze(0).repeat(T, 1, 1, 1, 1)
        x = self.first(self.stem(x))
        x = self.third(self.again(self.second(self.conv(x)))) + x
        return self.head(x.mean((3, 4))).mean(0)


def residual() -> Case:
    def run(network: nn.Module, x: Tensor) -> Tensor:
        functional.reset_net(network)
        return network(x)

    return Case("SEW block, `repeat` and `SeqToANNContainer`", Block(), frames(B, 2, 8, 8, high=4), run)


def spiking() -> Case:
    inner = layer.MultiStepContainer(nn.Linear(40, 10), neuron.LIFNode(v_threshold=0.15))
    net = nn.Sequential(layer.Linear(20, 40), neuron.LIFNode(v_threshold=0.3), inner)
    functional.set_step_mode(net[:2], "m")
    return Case("ends in neurons, `MultiStepContainer`", net, frames(T, B, 20), over_time, {"timesteps": T})


def constants() -> Case:
    net = nn.Sequential(
        *(layer.Linear(20, 40), neuron.LIFNode(tau=1.7, decay_input=False, v_threshold=0.7, v_reset=-0.3)),
        *(layer.Linear(40, 40), neuron.ParametricLIFNode(init_tau=3.0, v_threshold=0.2, v_reset=None)),
        *(layer.Linear(40, 10), neuron.IFNode(v_threshold=0.5, v_reset=0.1)),
    )
    functional.set_step_mode(net, "m")
    return Case("`tau`, `decay_input`, `v_reset` of their own", net, frames(T, B, 20), over_time, {"timesteps": T})


def single() -> Case:
    net = nn.Sequential(layer.Linear(20, 40), neuron.LIFNode(v_threshold=0.2, v_reset=None), layer.Linear(40, 10))

    def run(network: nn.Module, x: Tensor) -> Tensor:
        functional.reset_net(network)
        return in_steps(network, x)

    return Case("one call is one step", net, frames(T, B, 20), run, {"timesteps": T})


def integers() -> Case:
    """Integer neurons of 2.0, which send 0..D: time first, and a shortcut."""
    ilif = {"step_mode": "m", "surrogate_function": surrogate.MultiLevelSpikeCount(4)}
    net = nn.Sequential(
        layer.Conv2d(2, 6, 3, padding=1, step_mode="m"),
        neuron.ILIFNode(**ilif),
        layer.Conv2d(6, 8, 3, stride=2, step_mode="m"),
        neuron.ILIFNode(**ilif | {"tau": 2.0, "v_threshold": 0.5}),
        layer.Flatten(step_mode="m"),
        layer.Linear(8 * 9, 10, step_mode="m"),
    )
    return Case("`ILIFNode`, integers 0..4", net, frames(T, B, 2, 8, 8, high=4.0), over_time, {"timesteps": T})


def late() -> Case:
    """A norm that knows the threshold, spikes that arrive two steps later, and a surrogate of one's own."""
    norm = layer.ThresholdDependentBatchNorm2d(0.5, 1.0, 6)
    norm.running_mean.normal_(0, 0.3)
    norm.running_var.uniform_(0.3, 2.0)
    strict = {"v_threshold": 0.5, "surrogate_function": lambda u: (u > 0).to(u)}
    net = nn.Sequential(
        *(layer.Conv2d(2, 6, 3, padding=1), norm, neuron.LIFNode(v_threshold=0.3), layer.Delay(2)),
        *(layer.Flatten(), layer.Linear(6 * 36, 24), neuron.IFNode(**strict), layer.Linear(24, 10)),
    )
    functional.set_step_mode(net, "m")
    what = "`ThresholdDependentBatchNorm2d`, `Delay`, own surrogate"
    return Case(what, net, frames(T, B, 2, 6, 6, high=3.0), over_time, {"timesteps": T})


def spikformer() -> Case:
    """Spikformer (Zhou et al., ICLR 2023) with two blocks of 32 channels and 4 heads on 16 x 16 pixels."""

    def lif(threshold: float = 1.0) -> nn.Module:
        return neuron.LIFNode(tau=2.0, v_threshold=threshold, step_mode="m")

    def run(network: nn.Module, x: Tensor) -> Tensor:
        functional.reset_net(network)
        return network(x)

    net = random_weights(Spikformer(neuron=lif))
    return Case("Spikformer, two blocks", net, frames(2, 3, 16, 16), run)


def trained() -> Case:
    net = Loop(T)

    def logits(x: Tensor) -> Tensor:
        functional.reset_net(net)
        return net(x * 4)

    accuracy = train(net, logits)
    functional.reset_net(net)

    def run(network: nn.Module, x: Tensor) -> Tensor:
        functional.reset_net(network)
        return network(x)

    from cases import digits

    return Case(f"trained on digits to {accuracy:.1%}", net, digits(1797)[0][1500:] * 4, run)


def recurrent() -> Case:
    inner = nn.Sequential(nn.Linear(40, 30), neuron.LIFNode(v_threshold=0.15))
    net = nn.Sequential(
        *(layer.Linear(20, 40), neuron.IFNode(v_threshold=0.4)),
        *(layer.LinearRecurrentContainer(inner, 40, 30), layer.Linear(30, 10)),
    )
    functional.set_step_mode(net, "m")
    return Case("`LinearRecurrentContainer`", net, frames(T, B, 20), over_time, {"timesteps": T})


def element_wise() -> Case:
    inner = neuron.ParametricLIFNode(init_tau=3.0, v_threshold=0.4, v_reset=None)
    net = nn.Sequential(
        *(layer.Linear(20, 40), layer.ElementWiseRecurrentContainer(inner, lambda x, y: x + y)),
        *(layer.Linear(40, 50), neuron.LIFNode(v_threshold=0.1), layer.VotingLayer(5)),
    )
    functional.set_step_mode(net, "m")
    return Case("`ElementWiseRecurrentContainer`, `VotingLayer`", net, frames(T, B, 20), over_time, {"timesteps": T})


NETWORKS = {
    "conv": conv,
    "loop": loop,
    "residual": residual,
    "spiking": spiking,
    "constants": constants,
    "single": single,
    "integers": integers,
    "recurrent": recurrent,
    "element_wise": element_wise,
    "trained": trained,
    "late": late,
    "spikformer": spikformer,
}
NEURONS: dict[str, Any] = {
    "if": neuron.IFNode(),
    "if_soft": neuron.IFNode(v_threshold=0.7, v_reset=None),
    "if_reset": neuron.IFNode(v_threshold=0.9, v_reset=-0.4),
    "lif": neuron.LIFNode(v_threshold=0.4),
    "lif_undecayed": neuron.LIFNode(tau=1.6, decay_input=False, v_reset=0.2),
    "lif_soft": neuron.LIFNode(tau=3.0, v_threshold=0.3, v_reset=None),
    "plif": neuron.ParametricLIFNode(init_tau=4.0, v_threshold=0.2, v_reset=-0.1),
    "plif_undecayed": neuron.ParametricLIFNode(init_tau=2.5, decay_input=False, v_reset=None),
    "ilif": neuron.ILIFNode(),
    "ilif_of_two": neuron.ILIFNode(
        tau=2.0, v_threshold=0.25, surrogate_function=surrogate.MultiLevelSpikeCount(2), step_mode="s"
    ),
}


def attributes(module: Any) -> dict[str, Any]:
    """What the adapter reads."""
    found = {key: getattr(module, key) for key in ("v_threshold", "v_reset", "step_mode")}
    found.update({key: getattr(module, key) for key in ("tau", "decay_input") if hasattr(module, key)})
    found.update({"w": float(module.w)} if hasattr(module, "w") else {})
    most = getattr(module.surrogate_function, "max_spike_count", None)
    return found if most is None else found | {"max_spike_count": most}


def alone(module: Any, current: Tensor) -> Tensor:
    """Spikes [T, n] of a neuron for its current [T, n]."""
    module.reset()
    return torch.stack([module(x[None])[0] for x in current])
