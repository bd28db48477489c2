"""A ReLU network from an ONNX file, as a torch module whose weighted layers are `Conv1d`, `Conv2d` and `Linear`.

One layer of the file is one step here; a kind of layer without a rule, a weight that is computed, and weights outside
the file are refused by name. The first axis of every tensor counts samples, whatever number the file says. The rules
are in `onnx_layers.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.gates.regular import read_bytes
from snnhw.nn.onnx_layers import LAYERS, Layer, Made
from snnhw.nn.state import fault_of

INSTALL = "pip install 'snnhw[onnx]'"


@dataclass(frozen=True)
class Step:
    """Which values a layer takes, what it does with them, and what its value is called."""

    inputs: tuple[str, ...]
    output: str
    does: Made


class OnnxNetwork(nn.Module):
    """The layers of a file, in its order."""

    def __init__(self, steps: Sequence[Step], given: str, result: str) -> None:
        super().__init__()
        self.layers = nn.ModuleList(step.does for step in steps if isinstance(step.does, nn.Module))
        self._steps, self._given, self._result = tuple(steps), given, result

    def forward(self, x: Tensor) -> Tensor:
        """Values [B, ...] -> the one output."""
        values = {self._given: x}
        for step in self._steps:
            values[step.output] = step.does(*(values[name] for name in step.inputs))
        return values[self._result]


def from_onnx(path: str | Path) -> nn.Module:
    """The network of an ONNX file, in evaluation mode.

    Raises:
        InputError: onnx is not installed, the file is none, has several inputs or outputs, keeps weights elsewhere, or
            has a layer without a rule here.
    """
    graph, known = _read(Path(path))
    given = [value.name for value in graph.input if value.name not in known]
    if len(given) != 1 or len(graph.output) != 1:
        raise InputError(f"{path} has {len(given)} inputs and {len(graph.output)} outputs; give a network of one each.")
    steps: list[Step] = []
    for node in graph.node:
        layer = _layer(node, known)
        if node.op_type == "Constant" and isinstance(layer.get("value"), Tensor):
            known[node.output[0]] = layer.get("value")
        else:
            computed = tuple(name for name in node.input if name and name not in known)
            steps.append(Step(computed, node.output[0], _made(layer)))
    there = {given[0], *known}
    for step in steps:
        if not there.issuperset(step.inputs):
            raise InputError(f"{path} takes {step.inputs[0]!r} before it is computed; export the network anew.")
        there.add(step.output)
    network = OnnxNetwork(steps, given[0], graph.output[0].name).eval()
    fault = fault_of(network.state_dict()) or fault_of(known)
    if fault is not None or graph.output[0].name not in there:
        raise InputError(f"{path} cannot be used, since {fault or 'nothing computes its output'}; export it anew.")
    return network


def _read(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """The graph of a file, and its weights by name."""
    content = read_bytes(path, "ONNX file", "give the path of an .onnx file")
    try:
        import onnx
    except ImportError as error:
        raise InputError(f"Reading {path} needs onnx; {INSTALL}.") from error
    try:
        graph = onnx.load_model_from_string(content).graph
    except Exception as error:  # of the library for protocol buffers
        raise InputError(f"{path} is no ONNX file; export the network anew.") from error
    outside = [w.name for w in graph.initializer if w.data_location == onnx.TensorProto.EXTERNAL]
    if outside:
        raise InputError(f"{path} keeps {outside[0]!r} in another file; export the network into one file.")
    try:
        return graph, {w.name: _tensor(w) for w in graph.initializer}
    except Exception as error:
        raise InputError(f"{path} has weights that are damaged; export the network anew.") from error


def _tensor(value: Any) -> Tensor:
    from onnx import numpy_helper

    return torch.from_numpy(numpy_helper.to_array(value).copy())


def _layer(node: Any, known: Mapping[str, Tensor]) -> Layer:
    from onnx import TensorProto
    from onnx.helper import get_attribute_value

    name = node.name or next(iter(node.output), "")
    constants = {place: known[name] for place, name in enumerate(node.input) if name in known}
    layer = Layer(node.op_type, name, {}, constants)
    try:
        values = {a.name: get_attribute_value(a) for a in node.attribute}
        values = {key: _tensor(value) if isinstance(value, TensorProto) else value for key, value in values.items()}
    except Exception as error:  # of the library, on attributes without a value
        raise layer.refused("has damaged attributes") from error
    if not node.output:
        raise layer.refused("computes nothing")
    return replace(layer, attributes=values)


def _made(layer: Layer) -> Made:
    """What the layer does."""
    if layer.kind not in LAYERS:
        raise layer.refused("has no rule here")
    try:
        return LAYERS[layer.kind](layer)
    except (TypeError, ValueError, RuntimeError, IndexError, OverflowError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise layer.refused(f"makes no sense ({reason})") from error
