"""A folded multi-level graph as a trainable torch module, in floats or as its Loihi integers will compute.

With `scales` the forward pass rounds weights, biases, thresholds and the input as `quantise` does, divided by
the scale again, and lets gradients through unchanged (straight-through estimator, Bengio et al. 2013). It leaves
out the truncation of the decaying membrane, below 1/64 weight unit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, SYNAPSES, Array, Conv2d, Flatten, Graph, Input, Linear, Node, Pool, Readout, Synapse
from snnhw.graph.loihi import BIAS_EXP_LIMIT, UNITS_PER_WEIGHT, WEIGHT_LIMIT
from snnhw.nn.neurons import MLF as MLFModule  # noqa: N811
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.quantisation.integer_neuron import bias_exponent


class GraphModule(nn.Module):
    """Runs `graph`; its synapses are parameters.

    Args:
        graph: folded and multi-level; neurons are fed by synapses alone.
        scales: unit or read-out synapse -> weight units per float unit of current [O]; None computes in floats. With
            them the input has to be coded (`code_input`).
    """

    def __init__(self, graph: Graph, scales: Mapping[str, Array] | None = None) -> None:
        super().__init__()
        self.graph, self.order = graph, graph.order()
        self.input_scale = None if scales is None else graph.input.scale
        self.frames, self.readout = Frames(graph.timesteps), MeanOverTime(graph.timesteps)
        synapses: tuple[Synapse, ...] = (*graph.of_type(Conv2d), *graph.of_type(Linear))
        self.weights = nn.ParameterDict({s.name: _parameter(s.weight) for s in synapses})
        self.biases = nn.ParameterDict({s.name: _parameter(s.bias) for s in synapses if s.bias is not None})
        self.columns = None if scales is None else {s.name: self._column(s, scales) for s in synapses}
        self.units = nn.ModuleDict({n.name: self._unit(n, scales) for n in graph.of_type(MLF)})
        for node in graph.nodes.values():
            if not isinstance(node, (*SYNAPSES, MLF, Input, Pool, Flatten, Readout)):
                raise InputError(f"Node {node.name!r} ({type(node).__name__}) cannot be trained; fold the graph first.")

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, classes] of x [B, C, H, W] or [T, B, C, H, W]."""
        values: dict[str, Tensor] = {}
        for name in self.order:
            node = self.graph.nodes[name]
            if isinstance(node, Input):
                values[name] = self.frames(self._entering(x))
                continue
            terms = [values[e.source] * e.gain if e.gain != 1 else values[e.source] for e in self.graph.into(name)]
            values[name] = self._run(node, sum(terms[1:], terms[0]))
        logits: Tensor = self.readout(values[self.graph.readout.name])
        return logits

    def trained(self) -> Graph:
        """The graph with the parameters as they are now."""
        nodes: list[Node] = []
        for node in self.graph.nodes.values():
            if isinstance(node, Conv2d | Linear):
                bias = self.biases.get(node.name)
                node = dataclasses.replace(
                    node, weight=_array(self.weights[node.name]), bias=None if bias is None else _array(bias)
                )
            nodes.append(node)
        return self.graph.replace(nodes=nodes)

    def _run(self, node: Node, x: Tensor) -> Tensor:
        if isinstance(node, Conv2d | Linear):
            weight, bias = self._rounded(node)
            if isinstance(node, Linear):
                return F.linear(x.flatten(1), weight, bias)
            return F.conv2d(x, weight, bias, node.stride, node.padding, node.dilation, node.groups)
        if isinstance(node, MLF):
            fired: Tensor = self.units[node.name](x)
            return fired
        if isinstance(node, Pool):
            divisor = 1 if node.kind == "sum" else None
            return F.avg_pool2d(x, node.kernel, node.stride, node.padding, divisor_override=divisor)
        return x.flatten(1) if isinstance(node, Flatten) else x

    def _entering(self, x: Tensor) -> Tensor:
        if self.input_scale is None:
            return x
        limit = 2 ** (self.graph.input.bits - 1)
        return torch.clamp(torch.round(x * self.input_scale), -limit, limit - 1) / self.input_scale

    def _rounded(self, node: Synapse) -> tuple[Tensor, Tensor | None]:
        weight = self.weights[node.name]
        bias = self.biases.get(node.name)
        if self.columns is None:
            return weight, bias
        column = self.columns[node.name].to(weight)
        even = torch.clamp(2 * torch.round(weight * column / 2), -WEIGHT_LIMIT, WEIGHT_LIMIT) / column
        weight = weight + (even - weight).detach()
        if bias is not None:
            per_unit = column.flatten() * self._gain(node) * UNITS_PER_WEIGHT
            largest = float((bias.detach() * per_unit).abs().max())
            exponent = min(bias_exponent(largest), BIAS_EXP_LIMIT)
            code = torch.round(bias * per_unit / 2**exponent) * 2**exponent / per_unit
            bias = bias + (code - bias).detach()
        return weight, bias

    def _gain(self, node: Synapse) -> float:
        sources = {e.source for e in self.graph.into(node.name)}
        return float(self.input_scale or 1.0) if self.graph.input.name in sources else 1.0

    def _column(self, node: Synapse, scales: Mapping[str, Array]) -> Tensor:
        targets = [e.target for e in self.graph.out_of(node.name)]
        scale = scales.get(node.name) if targets[0] not in scales else scales[targets[0]]
        if scale is None:
            raise InputError(f"There is no scale for synapse {node.name!r}; quantise this graph first.")
        column = torch.as_tensor(np.asarray(scale) / self._gain(node), dtype=torch.float32)
        return column.reshape((-1,) + (1,) * (node.weight.ndim - 1))

    def _unit(self, node: MLF, scales: Mapping[str, Array] | None) -> nn.Module:
        thresholds = node.thresholds
        if scales is not None:
            scale = np.asarray(scales[node.name])
            if (scale == scale[0]).all():
                thresholds = tuple(float(np.rint(t * scale[0]) / scale[0]) for t in node.thresholds)
        return MLFModule(thresholds, node.decay, timesteps=self.graph.timesteps)


def _parameter(values: Array) -> nn.Parameter:
    return nn.Parameter(torch.as_tensor(np.asarray(values), dtype=torch.float32).clone())


def _array(parameter: Tensor) -> Array:
    values: Array = parameter.detach().cpu().double().numpy()
    return values
