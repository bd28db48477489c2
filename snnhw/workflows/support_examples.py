"""One small network for everything that a network may be made of: what `support` runs through every target.

Layers stand between two populations, behind the spikes of the first or behind a layer of their own; neurons stand in
the place of the second.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.graph.ilif import nearest
from snnhw.graph.ir import ILIF, LI, LIF, Delay, Edge, Graph, Node, Readout
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.tracing.trace import trace

STEPS, CLASSES = 2, 3
IMAGE, SEQUENCE = (2, 8, 8), (2, 8)
Layer = nn.Module | Callable[[Tensor], Tensor]


class Around(nn.Module):
    """A layer between two populations, perhaps with a convolution of its own before it and one behind it."""

    def __init__(self, layer: Layer, shape: tuple[int, ...], *, before: bool, behind: bool) -> None:
        super().__init__()
        self.image = len(shape) == 3
        conv: Any = nn.Conv2d if self.image else nn.Conv1d
        lazy: Any = nn.LazyConv2d if self.image else nn.LazyConv1d
        self.frames, self.stem, self.first = Frames(STEPS), conv(shape[0], 4, 3, padding=1), unit()
        self.own = conv(4, 4, 3, padding=1) if before else nn.Identity()
        self.layer, self.last = layer, lazy(4, 3, padding=1) if behind else nn.Identity()
        self.second, self.flat = unit(), nn.Flatten()
        self.head, self.mean = nn.LazyLinear(CLASSES), MeanOverTime(STEPS)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of static samples."""
        x = self.frames(x) if self.image else x.repeat(STEPS, 1, 1)
        x = self.last(self.layer(self.own(self.first(self.stem(x)))))
        logits: Tensor = self.mean(self.head(self.flat(self.second(x))))
        return logits


def unit() -> MLF:
    """A population of two levels."""
    return MLF((0.6, 1.6), timesteps=STEPS)


def network(layer: Layer, shape: tuple[int, ...] = IMAGE, *, before: bool = False, behind: bool = False) -> Graph:
    """The graph of a network around a layer."""
    torch.manual_seed(0)
    made = Around(layer, shape, before=before, behind=behind).eval()
    with torch.no_grad():
        made(torch.zeros(1, *shape))
    return trace(made, shape, name="example")


def in_between(layer: Layer, shape: tuple[int, ...] = IMAGE) -> Callable[[], Graph]:
    """The layer takes spikes and feeds neurons."""
    return lambda: network(layer, shape)


def behind_spikes(layer: Layer, shape: tuple[int, ...] = IMAGE) -> Callable[[], Graph]:
    """The layer takes spikes and feeds a convolution."""
    return lambda: network(layer, shape, behind=True)


def behind_sums(layer: Layer, shape: tuple[int, ...] = IMAGE) -> Callable[[], Graph]:
    """The layer takes what a convolution sums and feeds neurons."""
    return lambda: network(layer, shape, before=True)


def with_neuron(neuron: Callable[[Node], list[Node]], *, loop: bool = False) -> Callable[[], Graph]:
    """The second population is another neuron, perhaps with its current before it."""

    def made() -> Graph:
        graph = network(nn.Identity(), behind=True)
        new = neuron(graph.nodes["second"])
        nodes = [n for node in graph.nodes.values() for n in (new if node.name == "second" else [node])]
        names = [node.name for node in new]
        edges = [dataclasses.replace(e, target=names[0] if e.target == "second" else e.target) for e in graph.edges]
        edges = [dataclasses.replace(e, source=names[-1] if e.source == "second" else e.source) for e in edges]
        edges += [Edge(a, b) for a, b in pairwise(names)]
        if loop:
            nodes.append(Delay(name="again", shape=new[-1].shape, steps=1))
            edges += [Edge(names[-1], "again"), Edge("again", names[-1])]
        return graph.replace(nodes=nodes, edges=tuple(edges))

    return made


def _lif(**values: Any) -> Callable[[Node], list[Node]]:
    return lambda unit: [LIF(name="neuron", shape=unit.shape, **{"decay": 0.5, "threshold": 1.0, **values})]


def _current(unit: Node) -> list[Node]:
    lif = LIF(name="neuron", shape=unit.shape, decay=0.5, threshold=1.0)
    return [LI(name="neuron_current", shape=unit.shape, decay=0.25, current_of="neuron"), lif]


def _per_neuron(unit: Node) -> list[Node]:
    decay = np.linspace(0.2, 0.8, unit.size).reshape(unit.shape)
    return [LIF(name="neuron", shape=unit.shape, decay=decay, threshold=1.0)]


def _integer(decay: float) -> Callable[[Node], list[Node]]:
    return lambda unit: [ILIF(name="neuron", shape=unit.shape, thresholds=nearest(4, 1.0), decay=decay)]


def _spiking_output() -> Graph:
    graph = network(nn.Identity(), behind=True)
    kept = [n for n in graph.nodes.values() if n.name not in ("flat", "mean", "head")]
    end = Readout(name="end", shape=graph.nodes["second"].shape)
    names = {node.name for node in kept}
    edges = [e for e in graph.edges if e.source in names and e.target in names]
    kept = [n for n in kept if not isinstance(n, Readout)]
    return graph.replace(nodes=[*kept, end], edges=(*edges, Edge("second", "end")))


MODULES: Mapping[str, Callable[[], Graph]] = {
    "Conv2d": in_between(nn.Conv2d(4, 4, 3, padding="same")),
    "Conv1d": in_between(nn.Conv1d(4, 4, 3), SEQUENCE),
    "ConvTranspose2d, stride 1": in_between(nn.ConvTranspose2d(4, 4, 3)),
    "ConvTranspose2d, stride 2": in_between(nn.ConvTranspose2d(4, 4, 2, stride=2)),
    "Linear": in_between(nn.Sequential(nn.Flatten(), nn.Linear(256, 16))),
    "Linear of the last axis": in_between(nn.Linear(8, 5)),
    "BatchNorm1d": behind_sums(nn.BatchNorm1d(4), SEQUENCE),
    "BatchNorm2d": behind_sums(nn.BatchNorm2d(4)),
    "TDBatchNorm": behind_sums(TDBatchNorm(4, 0.6)),
    "InstanceNorm1d": behind_sums(nn.InstanceNorm1d(4), SEQUENCE),
    "InstanceNorm2d": behind_sums(nn.InstanceNorm2d(4)),
    "GroupNorm": behind_sums(nn.GroupNorm(2, 4)),
    "LayerNorm": behind_sums(nn.LayerNorm([4, 8, 8])),
    "AvgPool1d": behind_spikes(nn.AvgPool1d(2), SEQUENCE),
    "AvgPool2d": behind_spikes(nn.AvgPool2d(2)),
    "AvgPool2d, count_include_pad=False": behind_spikes(nn.AvgPool2d(3, 1, 1, count_include_pad=False)),
    "AdaptiveAvgPool1d": behind_spikes(nn.AdaptiveAvgPool1d(4), SEQUENCE),
    "AdaptiveAvgPool2d": behind_spikes(nn.AdaptiveAvgPool2d(4)),
    "AvgPool2d behind a layer": behind_sums(nn.AvgPool2d(2)),
    "LPPool2d of degree 1": behind_spikes(nn.LPPool2d(1, 2)),
    "MaxPool1d": behind_spikes(nn.MaxPool1d(2), SEQUENCE),
    "MaxPool2d": behind_spikes(nn.MaxPool2d(2)),
    "MaxPool2d behind a layer": behind_sums(nn.MaxPool2d(2)),
    "AdaptiveMaxPool1d": behind_spikes(nn.AdaptiveMaxPool1d(4), SEQUENCE),
    "AdaptiveMaxPool2d": behind_spikes(nn.AdaptiveMaxPool2d(4)),
    "Upsample, nearest": behind_spikes(nn.Upsample(scale_factor=2)),
    "UpsamplingNearest2d": behind_spikes(nn.UpsamplingNearest2d(scale_factor=2)),
    "ZeroPad1d": behind_spikes(nn.ZeroPad1d(1), SEQUENCE),
    "ZeroPad2d": behind_spikes(nn.ZeroPad2d(1)),
    "ConstantPad1d of zeros": behind_spikes(nn.ConstantPad1d(1, 0.0), SEQUENCE),
    "ConstantPad2d of zeros": behind_spikes(nn.ConstantPad2d((0, 1, 0, 1), 0.0)),
    "PixelShuffle": behind_spikes(nn.PixelShuffle(2)),
    "PixelUnshuffle": behind_spikes(nn.PixelUnshuffle(2)),
    "ChannelShuffle": behind_spikes(nn.ChannelShuffle(2)),
    "Flatten": in_between(nn.Sequential(nn.Flatten(), nn.Linear(256, 16))),
    "Unflatten": behind_spikes(nn.Sequential(nn.Unflatten(0, (STEPS, -1)), nn.Flatten(0, 1))),
    "Identity": behind_spikes(nn.Identity()),
    **{
        f"{kind.__name__}, in evaluation": behind_spikes(kind())
        for kind in (nn.Dropout, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
    },
    "Dropout1d, in evaluation": behind_spikes(nn.Dropout1d(), SEQUENCE),
    "MLF": behind_sums(unit()),
}
CALLS: Mapping[str, Callable[[], Graph]] = {
    "x + y": behind_spikes(lambda x: x + x),
    "x - y": behind_spikes(lambda x: 3 * x - x),
    "0.5 * x": behind_spikes(lambda x: 0.5 * x),
    "torch.cat of channels": behind_spikes(lambda x: torch.cat([x, x], 1)),
    "torch.cat of rows": behind_spikes(lambda x: torch.cat([x, x], 2)),
    "F.pad with equal borders": behind_spikes(lambda x: F.pad(x, (1, 1, 1, 1))),
    "x[:, :, ::2, ::2]": behind_spikes(lambda x: x[:, :, ::2, ::2]),
    "x.permute, x.flip within a sample": behind_spikes(lambda x: x.permute(0, 1, 3, 2)),
    "F.interpolate, nearest": behind_spikes(lambda x: F.interpolate(x, scale_factor=2)),
    "x @ y": behind_spikes(lambda x: x @ x.transpose(-1, -2)),
    "x * y": behind_spikes(lambda x: x * x.flip(2)),
    "torch.einsum of x and y": behind_spikes(lambda x: torch.einsum("bchw,bchv->bcwv", x, x)),
    "x.sum(1)": behind_spikes(lambda x: x.sum(1, keepdim=True)),
    "x.mean((2, 3))": behind_spikes(lambda x: x.mean((2, 3), keepdim=True)),
}
NEURONS: Mapping[str, Callable[[], Graph]] = {
    "LIF, hard reset to 0": with_neuron(_lif()),
    "LIF, reset by subtraction": with_neuron(_lif(reset="subtract")),
    "LIF with a gain of its own": with_neuron(_lif(gain=0.5)),
    "LIF with a leak of its own": with_neuron(_lif(leak=0.1)),
    "LIF, a decay for each neuron": with_neuron(_per_neuron),
    "I-LIF, integers 0..4": with_neuron(_integer(0.25)),
    "I-LIF of decay 0, or run for one step": with_neuron(_integer(0.0)),
    "current-based LIF": with_neuron(_current),
    "LIF that feeds itself": with_neuron(_lif(), loop=True),
    "spikes as the output": _spiking_output,
}
