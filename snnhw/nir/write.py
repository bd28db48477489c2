"""Typed graph -> `nir.NIRGraph` in a dialect that importers run unmodified.

Full parameter arrays, no nesting, one output, zero bias instead of none, flatten counted from the end, edges without
gain or delay: whatever NIR has no field for goes into nodes that every importer has and into `metadata`.
"""

from __future__ import annotations

import nir
import numpy as np

from snnhw.errors import InputError
from snnhw.graph.given import graph_given
from snnhw.graph.ir import (
    ILIF,
    LI,
    LIF,
    MLF,
    SYNAPSES,
    Array,
    Conv2d,
    Delay,
    DType,
    Flatten,
    Graph,
    Input,
    Linear,
    LoihiLIF,
    MaxPool,
    Neuron,
    Node,
    Pool,
    Readout,
    Scale,
)
from snnhw.nir.edges import currents, delays, file_names, flattening, gains, times, typed, unused
from snnhw.nir.frameworks import DEFAULT_DIALECT, Dialect, dialect_named
from snnhw.nir.metadata import KEY, Metadata, describe_input, describe_neuron, window_numbers
from snnhw.nir.parameters import cuba_fields, li_fields, lif_fields, loihi_as_lif, loihi_current
from snnhw.nir.portable import bias_carriers, channel_bias, describe_form, portable
from snnhw.passes import NO_MAX_POOLS, run_passes
from snnhw.passes.inhibited_channels import inhibited_channels
from snnhw.rules.expressible import deployment
from snnhw.rules.given import products, separate_membranes
from snnhw.rules.refuse import refuse

EXACT_IN_FLOAT32 = 2**24


def to_nir(graph: Graph, *, dialect: str = DEFAULT_DIALECT) -> nir.NIRGraph:
    """`graph` for the importer that `dialect` names; multi-level units become K LIF nodes `<unit>_l1` .. `<unit>_lK`.

    Max pools of spikes become convolutions and LIF nodes that forget (`max_pool_into_neurons`).

    Raises:
        InputError: a node or parameter has no counterpart in NIR or in the dialect; the node and the remedy are named.
    """
    graph = graph_given(graph)
    refuse((*deployment(graph, "nir"), *products(graph, "nir"), *separate_membranes(graph, "nir")), graph, "nir")
    channels = written_graph(graph)
    _check_connected(channels)
    return _Writer(channels, dialect_named(dialect)).written()


def refusals(graph: Graph, dialect: str) -> dict[str, str]:
    """Node or unit -> why `to_nir` refuses it, for all of them."""
    found: dict[str, str] = {}
    channels = written_graph(graph)
    writer = _Writer(channels, dialect_named(dialect))
    for node in channels.nodes.values():
        try:
            writer._node(node)
        except InputError as error:
            name = node.name if node.name in graph.nodes else node.unit_name if isinstance(node, Neuron) else node.name
            found.setdefault(name, str(error))
    return found


def written_graph(graph: Graph) -> Graph:
    """`graph` as it is written: units as their channels, max pools of spikes as neurons."""
    graph = run_passes(graph, NO_MAX_POOLS) if graph.of_type(MaxPool) else graph
    return inhibited_channels(graph) if graph.of_type(MLF, ILIF) else graph


def _check_connected(graph: Graph) -> None:
    """Importers give a loose end an output of its own, and two outputs make nirtorch run forever."""
    forward = graph.reached([graph.input.name])
    backward = graph.reached([graph.readout.name], forward=False)
    for name in graph.nodes:
        if name not in forward:
            raise InputError(f"Nothing leads from the input to {name!r}; connect it or remove it.")
        if name not in backward:
            raise InputError(f"Nothing leads from {name!r} to the read-out; connect it or remove it.")


class _Writer:
    """Collects the nodes and edges of one file."""

    def __init__(self, graph: Graph, dialect: Dialect) -> None:
        self.graph = graph
        self.dialect = dialect
        self.dtype = _parameter_dtype(graph)
        self.names = file_names(graph)
        self.bias_of = bias_carriers(graph)
        self.biased = {e.target for synapse in self.bias_of for e in graph.out_of(synapse)}
        self.currents = currents(graph)
        self.nodes: dict[str, nir.NIRNode] = {}
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
        for (source, target), gain in gains(graph.edges).items():
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
            delays=delays(graph.edges),
            no_bias=tuple(n.name for n in _synapses(graph) if n.bias is None),
            bias_of=self.bias_of,
            integers={n.name: dtypes for n in _synapses(graph) if (dtypes := _integer_dtypes(n))},
            forms={n.name: form for n in graph.of_type(Conv2d) if (form := describe_form(n))},
            folded_pool={n.name: n.unfolded_inputs for n in graph.of_type(Linear) if n.unfolded_inputs is not None},
            folded_conv={n.name: window_numbers(n.unfolded) for n in graph.of_type(Conv2d) if n.unfolded is not None},
            identities=tuple(n.name for n in _synapses(graph) if n.identity),
            currents=self.currents,
            longest=graph.longest,
        )
        return nir.NIRGraph(self.nodes, self.edges, metadata={KEY: metadata.to_json()}, type_check=False)

    def _node(self, node: Node) -> nir.NIRNode:
        if isinstance(node, Input):
            return nir.Input(np.array(node.shape))
        if isinstance(node, Readout):
            return nir.Output(np.array(node.shape))
        if isinstance(node, Conv2d):
            source, conv = self._source_shape(node), portable(node)
            arguments = (
                self._floats(conv.weight),
                conv.stride,
                conv.padding,
                conv.dilation,
                conv.groups,
                self._bias(node),
            )
            return typed(nir.Conv2d(source[1:], *arguments), source, node.shape)
        if isinstance(node, Linear):
            return nir.Affine(self._floats(node.weight), self._bias(node))
        if isinstance(node, Pool):
            kind = nir.AvgPool2d if node.kind == "avg" else nir.SumPool2d
            written = kind(np.array(node.kernel), np.array(node.stride), np.array(node.padding))
            return typed(written, self._source_shape(node), node.shape)
        if isinstance(node, Flatten):
            return flattening(self._source_shape(node))
        if isinstance(node, Scale):
            return nir.Scale(self._full(node.scale, node.shape))
        if isinstance(node, Delay):
            return nir.Delay(self._full(node.steps, node.shape) * np.asarray(self.dialect.dt, self.dtype))
        if isinstance(node, LI | LIF | LoihiLIF):
            return self._neuron(node)
        of_model = "write the graph of model_of, which has it in its weights"
        remedy = of_model if type(node).__name__ == "Norm" else node.remedy
        raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which NIR does not know; {remedy}.")

    def _neuron(self, node: LI | LIF | LoihiLIF) -> nir.NIRNode:
        if isinstance(node, LI):
            return nir.LI(**li_fields(node, self.dialect, self.dtype))
        current = self.graph.nodes.get(self.currents.get(node.name, ""))
        if isinstance(node, LoihiLIF):
            current, node = loihi_current(node), loihi_as_lif(node, node.name in self.biased)
        if isinstance(current, LI):
            return nir.CubaLIF(**cuba_fields(current, node, self.dialect, self.dtype))
        return nir.LIF(**lif_fields(node, self.dialect, self.dtype))

    def _full(self, value: float | Array, shape: tuple[int, ...]) -> Array:
        full: Array = np.array(np.broadcast_to(np.asarray(value, self.dtype), shape))
        return full

    def _bias(self, node: Conv2d | Linear) -> Array:
        neuron = self.graph.nodes.get(self.bias_of.get(node.name, ""))
        if isinstance(neuron, LoihiLIF):
            return channel_bias(neuron, self.dtype)
        weight = self._floats(node.weight)
        return np.zeros(node.shape[0], weight.dtype) if node.bias is None else self._floats(node.bias)

    def _floats(self, array: Array) -> Array:
        """Integers as floats that hold them exactly; importers make modules of the arrays as they are."""
        if array.dtype.kind == "f":
            return array
        return array.astype(np.float64 if np.abs(array).max(initial=0) >= EXACT_IN_FLOAT32 else self.dtype)

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
            multiple = self._unused(f"{name}_x{gain}".replace("-", "m"))
            self.nodes[multiple] = times(gain, self.graph.nodes[source].shape, self.dtype)
            self.carriers[multiple] = gain
            self.edges.append((name, multiple))
            self.multiples[name, gain] = multiple
        return self.multiples[name, gain]

    def _unused(self, name: str) -> str:
        """No node of the file has it, and none of the graph: currents are in the file without a name of their own."""
        return unused(name, self.nodes.keys() | self.graph.nodes.keys())

    def _gathered(self, node: Node) -> str:
        """Name of the node in the file that takes the edges into `node`.

        Importers do not sum edges into an output and do not flatten in front of a matrix; a node before it does.
        """
        name, edges = self.names[node.name], self.graph.into(node.name)
        if isinstance(node, Readout) and len(edges) > 1:
            gather, before = times(1, node.shape, self.dtype), self._unused(f"{name}_sum")
        elif isinstance(node, Linear) and len(self._source_shape(node)) > 1:
            gather, before = flattening(self._source_shape(node)), self._unused(f"{name}_flat")
        else:
            return name
        self.nodes[before] = gather
        self.carriers[before] = 1
        self.edges.append((before, name))
        return before


def _integer_dtypes(node: Conv2d | Linear) -> dict[str, str]:
    arrays = {"weight": node.weight, "bias": node.bias}
    return {key: a.dtype.name for key, a in arrays.items() if a is not None and a.dtype.kind != "f"}


def _synapses(graph: Graph) -> tuple[Conv2d | Linear, ...]:
    return tuple(n for n in graph.nodes.values() if isinstance(n, SYNAPSES))


def _parameter_dtype(graph: Graph) -> DType:
    wide = any(n.weight.dtype == np.float64 for n in _synapses(graph))
    return np.dtype(np.float64 if wide else np.float32)
