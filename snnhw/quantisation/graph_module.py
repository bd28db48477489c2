"""A folded multi-level graph as a trainable torch module, in floats or as its Loihi integers will compute.

With `scales` the forward pass rounds weights, biases, thresholds and the input as `quantise` does, divided by
the scale again, and lets gradients through unchanged (straight-through estimator, Bengio et al. 2013). It leaves
out the truncation of the decaying membrane, below 1/64 weight unit. Layer after layer for all steps at once, or step
after step where the graph has a loop.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.currents import unit_fed
from snnhw.graph.ir import (
    LI,
    LIF,
    MLF,
    SYNAPSES,
    Array,
    Conv2d,
    Delay,
    Flatten,
    Graph,
    Input,
    Linear,
    MaxPool,
    Node,
    Pool,
    Readout,
    Synapse,
    Wires,
)
from snnhw.graph.loihi import BIAS_EXP_LIMIT, UNITS_PER_WEIGHT
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.nn.neurons import MLF as MLFModule  # noqa: N811
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.quantisation.integer_neuron import bias_exponent
from snnhw.quantisation.trainable_neuron import TrainableCurrent, TrainableNeuron
from snnhw.simulation.recurrent import is_recurrent
from snnhw.simulation.synapses import apply_node

PASSING = (Pool, MaxPool, Flatten, Wires)  # as the engine computes them


class GraphModule(nn.Module):
    """Runs `graph`; its synapses are parameters.

    Args:
        graph: folded, multi-level or of plain neurons, with their currents; neurons are fed by synapses alone.
        scales: unit or read-out synapse -> weight units per float unit of current [O]; None computes in floats. With
            them the input has to be coded (`code_input`).
        weight_noise: synapse -> deviation, in integer weight units, of the noise that its weights have in training.
        width: of the weights, where they are rounded.
    """

    def __init__(
        self,
        graph: Graph,
        scales: Mapping[str, Array] | None = None,
        weight_noise: Mapping[str, float] | None = None,
        width: WeightWidth = FULL,
    ) -> None:
        super().__init__()
        self.width = width
        self.weight_noise = weight_noise or {}
        self.graph, self.recurrent = graph, is_recurrent(graph)
        self.order = graph.order(loops=self.recurrent)
        self.input_scale = None if scales is None else graph.input.scale
        self.frames, self.readout = Frames(graph.timesteps), MeanOverTime(graph.timesteps)
        synapses: tuple[Synapse, ...] = (*graph.of_type(Conv2d), *graph.of_type(Linear))
        self.weights = nn.ParameterDict({_key(s): _parameter(s.weight) for s in synapses})
        self.biases = nn.ParameterDict({_key(s): _parameter(s.bias) for s in synapses if s.bias is not None})
        self.columns = None if scales is None else {s.name: self._column(s, scales) for s in synapses}
        mlfs = () if self.recurrent else graph.of_type(MLF)
        self.units = nn.ModuleDict({_key(n): self._unit(n, scales) for n in mlfs})
        self.stepped: dict[str, TrainableNeuron | TrainableCurrent] = {
            n.name: TrainableCurrent(n) for n in graph.of_type(LI)
        }
        fired: tuple[LIF | MLF, ...] = (*graph.of_type(LIF), *graph.of_type(MLF))
        for neuron in fired:
            if _key(neuron) not in self.units:
                self.stepped[neuron.name] = TrainableNeuron(neuron, self._thresholds(neuron, scales))
        for node in graph.nodes.values():
            if isinstance(node, LIF) and not node.resets_to_zero:
                how = "by subtraction" if node.reset == "subtract" else "to another value than 0"
                raise InputError(
                    f"Neuron {node.name!r} resets {how}, which fine-tuning does not take; quantise without it."
                )
            plain = not isinstance(node, LIF) or node.has_unit_gain
            if not plain or not isinstance(node, (*SYNAPSES, *PASSING, MLF, LIF, LI, Delay, Input, Readout)):
                raise InputError(f"Node {node.name!r} ({type(node).__name__}) cannot be trained; fold the graph first.")

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, classes] of x [B, C, H, W] or [T, B, C, H, W]."""
        entering = self.frames(self._entering(x))
        for state in self.stepped.values():
            state.start()
        end = self.graph.readout.name
        if not self.recurrent:
            logits: Tensor = self.readout(self._values(entering, {})[end])
            return logits
        steps = self._by_step(entering)
        late = {node.name: [torch.zeros_like(steps[0, :, :1])] for node in self.graph.of_type(Delay)}
        rows = []
        for step in steps:
            values = self._values(step, {name: self._delayed(name, past, len(step)) for name, past in late.items()})
            rows.append(values[end])
            for name, past in late.items():
                past.append(self._arriving(name, values))
        logits = self.readout(torch.cat(rows))
        return logits

    def _values(self, entering: Tensor, late: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What every node sends, of all steps [T*B, ...] or of one [B, ...] for which `late` has what delays send."""
        values: dict[str, Tensor] = {}
        for name in self.order:
            node = self.graph.nodes[name]
            if isinstance(node, Input):
                values[name] = entering
            elif name in late:
                values[name] = late[name]
            else:
                values[name] = self._run(node, self._arriving(name, values))
        return values

    def _arriving(self, name: str, values: Mapping[str, Tensor]) -> Tensor:
        terms = [values[e.source] * e.gain if e.gain != 1 else values[e.source] for e in self.graph.into(name)]
        total: Tensor = sum(terms[1:], terms[0])
        return total

    def _delayed(self, name: str, past: list[Tensor], batch: int) -> Tensor:
        """What a delay sends after it took `past`, of which the first is nothing."""
        node = self.graph.nodes[name]
        steps = node.longest if isinstance(node, Delay) else 0
        if steps < len(past):
            return past[-steps]
        return past[0].new_zeros((batch, *node.shape))

    def trained(self) -> Graph:
        """The graph with the parameters as they are now."""
        nodes: list[Node] = []
        for node in self.graph.nodes.values():
            if isinstance(node, Conv2d | Linear):
                bias = self.biases.get(_key(node))
                node = dataclasses.replace(
                    node, weight=_array(self.weights[_key(node)]), bias=None if bias is None else _array(bias)
                )
            nodes.append(node)
        return self.graph.replace(nodes=nodes)

    def _run(self, node: Node, x: Tensor) -> Tensor:
        if isinstance(node, Conv2d | Linear):
            weight, bias = self._rounded(node)
            if isinstance(node, Linear):
                return F.linear(x.flatten(1), weight, bias)
            return F.conv2d(x, weight, bias, node.stride, node.padding, node.dilation, node.groups)
        if _key(node) in self.units:
            fired: Tensor = self.units[_key(node)](x)
            return fired
        if node.name in self.stepped:
            return self._stepped(node, x)
        if isinstance(node, Delay):
            return apply_node(node, self._by_step(x)).flatten(0, 1)
        return x if isinstance(node, Readout) else apply_node(node, x[None])[0]

    def _stepped(self, node: Node, x: Tensor) -> Tensor:
        """Neurons or a current on x of one step [B, ...], or of all [T*B, ...]."""
        state = self.stepped[node.name]
        if self.recurrent:
            return state.step(x)
        return torch.cat([state.step(frame) for frame in self._by_step(x)])

    def _by_step(self, x: Tensor) -> Tensor:
        """[T, B, ...] of [T*B, ...]."""
        return x.reshape(self.graph.timesteps, -1, *x.shape[1:])

    def _entering(self, x: Tensor) -> Tensor:
        if self.input_scale is None:
            return x
        limit = 2 ** (self.graph.input.bits - 1)
        return torch.clamp(torch.round(x * self.input_scale), -limit, limit - 1) / self.input_scale

    def _rounded(self, node: Synapse) -> tuple[Tensor, Tensor | None]:
        weight = self.weights[_key(node)]
        bias = self.biases.get(_key(node))
        if self.columns is None:
            return weight, bias
        column = self.columns[node.name].to(weight)
        step, limit = self.width.step, self.width.limit
        even = torch.clamp(step * torch.round(weight * column / step), -limit, limit) / column
        weight = weight + (even - weight).detach()
        if self.training and node.name in self.weight_noise:
            weight = weight + self.weight_noise[node.name] / column * torch.randn_like(weight)
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
        unit = unit_fed(self.graph.nodes[self.graph.out_of(node.name)[0].target])
        scale = scales.get(unit or node.name)
        if scale is None:
            raise InputError(f"There is no scale for synapse {node.name!r}; quantise this graph first.")
        column = torch.as_tensor(np.asarray(scale) / self._gain(node), dtype=torch.float32)
        return column.reshape((-1,) + (1,) * (node.weight.ndim - 1))

    def _unit(self, node: MLF, scales: Mapping[str, Array] | None) -> nn.Module:
        thresholds = [float(theta) for theta in self._thresholds(node, scales)]
        return MLFModule(thresholds, node.decay, timesteps=self.graph.timesteps)

    def _thresholds(self, node: MLF | LIF, scales: Mapping[str, Array] | None) -> tuple[float | Array, ...]:
        """Those of the node, as the integers round them where one scale is that of all channels."""
        scale = np.ones(1) if scales is None else np.asarray(scales[node.unit_name])
        if scales is None or not (scale == scale[0]).all():
            return node.thetas
        rounded = [np.rint(np.asarray(theta) * scale[0]) / scale[0] for theta in node.thetas]
        return tuple(float(theta) if theta.ndim == 0 else theta for theta in rounded)


def _key(node: Node) -> str:
    """Its name in a dictionary of torch, which has attributes of its own."""
    return f"of_{node.name}"


def _parameter(values: Array) -> nn.Parameter:
    return nn.Parameter(torch.as_tensor(np.asarray(values), dtype=torch.float32).clone())


def _array(parameter: Tensor) -> Array:
    values: Array = parameter.detach().cpu().double().numpy()
    return values
