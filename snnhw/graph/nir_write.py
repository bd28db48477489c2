"""Typed graph -> `nir.NIRGraph` in a dialect that importers run unmodified.

Full parameter arrays, no nesting, one output, zero bias instead of none, flatten counted from the end, edges without
gain or delay: whatever NIR has no field for goes into nodes that every importer has and into `nir_meta`.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any

import nir
import numpy as np
import torch

from snnhw.errors import InputError
from snnhw.graph.ir import (
    LI,
    LIF,
    MLF,
    SYNAPSES,
    Array,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    Node,
    Pool,
    Readout,
    Scale,
)
from snnhw.graph.nir_conv import describe_form, portable
from snnhw.graph.nir_dialect import DEFAULT_DIALECT, Dialect, dialect_named
from snnhw.graph.nir_meta import KEY, Metadata, describe_input, describe_neuron
from snnhw.graph.nir_parameters import bias_in_weights, channel_bias, cuba_fields, li_fields, lif_fields, loihi_as_lif
from snnhw.passes.decompose import decompose

# attributes of the modules that nirtorch puts the nodes into
RESERVED = frozenset(dir(torch.nn.ModuleDict())) | frozenset(keyword.kwlist)


def to_nir(graph: Graph, *, dialect: str = DEFAULT_DIALECT) -> nir.NIRGraph:
    """`graph` for the importer that `dialect` names; multi-level units become K LIF nodes `<unit>_l1` .. `<unit>_lK`.

    Raises:
        InputError: a node or parameter has no counterpart in NIR or in the dialect; the node and the remedy are named.
    """
    channels = decompose(graph) if graph.of_type(MLF) else graph
    _check_connected(channels)
    return _Writer(channels, dialect_named(dialect)).written()


def _check_connected(graph: Graph) -> None:
    """Importers give a loose end an output of its own, and two outputs make nirtorch run forever."""
    forward = _reached(graph.input.name, {n: [e.target for e in graph.out_of(n)] for n in graph.nodes})
    backward = _reached(graph.readout.name, {n: [e.source for e in graph.into(n)] for n in graph.nodes})
    for name in graph.nodes:
        if name not in forward:
            raise InputError(f"Nothing leads from the input to {name!r}; connect it or remove it.")
        if name not in backward:
            raise InputError(f"Nothing leads from {name!r} to the read-out; connect it or remove it.")


def _reached(start: str, following: Mapping[str, list[str]]) -> set[str]:
    seen, front = {start}, [start]
    while front:
        new = [n for n in following[front.pop()] if n not in seen]
        seen.update(new)
        front.extend(new)
    return seen


class _Writer:
    """Collects the nodes and edges of one file."""

    def __init__(self, graph: Graph, dialect: Dialect) -> None:
        self.graph = graph
        self.dialect = dialect
        self.dtype = _parameter_dtype(graph)
        self.names = _file_names(graph)
        self.bias_of = _bias_carriers(graph)
        self.biased = {e.target for synapse in self.bias_of for e in graph.out_of(synapse)}
        self.currents = _currents(graph)
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.carriers: dict[str, int] = {}
        self.multiples: dict[tuple[str, int], str] = {}

    def written(self) -> nir.NIRGraph:
        graph = self.graph
        inside = set(self.currents.values())
        for node in graph.nodes.values():
            if node.name not in inside:
                self.nodes[self.names[node.name]] = self._node(node)
        takes = {n.name: self._gathered(n) for n in graph.nodes.values()}
        takes |= {current: self.names[neuron] for neuron, current in self.currents.items()}
        for (source, target), gain in _gains(graph.edges).items():
            if source not in inside:
                self.edges.append((self._times(source, gain), takes[target]))
        metadata = Metadata(
            name=graph.name,
            timesteps=graph.timesteps,
            dt=self.dialect.dt,
            dialect=self.dialect.name,
            order=tuple(graph.nodes),
            names={written: ours for ours, written in self.names.items() if written != ours},
            input=describe_input(graph.input),
            reduction=graph.readout.reduction,
            neurons={n.name: describe_neuron(n) for n in graph.nodes.values() if isinstance(n, LIF | LI | LoihiLIF)},
            carriers=self.carriers,
            delays=_delays(graph.edges),
            no_bias=tuple(n.name for n in _synapses(graph) if n.bias is None),
            bias_of=self.bias_of,
            forms={n.name: form for n in graph.of_type(Conv2d) if (form := describe_form(n))},
            folded_pool=dict(graph.metadata.get("folded_pool", {})),
        )
        return nir.NIRGraph(self.nodes, self.edges, metadata={KEY: metadata.to_json()}, type_check=False)

    def _node(self, node: Node) -> Any:
        if isinstance(node, Input):
            return nir.Input(np.array(node.shape))
        if isinstance(node, Readout):
            return nir.Output(np.array(node.shape))
        if isinstance(node, Conv2d):
            source, conv = self._source_shape(node), portable(node)
            arguments = (conv.weight, conv.stride, conv.padding, conv.dilation, conv.groups, self._bias(node))
            return _typed(nir.Conv2d(source[1:], *arguments), source, node.shape)
        if isinstance(node, Linear):
            return nir.Affine(node.weight, self._bias(node))
        if isinstance(node, Pool):
            kind = nir.AvgPool2d if node.kind == "avg" else nir.SumPool2d
            written = kind(np.array(node.kernel), np.array(node.stride), np.array(node.padding))
            return _typed(written, self._source_shape(node), node.shape)
        if isinstance(node, Flatten):
            return flattening(self._source_shape(node))
        if isinstance(node, Scale):
            return nir.Scale(self._full(node.scale, node.shape))
        if isinstance(node, Delay):
            return nir.Delay(self._full(node.steps, node.shape) * np.asarray(self.dialect.dt, self.dtype))
        if isinstance(node, LI | LIF | LoihiLIF):
            return self._neuron(node)
        remedy = "fold it first (snnhw.passes.fold_norm)" if type(node).__name__ == "Norm" else "replace it"
        raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which NIR does not know; {remedy}.")

    def _neuron(self, node: LI | LIF | LoihiLIF) -> Any:
        if isinstance(node, LI):
            return nir.LI(**li_fields(node, self.dialect, self.dtype))
        if isinstance(node, LoihiLIF):
            node = loihi_as_lif(node, node.name in self.biased)
        current = self.graph.nodes.get(self.currents.get(node.name, ""))
        if isinstance(current, LI):
            return nir.CubaLIF(**cuba_fields(current, node, self.dialect, self.dtype))
        return nir.LIF(**lif_fields(node, self.dialect, self.dtype))

    def _full(self, value: float | Array, shape: tuple[int, ...]) -> Array:
        full: Array = np.array(np.broadcast_to(np.asarray(value, self.dtype), shape))
        return full

    def _bias(self, node: Conv2d | Linear) -> Array:
        if node.name in self.bias_of:
            neuron = self.graph.nodes[self.bias_of[node.name]]
            assert isinstance(neuron, LoihiLIF)  # by construction of bias_of
            return channel_bias(neuron, self.dtype)
        if node.bias is not None:
            return node.bias
        return np.zeros(node.shape[0], self.dtype if node.weight.dtype.kind != "f" else node.weight.dtype)

    def _source_shape(self, node: Node) -> tuple[int, ...]:
        sources = self.graph.into(node.name)
        if not sources:
            raise InputError(f"Nothing arrives at {node.name!r}; connect it or remove it.")
        return self.graph.nodes[sources[0].source].shape

    def _times(self, source: str, gain: int) -> str:
        """Name in the file of what sends `gain` times what `source` sends, made once for all its targets."""
        name = self.names[source]
        if gain == 1:
            return name
        if (name, gain) not in self.multiples:
            multiple = _unused(f"{name}_x{gain}".replace("-", "m"), self.nodes)
            self.nodes[multiple] = times(gain, self.graph.nodes[source].shape, self.dtype)
            self.carriers[multiple] = gain
            self.edges.append((name, multiple))
            self.multiples[name, gain] = multiple
        return self.multiples[name, gain]

    def _gathered(self, node: Node) -> str:
        """Name of the node in the file that takes the edges into `node`.

        Importers do not sum edges into an output and do not flatten in front of a matrix; a node before it does.
        """
        name, edges = self.names[node.name], self.graph.into(node.name)
        if isinstance(node, Readout) and len(edges) > 1:
            gather, before = times(1, node.shape, self.dtype), _unused(f"{name}_sum", self.nodes)
        elif isinstance(node, Linear) and len(self._source_shape(node)) > 1:
            gather, before = flattening(self._source_shape(node)), _unused(f"{name}_flat", self.nodes)
        else:
            return name
        self.nodes[before] = gather
        self.carriers[before] = 1
        self.edges.append((before, name))
        return before


def times(gain: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Multiplication of every element by `gain`, as a 1x1 convolution or a matrix: importers lack `nir.Scale`."""
    channels = shape[0]
    eye = np.eye(channels, dtype=dtype) * np.asarray(gain, dtype)
    if len(shape) == 1:
        return nir.Affine(eye, np.zeros(channels, dtype))
    written = nir.Conv2d(shape[1:], eye[:, :, None, None], (1, 1), (0, 0), (1, 1), 1, np.zeros(channels, dtype))
    return _typed(written, shape, shape)


def flattening(shape: tuple[int, ...]) -> Any:
    """Flatten of everything, counted from the end: right with and without a batch dimension in front."""
    return nir.Flatten(np.array(shape), start_dim=-len(shape), end_dim=-1)


def _synapses(graph: Graph) -> tuple[Conv2d | Linear, ...]:
    return tuple(n for n in graph.nodes.values() if isinstance(n, SYNAPSES))


def _bias_carriers(graph: Graph) -> dict[str, str]:
    """Synapse -> an integer neuron whose bias it can hold for all its targets; no neuron gets its bias twice."""
    found: dict[str, str] = {}
    served: set[str] = set()
    for synapse in _synapses(graph):
        edges = graph.out_of(synapse.name)
        targets = [n for n in (graph.nodes[e.target] for e in edges) if isinstance(n, LoihiLIF)]
        if (
            synapse.bias is not None
            or not targets
            or len(targets) < len(edges)
            or any((e.gain, e.delay) != (1, 0) for e in edges)
        ):
            continue
        if any(t.name in served or not _per_channel(t) for t in targets):
            continue
        biases = [bias_in_weights(t).reshape(-1) for t in targets]
        if biases[0].any() and all(np.array_equal(b, biases[0]) for b in biases):
            found[synapse.name] = targets[0].name
            served.update(t.name for t in targets)
    return found


def _per_channel(node: LoihiLIF) -> bool:
    return node.bias_mant.size == 1 or node.bias_mant.shape == (node.shape[0],) + (1,) * (node.bias_mant.ndim - 1)


def _file_names(graph: Graph) -> dict[str, str]:
    taken = set(graph.nodes)
    names: dict[str, str] = {}
    for name in graph.nodes:
        names[name] = _unused(f"{name}_", taken) if name in RESERVED else name
        taken.add(names[name])
    return names


def _unused(name: str, taken: Any) -> str:
    while name in taken or name in RESERVED:
        name += "_"
    return name


def _gains(edges: tuple[Edge, ...]) -> dict[tuple[str, str], int]:
    """Gains summed over the edges between two nodes; NIR knows an edge only once."""
    gains: dict[tuple[str, str], int] = {}
    for e in edges:
        gains[e.source, e.target] = gains.get((e.source, e.target), 0) + e.gain
    return gains


def _delays(edges: tuple[Edge, ...]) -> tuple[tuple[str, str, int, int], ...]:
    """All edges between nodes of which some edge is delayed."""
    late = {(e.source, e.target) for e in edges if e.delay}
    return tuple((e.source, e.target, e.gain, e.delay) for e in edges if (e.source, e.target) in late)


def _currents(graph: Graph) -> dict[str, str]:
    """LIF -> the leaky current `<name>_syn` that drives it and nothing else: together a `nir.CubaLIF`."""
    found: dict[str, str] = {}
    for neuron in graph.of_type(LIF):
        current = f"{neuron.name}_syn"
        into, out = graph.into(neuron.name), graph.out_of(current)
        if isinstance(graph.nodes.get(current), LI) and len(into) == len(out) == 1:
            edge = into[0]
            if (edge.source, edge.gain, edge.delay) == (current, 1, 0):
                found[neuron.name] = current
    return found


def _parameter_dtype(graph: Graph) -> np.dtype[Any]:
    wide = any(n.weight.dtype == np.float64 for n in _synapses(graph))
    return np.dtype(np.float64 if wide else np.float32)


def _typed(node: Any, source: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Types set by us: nir's own inference is wrong for non-square kernels."""
    node.input_type = {"input": np.array(source)}
    node.output_type = {"output": np.array(shape)}
    return node
