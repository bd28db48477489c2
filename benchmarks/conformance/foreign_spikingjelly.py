"""SpikingJelly writes and runs its neurons: cases of foreign_worker.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from foreign_data import (
    AROUND,
    BIAS,
    CHANNELS,
    HEAD,
    IMAGES,
    INTO,
    KERNEL,
    ONWARD,
    SECOND,
    Ran,
    X,
)  # fmt: skip
from foreign_torch import Ears, conv, linear
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir

TOLD = {"written_by": "spikingjelly"}


def run(network: torch.nn.Module, neurons: dict[str, str], options: dict[str, Any], dt: float, x: Any = X) -> Ran:
    """`neurons`: submodule -> node of the file; `dt`: the step that the exporter writes."""
    graph = export_to_nir(network, torch.from_numpy(x[:1]), dt=dt)
    functional.reset_net(network)
    ears = Ears(network, neurons)
    with torch.no_grad():
        outputs = [network(frame[None])[0].numpy() for frame in torch.from_numpy(x)]
    return Ran(graph, ears.steps(), options, np.stack(outputs), x, versions=("spikingjelly",))


def two_layers(kind: Callable[[], Any], options: dict[str, Any], dt: float) -> Ran:
    """Two matrices with neurons behind them."""
    network = torch.nn.Sequential(linear(INTO, BIAS), kind(), linear(ONWARD), kind())
    return run(network, {"1": "_1", "3": "_3"}, options, dt)


def learned(decay_input: bool = False) -> Any:
    """A time constant that is learned, 1/sigmoid(0) = 2."""
    return neuron.ParametricLIFNode(init_tau=2.0, decay_input=decay_input)


def convolutional() -> Ran:
    """Layers of SpikingJelly, and one average pool."""
    network = torch.nn.Sequential(
        layer.Conv2d(2, CHANNELS, 3, padding=1, bias=False), neuron.IFNode(v_threshold=1.0), layer.AvgPool2d(2),
        layer.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False), neuron.LIFNode(tau=2.0, decay_input=False),
        layer.Flatten(), layer.Linear(HEAD.shape[1], HEAD.shape[0], bias=False), neuron.IFNode(v_threshold=1.5),
    )  # fmt: skip
    for place, weight in ((0, KERNEL), (3, SECOND), (6, HEAD)):
        network[place].weight.data = torch.from_numpy(weight.copy())
    return run(network, {"1": "_1", "4": "_4", "7": "_7"}, TOLD, 1e-3, IMAGES)


class Residual(torch.nn.Module):
    """Spikes of two populations added (SEW, Fang et al. 2021)."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.one = linear(INTO, BIAS), neuron.IFNode(v_threshold=1.0)
        self.around, self.two = linear(AROUND), neuron.IFNode(v_threshold=0.5)
        self.head, self.last = linear(ONWARD), neuron.IFNode(v_threshold=2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One step."""
        one = self.one(self.into(x))
        return self.last(self.head(one + self.two(self.around(one))))


CASES: dict[str, Callable[[], Ran]] = {
    "if": lambda: two_layers(lambda: neuron.IFNode(v_threshold=1.5), TOLD, 1e-3),
    "if_reset": lambda: two_layers(lambda: neuron.IFNode(v_threshold=1.5, v_reset=-0.5), TOLD, 1e-3),
    "lif": lambda: two_layers(lambda: neuron.LIFNode(tau=2.0, decay_input=False), TOLD, 1e-3),
    "lif_reset": lambda: two_layers(
        lambda: neuron.LIFNode(tau=4.0, decay_input=False, v_threshold=1.5, v_reset=-0.25), TOLD, 5e-3
    ),
    "lif_decay_input": lambda: two_layers(
        lambda: neuron.LIFNode(tau=2.0, decay_input=True, v_threshold=0.5), TOLD | {"dt": 1e-3}, 1e-3
    ),
    "lif_decay_input_reset": lambda: two_layers(
        lambda: neuron.LIFNode(tau=2.0, v_threshold=0.5, v_reset=-0.25), TOLD | {"dt": 1e-3}, 1e-3
    ),
    "plif": lambda: two_layers(learned, TOLD, 2e-3),
    "cuba": lambda: two_layers(lambda: neuron.CUBALIFNode(c_decay=0.5, v_decay=0.5, v_threshold=1.0), TOLD, 1e-3),
    "cuba_reset": lambda: two_layers(
        lambda: neuron.CUBALIFNode(c_decay=0.5, v_decay=0.5, v_threshold=1.0, v_reset=-0.5), TOLD, 1e-3
    ),
    "conv": convolutional,
    "residual": lambda: run(Residual(), {"one": "one", "two": "two", "last": "last"}, TOLD, 1e-3),
}

REFUSED: dict[str, Callable[[], Ran]] = {
    "IFNode(v_reset=None)": lambda: two_layers(lambda: neuron.IFNode(v_reset=None), TOLD, 1e-3),
    "LIFNode(v_reset=None)": lambda: two_layers(lambda: neuron.LIFNode(v_reset=None), TOLD, 1e-3),
    "KLIFNode()": lambda: two_layers(lambda: neuron.KLIFNode(), TOLD, 1e-3),
    "MaxPool2d(2)": lambda: run(
        torch.nn.Sequential(conv(KERNEL), torch.nn.MaxPool2d(2), neuron.IFNode()), {}, TOLD, 1e-3, IMAGES
    ),
}
