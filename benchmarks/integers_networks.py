"""Small spiking networks of plain torch, written out neuron by neuron, their training, and the graph that each is.

One step of a layer: i = d_i i + x + W_r s[t-1];  u = d u + i;  s = u > 1;  u = 0 or u - 1 where s. The current i lasts
no longer than the step where there is no d_i, and W_r is there in recurrent layers alone. Convolutions come first, then
layers of neurons, then one matrix, behind which neurons may stand, whose spikes are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.data.samples import Samples
from snnhw.graph.ir import LI, LIF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, MaxPool, Node, Readout

Surrogate: Any = torch.autograd.Function  # torch does not say of which type it is


class Spike(Surrogate):
    """s = u > 0; gradient 1 / (1 + 4 |u|)^2, the fast sigmoid (Zenke and Ganguli 2018)."""

    @staticmethod
    def forward(ctx: Any, u: Tensor) -> Tensor:
        """1 where u is above 0."""
        ctx.save_for_backward(u)
        return (u > 0).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient times the slope of the fast sigmoid."""
        (u,) = ctx.saved_tensors
        return gradient / (1 + 4 * u.abs()) ** 2


@dataclass(frozen=True)
class Kind:
    """What the neurons of a network are."""

    current: float | None = None  # decay of their synaptic current
    recurrent: bool = False  # layers of neurons behind matrices feed themselves
    soft: bool = False  # a spike takes the threshold off
    own_decays: bool = False  # each neuron has its own
    pool: bool = False  # the largest of four spikes behind each convolution
    spikes_out: bool = False  # the network ends in neurons


KINDS: dict[str, Kind] = {
    "CubaLIF": Kind(current=0.6),
    "recurrent LIF": Kind(recurrent=True),
    "recurrent CubaLIF": Kind(current=0.6, recurrent=True),
    "spiking output": Kind(spikes_out=True),
    "recurrent, spiking": Kind(current=0.6, recurrent=True, spikes_out=True),
    "soft reset": Kind(soft=True),
    "own decays": Kind(own_decays=True),
    "soft, own, spiking": Kind(soft=True, own_decays=True, spikes_out=True, current=0.5),
    "max pool": Kind(pool=True),
}


class Neurons(nn.Module):
    """A population; `shape` is that of a sample, (C, H, W) or (N,)."""

    def __init__(self, kind: Kind, shape: tuple[int, ...], *, recurrent: bool) -> None:
        super().__init__()
        self.kind, self.shape = kind, shape
        own = 0.5 + 0.45 * torch.rand(shape) if kind.own_decays else torch.full((), 0.8)
        self.register_buffer("decay", own)
        self.again = nn.Linear(shape[0], shape[0], bias=False) if recurrent else None
        if self.again is not None:
            nn.init.normal_(self.again.weight, 0, 0.5 / shape[0] ** 0.5)

    def steps(self, arriving: Tensor) -> Tensor:
        """Spikes [T, B, *shape] of what arrives, of the same shape."""
        i = u = s = torch.zeros_like(arriving[0])
        sent = []
        for x in arriving:
            i = (0 if self.kind.current is None else self.kind.current * i) + x
            if self.again is not None:
                i = i + self.again(s)
            u = self.decay * u + i
            s = Spike.apply(u - 1)
            u = u - s if self.kind.soft else u * (1 - s)
            sent.append(s)
        return torch.stack(sent)


class Network(nn.Module):
    """`convolutions` of stride 2, or of stride 1 with pools, then `hidden` neurons, then the ten classes.

    Samples are [B, T, *shape]; the mean over time of what the last matrix or the last neurons send are the logits.
    """

    def __init__(self, kind: Kind, shape: tuple[int, ...], convolutions: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        self.kind, self.input_shape = kind, shape
        layers: list[nn.Module] = []
        for channels in convolutions:
            layers.append(nn.Conv2d(shape[0], channels, 5 if shape[1] > 20 else 3, stride=1 if kind.pool else 2))
            shape = tuple(layers[-1](torch.zeros(1, *shape)).shape[1:])
            layers.append(Neurons(kind, shape, recurrent=False))
            if kind.pool:
                layers.append(nn.MaxPool2d(2))
                shape = (channels, shape[1] // 2, shape[2] // 2)
        size = int(np.prod(shape))
        layers += [nn.Flatten(), nn.Linear(size, hidden), Neurons(kind, (hidden,), recurrent=kind.recurrent)]
        layers += [nn.Linear(hidden, 10), *([Neurons(kind, (10,), recurrent=False)] if kind.spikes_out else [])]
        self.layers = nn.ModuleList(layers)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.normal_(layer.weight, 0.02, 1.3 / layer.weight[0].numel() ** 0.5)

    def forward(self, samples: Tensor) -> Tensor:
        """Logits [B, 10]."""
        x = samples.transpose(0, 1)
        for layer in self.layers:
            x = layer.steps(x) if isinstance(layer, Neurons) else layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return x.mean(dim=0)

    def graph(self, timesteps: int, levels: int | None) -> Graph:
        """The same network as a graph; `levels`: the largest number of events of a step, None for analogue values."""
        nodes: list[Node] = [Input(name="input", shape=self.input_shape, levels=levels)]
        edges: list[Edge] = []
        for number, layer in enumerate(self.layers):
            added = list(_nodes(layer, number, nodes[-1].shape))
            edges += [Edge(before.name, node.name) for before, node in zip([nodes[-1], *added], added, strict=False)]
            if isinstance(layer, Neurons) and layer.again is not None:
                late, matrix = Delay(name=f"late{number}", shape=layer.shape, steps=1), f"again{number}"
                nodes += [late, Linear(name=matrix, shape=layer.shape, weight=_array(layer.again.weight))]
                edges += [Edge(added[-1].name, late.name), Edge(late.name, matrix), Edge(matrix, added[0].name)]
            nodes += added
        edges.append(Edge(nodes[-1].name, "readout"))
        return Graph.build([*nodes, Readout(name="readout", shape=(10,))], edges, timesteps)


def _nodes(layer: nn.Module, number: int, arriving: tuple[int, ...]) -> Iterator[Node]:
    if isinstance(layer, Neurons):
        unit = f"neurons{number}"
        if layer.kind.current is not None:
            yield LI(name=f"current{number}", shape=layer.shape, decay=layer.kind.current, current_of=unit)
        decay = _array(layer.decay) if layer.kind.own_decays else float(layer.decay)
        reset = "subtract" if layer.kind.soft else "hard"
        yield LIF(name=unit, shape=layer.shape, decay=decay, threshold=1.0, reset=reset)  # type: ignore[arg-type]
        return
    shape = tuple(layer(torch.zeros(1, *arriving)).shape[1:])
    if isinstance(layer, nn.Conv2d):
        weight, bias = _array(layer.weight), _array(layer.bias)
        yield Conv2d(name=f"conv{number}", shape=shape, weight=weight, bias=bias, stride=(layer.stride[0],) * 2)
    elif isinstance(layer, nn.Linear):
        yield Linear(name=f"fc{number}", shape=shape, weight=_array(layer.weight), bias=_array(layer.bias))
    elif isinstance(layer, nn.MaxPool2d):
        yield MaxPool(name=f"pool{number}", shape=shape, kernel=(2, 2), stride=(2, 2))
    else:
        yield Flatten(name=f"flat{number}", shape=shape)


def _array(values: Any) -> Any:
    return values.detach().double().numpy()


def trained(network: Network, train: Samples, epochs: int, timesteps: int) -> Network:
    """`network` after Adam with a one-cycle rate on cross entropy."""
    labels = torch.as_tensor(train.labels())
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    batches = -(-len(train) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=epochs * batches)
    sharp = 8.0 if network.kind.spikes_out else 1.0  # rates of spikes lie between 0 and 1
    for _ in range(epochs):
        for index in torch.randperm(len(train)).split(64):
            loss = F.cross_entropy(sharp * network(_steps(train, index, timesteps)), labels[index])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
    return network.eval()


def _steps(samples: Samples, index: Tensor, timesteps: int) -> Tensor:
    values = torch.as_tensor(samples.values[index.numpy()])
    return values if values.dim() == 5 else values[:, None].expand(-1, timesteps, *values.shape[1:])
