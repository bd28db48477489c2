"""Networks of sinabs' modules, most with at most one spike in a step, and each of its neurons alone."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import sinabs.activation as sa
import sinabs.layers as sl
import torch
from cases import Case, digits, frames, train
from torch import Tensor, nn

VERSION = version("sinabs")
T, B = 12, 4
ONE = {"spike_fn": sa.SingleSpike}


def reset(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, sl.StatefulLayer):
            module.reset_states()


def batch_first(network: nn.Module, x: Tensor) -> Tensor:
    reset(network)
    return network(x.transpose(0, 1)).mean(1)


def in_rows(network: nn.Module, x: Tensor) -> Tensor:
    reset(network)
    rows = x.transpose(0, 1)
    return network(rows.flatten(0, 1)).unflatten(0, rows.shape[:2]).mean(1)


def conv() -> Case:
    net = nn.Sequential(
        *(nn.Conv2d(1, 8, 3, bias=False), sl.IAFSqueeze(num_timesteps=T, **ONE), sl.SumPool2d(2), nn.Conv2d(8, 8, 2)),
        *(sl.IAFSqueeze(num_timesteps=T, **ONE), nn.Flatten(), nn.Linear(32, 10)),
    )
    return Case("convolutions, `IAFSqueeze`, `SumPool2d`", net, frames(T, B, 1, 8, 8), in_rows, {"timesteps": T})


def leaky() -> Case:
    net = nn.Sequential(
        *(sl.Repeat(nn.Conv2d(1, 8, 3)), sl.LIF(tau_mem=8.0, spike_threshold=torch.tensor(0.2), **ONE)),
        *(sl.Repeat(nn.Flatten()), nn.Linear(288, 10), sl.ExpLeak(tau_mem=6.0)),
    )
    return Case("`Repeat`, `LIF`, `ExpLeak`", net, frames(T, B, 1, 8, 8), batch_first, {"timesteps": T})


def bursts() -> Case:
    net = nn.Sequential(
        *(nn.Conv2d(1, 8, 3, bias=False), sl.IAFSqueeze(num_timesteps=T, spike_fn=sa.MaxSpike(4))),
        *(nn.Conv2d(8, 8, 3, stride=2), sl.IAFSqueeze(num_timesteps=T, spike_fn=sa.MaxSpike(3))),
        *(nn.Flatten(), nn.Linear(32, 10)),
    )
    return Case("`MaxSpike(4)`, bursts", net, frames(T, B, 1, 8, 8, high=6.0), in_rows, {"timesteps": T})


def recurrent() -> Case:
    around = nn.Linear(40, 40)
    net = nn.Sequential(
        *(nn.Linear(20, 40), sl.LIFRecurrent(tau_mem=8.0, rec_connect=around, norm_input=False, **ONE)),
        nn.Linear(40, 10),
    )
    return Case("`LIFRecurrent` with a biased matrix", net, frames(T, B, 20), batch_first, {"timesteps": T})


class Residual(nn.Module):
    """Two branches that `Merge` adds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one = nn.Conv2d(1, 8, 3, padding=1), sl.IAFSqueeze(num_timesteps=T, **ONE)
        self.again, self.two = nn.Conv2d(8, 8, 3, padding=1), sl.IAFSqueeze(num_timesteps=T, **ONE)
        self.merge, self.head = sl.Merge(), nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(32, 10))

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        x = self.one(self.conv(x))
        return self.head(self.merge(self.two(self.again(x)), x))


def residual() -> Case:
    return Case("two branches and `Merge`", Residual(), frames(T, B, 1, 8, 8), in_rows, {"timesteps": T})


def spiking() -> Case:
    net = nn.Sequential(nn.Linear(20, 40), sl.IAF(**ONE), nn.Linear(40, 10), sl.IAF(**ONE))
    return Case("ends in neurons", net, frames(T, B, 20), batch_first, {"timesteps": T})


def constants() -> Case:
    first = sl.LIF(tau_mem=torch.linspace(2, 20, 40), tau_syn=3.0, norm_input=False, reset_fn=sa.MembraneReset(), **ONE)
    second = sl.LIF(
        tau_mem=5.0, train_alphas=True, spike_fn=sa.MaxSpike(1), reset_fn=sa.MembraneSubtract(0.1),
        spike_threshold=torch.tensor(0.15),
    )  # fmt: skip
    net = nn.Sequential(nn.Linear(20, 40), first, nn.Linear(40, 40), second, nn.Linear(40, 10))
    return Case("`tau_syn`, a tau for each neuron, own resets", net, frames(T, B, 20), batch_first, {"timesteps": T})


def trained() -> Case:
    net = nn.Sequential(nn.Linear(64, 48), sl.LIF(tau_mem=10.0, norm_input=False, **ONE), nn.Linear(48, 10))

    def shown(x: Tensor) -> Tensor:
        return x.flatten(1)[:, None].expand(-1, T, -1)

    def logits(x: Tensor) -> Tensor:
        for module in net.modules():
            if isinstance(module, sl.StatefulLayer):
                module.init_state_with_shape((len(x), 48))
        return net(shown(x)).mean(1)

    accuracy = train(net, logits)
    net[1].init_state_with_shape((297, 48))
    images = shown(digits(1797)[0][1500:]).transpose(0, 1)
    return Case(f"trained on digits to {accuracy:.1%}", net, images, batch_first, {"timesteps": T})


NETWORKS = {
    "conv": conv,
    "leaky": leaky,
    "bursts": bursts,
    "recurrent": recurrent,
    "residual": residual,
    "spiking": spiking,
    "constants": constants,
    "trained": trained,
}
NEURONS: dict[str, Any] = {
    "iaf": sl.IAF(**ONE),
    "lif": sl.LIF(tau_mem=6.0, spike_threshold=torch.tensor(0.15), **ONE),
    "lif_current": sl.LIF(tau_mem=6.0, tau_syn=3.0, norm_input=False, reset_fn=sa.MembraneReset(), **ONE),
    "lif_alphas": sl.LIF(
        tau_mem=5.0,
        train_alphas=True,
        spike_fn=sa.MaxSpike(1),
        reset_fn=sa.MembraneSubtract(0.1),
        spike_threshold=torch.tensor(0.15),
    ),
    "leak": sl.ExpLeak(tau_mem=4.0, norm_input=True),
    "recurrent": sl.LIFRecurrent(tau_mem=6.0, norm_input=False, rec_connect=nn.Linear(6, 6), **ONE),
    "recurrent_iaf": sl.IAFRecurrent(rec_connect=nn.Linear(6, 6, bias=False), **ONE),
    "burst": sl.LIF(
        tau_mem=6.0,
        tau_syn=2.0,
        norm_input=False,
        spike_fn=sa.MaxSpike(3),
        spike_threshold=torch.tensor(0.3),
    ),
}
STORED = ("tau_mem", "tau_syn", "alpha_mem", "alpha_syn", "spike_threshold", "min_v_mem", "norm_input", "train_alphas")


def attributes(module: Any) -> dict[str, Any]:
    """What the adapter reads."""
    values = {key: getattr(module, key) for key in STORED if hasattr(module, key)}
    found = {k: v.tolist() if isinstance(v, Tensor) else v for k, v in values.items()}
    if module.spike_fn is not None:
        most = getattr(module.spike_fn, "max_num_spikes_per_bin", None)
        found["spike_fn"] = {"class": getattr(module.spike_fn, "__name__", "MaxSpike"), "max_num_spikes_per_bin": most}
        found["reset_fn"] = {"class": type(module.reset_fn).__name__, **vars(module.reset_fn)}
    if hasattr(module, "rec_connect"):
        bias = module.rec_connect.bias
        found["rec_connect"] = {"weight": module.rec_connect.weight.tolist()}
        found["rec_connect"]["bias"] = None if bias is None else bias.tolist()
    return found


def alone(module: Any, current: Tensor) -> Tensor:
    """What a neuron sends [T, n] for its current [T, n]."""
    return module(current[None])[0].detach()
