"""sinabs writes and runs its neurons: cases of foreign_worker.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sinabs.activation as activation
import sinabs.layers as sl
import torch
from foreign_data import (
    AROUND,
    BIAS,
    CHANNELS,
    HEAD,
    IMAGE,
    IMAGES,
    INTO,
    KERNEL,
    ONWARD,
    SECOND,
    THETA,
    Ran,
    X,
)  # fmt: skip
from foreign_torch import Ears, conv, linear
from sinabs.nir import to_nir

TOLD = {"written_by": "sinabs"}
HALVES = (1 / np.log(2) / np.array([1, 2, 1, 3, 1])).astype(np.float32)  # exp(-1/tau) is 1/2, 1/4, 1/8
ONE = activation.SingleSpike


def run(network: Any, neurons: str, x: Any = X, lost: str = "", squeezed: bool = False, **told: Any) -> Ran:
    """`neurons`: places of neurons in the network, which are called so in the file; `squeezed`: [T, ...] goes in."""
    frames = torch.from_numpy(x if squeezed else x[None])

    def forget() -> None:
        for name in neurons:
            network.get_submodule(name).reset_states()
            network.get_submodule(name)._forward_hooks.clear()

    with torch.no_grad():
        network(frames)
        forget()
        ears = Ears(network, {name: name for name in neurons})
        outputs = network(frames).numpy().reshape(len(x), -1)
        forget()
        graph = to_nir(network, frames[:1] if squeezed else frames[:, :1])
    spikes = {name: rows[0].reshape(len(x), -1) for name, rows in ears.rows.items()}
    return Ran(graph, spikes, TOLD | told, outputs, x, lost, versions=("sinabs",))


def lif(taus: Any = HALVES, theta: Any = THETA, **arguments: Any) -> Any:
    """Leaky neurons that differ among each other, one spike a step, the input as it is."""
    usual = {"spike_fn": ONE, "norm_input": False, "spike_threshold": torch.from_numpy(np.array(theta, np.float32))}
    return sl.LIF(tau_mem=torch.from_numpy(np.array(taus, np.float32)), **(usual | arguments))


def iaf(theta: Any = THETA, **arguments: Any) -> Any:
    return sl.IAF(**({"spike_fn": ONE, "spike_threshold": torch.from_numpy(np.array(theta, np.float32))} | arguments))


def single(neurons: Any, lost: str = "", **told: Any) -> Ran:
    """A matrix with a bias in front of `neurons`."""
    return run(torch.nn.Sequential(linear(INTO, BIAS), neurons), "1", lost=lost, **told)


def read_out() -> Ran:
    """Two layers of neurons and leaky integrators that are read."""
    last = sl.ExpLeak(tau_mem=torch.full((4,), 8.0))
    network = torch.nn.Sequential(linear(INTO, BIAS), lif(), linear(AROUND), iaf(), linear(ONWARD), last)
    ran = run(network, "135")
    del ran.spikes["5"]
    return ran


def convolutional() -> Ran:
    """Neurons that take [batch * time, ...] and know the batch size; shapes are filled in before it is written."""
    one, two, three = (
        sl.IAFSqueeze(batch_size=1, spike_fn=ONE, spike_threshold=torch.full(shape, theta))
        for shape, theta in (((CHANNELS, *IMAGE[1:]), 1.0), ((CHANNELS, 3, 3), 2.0), ((4,), 1.5))
    )
    network = torch.nn.Sequential(
        conv(KERNEL, padding=1), one, sl.SumPool2d(2), conv(SECOND, padding=1), two, torch.nn.Flatten(), linear(HEAD),
        three,
    )  # fmt: skip
    ran = run(network, "147", IMAGES, squeezed=True)
    ran.graph.infer_types()
    return ran


CASES: dict[str, Callable[[], Ran]] = {
    "lif": lambda: single(lif()),
    "lif_usual_tau": lambda: single(lif(taus=[8.0, 10.0, 20.0, 5.0, 15.0])),
    "lif_multispike": lambda: single(lif(spike_fn=activation.MultiSpike), "spike_fn"),
    "lif_norm_input": lambda: single(lif(norm_input=True), "norm_input"),
    "lif_syn": lambda: single(lif(tau_syn=torch.full((5,), 2.0)), "tau_syn"),
    "lif_min": lambda: single(lif(min_v_mem=0.0), "min_v_mem"),
    "lif_reset": lambda: single(lif(reset_fn=activation.MembraneReset()), reset="hard"),
    "iaf": lambda: single(iaf()),
    "iaf_multispike": lambda: single(iaf(spike_fn=activation.MultiSpike), "spike_fn"),
    "exp_leak": read_out,
    "conv": convolutional,
}

REFUSED: dict[str, Callable[[], Ran]] = {
    "LIFRecurrent": lambda: single(
        sl.LIFRecurrent(tau_mem=torch.from_numpy(HALVES), rec_connect=linear(AROUND), norm_input=False)
    ),
    "ALIF": lambda: single(sl.ALIF(tau_mem=8.0, tau_adapt=10.0)),
    "AvgPool2d": lambda: run(torch.nn.Sequential(torch.nn.AvgPool2d(2)), "", IMAGES),
}
