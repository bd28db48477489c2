"""Networks of norse's modules, and each of its neurons alone."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import norse.torch as nt
import torch
from cases import Case, digits, frames, train
from norse.torch.functional.reset import reset_subtract
from torch import Tensor, nn

VERSION = version("norse")
T, B = 16, 4
as_tensor = torch.as_tensor


def lif(threshold: float, **others: Any) -> Any:
    return nt.LIFParameters(v_th=as_tensor(threshold), **{k: as_tensor(v) for k, v in others.items()})


def over_time(network: nn.Module, x: Tensor) -> Tensor:
    return network(x)[0].mean(0)


def in_steps(network: nn.Module, x: Tensor) -> Tensor:
    state, sent = None, []
    for frame in x:
        out, state = network(frame, state)
        sent.append(out)
    return torch.stack(sent).mean(0)


def conv() -> Case:
    net = nt.SequentialState(
        *(nt.Lift(nn.Conv2d(1, 8, 3)), nt.LIF(lif(0.3)), nt.Lift(nn.Flatten()), nn.Linear(288, 10), nt.LI())
    )
    return Case("convolution, `Lift`, `LIF`, `LI`", net, frames(T, B, 1, 8, 8, high=4), over_time, {"timesteps": T})


def cells() -> Case:
    net = nt.SequentialState(nn.Linear(20, 40), nt.LIFCell(lif(0.3)), nn.Linear(40, 10), nt.LICell())
    return Case("`LIFCell` and `LICell`, one call is one step", net, frames(T, B, 20), in_steps, {"timesteps": T})


def recurrent() -> Case:
    net = nt.SequentialState(nt.LIFRecurrent(20, 40, lif(0.4)), nn.Linear(40, 10))
    return Case("`LIFRecurrent`", net, frames(T, B, 20), over_time, {"timesteps": T})


class Residual(nn.Module):
    """norse's own example of a loop over time, with a shortcut around its second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one = nn.Conv2d(1, 8, 3, padding=1), nt.LIFCell(lif(0.2))
        self.again, self.two = nn.Conv2d(8, 8, 3, padding=1), nt.LIFCell(lif(0.2))
        self.head, self.out = nn.Linear(512, 10), nt.LICell()

    def forward(self, x: Tensor) -> Tensor:
        """What the network gives."""
        one = two = out = None
        voltages = []
        for _ in range(T):
            z, one = self.one(self.conv(x), one)
            y, two = self.two(self.again(z), two)
            v, out = self.out(self.head(torch.flatten(y + z, 1)), out)
            voltages += [v]
        return torch.stack(voltages)


def residual() -> Case:
    net = Residual()
    return Case("loop over time with a shortcut", net, frames(B, 1, 8, 8, high=4), lambda n, x: n(x).mean(0))


def spiking() -> Case:
    net = nt.SequentialState(nn.Linear(20, 40), nt.LIF(lif(0.2)), nn.Linear(40, 10), nt.LIF(lif(0.05)))
    return Case("ends in neurons", net, frames(T, B, 20), over_time, {"timesteps": T})


def constants() -> Case:
    box = nt.LIFBoxParameters(
        tau_mem_inv=as_tensor(200.0), v_th=as_tensor(0.2), v_leak=as_tensor(0.05), reset_method=reset_subtract
    )
    own = lif(0.4, v_leak=0.1, v_reset=-0.2, tau_syn_inv=400.0, tau_mem_inv=80.0)
    net = nt.SequentialState(
        *(nn.Linear(20, 40), nt.LIFCell(own, dt=0.002), nn.Linear(40, 40), nt.LIFBoxCell(box)),
        *(nn.Linear(40, 10), nt.IAFCell(nt.IAFParameters(v_th=as_tensor(0.8), v_reset=as_tensor(-0.1)))),
    )
    return Case("`v_leak`, `v_reset`, `dt`, subtraction", net, frames(T, B, 20), in_steps, {"timesteps": T})


def trained() -> Case:
    net = nt.Lift(
        nt.SequentialState(nn.Flatten(), nn.Linear(64, 48), nt.LIFCell(lif(0.4)), nn.Linear(48, 10), nt.LICell())
    )

    def logits(x: Tensor) -> Tensor:
        return net(4 * x.expand(T, *x.shape))[0].mean(0)

    accuracy = train(net, logits)
    images = 4 * digits(1797)[0][1500:]
    return Case(
        f"trained on digits to {accuracy:.1%}", net, images.expand(T, *images.shape), over_time, {"timesteps": T}
    )


NETWORKS = {
    "conv": conv,
    "cells": cells,
    "recurrent": recurrent,
    "residual": residual,
    "spiking": spiking,
    "constants": constants,
    "trained": trained,
}
NEURONS: dict[str, Any] = {
    "lif": nt.LIFCell(lif(0.3)),
    "lif_own": nt.LIFCell(lif(0.4, v_leak=0.1, v_reset=-0.2, tau_syn_inv=400.0, tau_mem_inv=80.0), dt=0.002),
    "box": nt.LIFBoxCell(nt.LIFBoxParameters(v_th=as_tensor(0.1))),
    "box_subtract": nt.LIFBoxCell(
        nt.LIFBoxParameters(v_th=as_tensor(0.15), v_leak=as_tensor(0.05), reset_method=reset_subtract)
    ),
    "iaf": nt.IAFCell(nt.IAFParameters(v_th=as_tensor(0.8), v_reset=as_tensor(-0.1))),
    "li": nt.LICell(),
    "recurrent": nt.LIFRecurrentCell(6, 6, lif(0.4)),
}


def attributes(module: Any) -> dict[str, Any]:
    """What the adapter reads."""
    p = {k: v.tolist() if isinstance(v, Tensor) else v for k, v in module.p._asdict().items() if k != "reset_method"}
    if hasattr(module.p, "reset_method"):
        p["reset_method"] = module.p.reset_method.__name__
    found: dict[str, Any] = {"dt": module.dt, "p": p}
    if hasattr(module, "input_weights"):
        found.update(input_size=6, hidden_size=6)
        found.update({k: getattr(module, k).tolist() for k in ("input_weights", "recurrent_weights")})
    return found


def alone(module: Any, current: Tensor) -> Tensor:
    """What a neuron sends [T, n] for its current [T, n]."""
    state, sent = None, []
    for x in current:
        out, state = module(x[None], state)
        sent.append(out[0])
    return torch.stack(sent)
