"""The graph as it grows while the calls of a traced forward are visited in order.

Takes the calls that torch.fx has recorded, gives the graph, or one error that names everything that stands against it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph import ir
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Conv2d, Edge, Flatten, Graph, Input, Linear, Neuron, Node, Norm, Pool, Readout, Scale, Wires
from snnhw.nn.time import Frames
from snnhw.tracing import calls
from snnhw.tracing.calls import gain_of, line, place
from snnhw.tracing.constants import constant
from snnhw.tracing.derived import held
from snnhw.tracing.idioms import IDIOMS, Growing, arithmetic
from snnhw.tracing.kinds import changed_parent, class_of, kind_of
from snnhw.tracing.modules import KINDS, MOVING, PASS_THROUGH, RESHAPES, TRACE, Built, Modules, readout
from snnhw.tracing.names import node_name
from snnhw.tracing.outputs import output_name, returned
from snnhw.tracing.products import multiplied
from snnhw.tracing.sizes import Size, of_sizes, size_of
from snnhw.tracing.streams import Stream, behind_the_mean
from snnhw.tracing.values import UNARY, moved_by
from snnhw.tracing.weights import refresh_weights


class Walk:
    """The graph as it grows while the fx nodes are visited in order."""

    def __init__(self, network: nn.Module, input_shape: tuple[int, ...], modules: Modules) -> None:
        self.network, self.explained = network, modules
        self.input = Input(name="input", shape=held(input_shape), sequence=len(input_shape) == 2)
        self.input_shape = input_shape
        self.streams: dict[torch.fx.Node, Stream] = {}
        self.sizes: dict[torch.fx.Node, Size] = {}  # x.size(0), x.shape and what is computed from them
        self.nodes: dict[str, Node] = {self.input.name: self.input}
        self.ends: dict[str, Readout] = {}  # by name; one of them is a node in the end
        self.edges: list[Edge] = []
        self.paths: dict[str, str] = {}
        self.unknown: list[str] = []  # modules and calls without a node
        self.problems: list[str] = []  # known ones that do not fit
        self.findings: list[Finding] = []
        self.timesteps: set[int] = set()
        self.visited: set[torch.fx.Node] = set()
        self.constants: dict[torch.fx.Node, Any] = {}  # parameters, and what is computed from them
        self.growing = Growing(self._add, self._add, self._name, self.timesteps.add)

    def visit(self, recorded: Iterable[torch.fx.Node]) -> None:
        """Add what the `recorded` calls stand for that have not been visited."""
        for fx_node in recorded:
            if fx_node not in self.visited:
                self.visited.add(fx_node)
                self._visit(fx_node)

    def size_at(self, fx_node: torch.fx.Node, recorded: Iterable[torch.fx.Node]) -> Size | None:
        """The size that `fx_node`, the last of `recorded`, is while the network is still being traced."""
        self.visit(recorded)
        return self.sizes.get(fx_node)

    def _visit(self, fx_node: torch.fx.Node) -> None:
        if fx_node.op == "placeholder":
            if not self.streams:
                self.streams[fx_node] = Stream(((self.input.name, 1),), self.input_shape)
        elif fx_node.op == "output":
            self._end(fx_node)
        elif any(a.op == "placeholder" and a not in self.streams for a in fx_node.all_input_nodes):
            more = [a.name for a in fx_node.all_input_nodes if a.op == "placeholder" and a not in self.streams]
            self.problems.append(f"{place(fx_node)} uses {more[0]!r} beside the input; keep that in the module")
        elif all(a in self.streams or a in self.sizes or a in self.constants for a in fx_node.all_input_nodes):
            # else it is behind an operator that has already been reported
            try:
                value = constant(self.network, fx_node, self.constants)
                if value is not None:
                    self.constants[fx_node] = value
                    return
                size = self._size(fx_node)
                stream = None if size is not None else self._sent(fx_node)
            except InputError as error:  # reported with all others
                self.problems.append(str(error).rstrip("."))
                return
            if size is not None:
                self.sizes[fx_node] = size
            if stream is not None:
                self.streams[fx_node] = stream

    def _sent(self, fx_node: torch.fx.Node) -> Stream | None:
        """The value that a layer or a call gives."""
        if fx_node.op == "call_module":
            return self._module(fx_node)
        stream = self._call(fx_node)
        changed: Any = fx_node
        while stream is not None and changed.target in calls.IN_PLACE and isinstance(changed.args[0], torch.fx.Node):
            changed = changed.args[0]  # what was changed before is one and the same
            self.streams[changed] = stream
        return stream

    def _size(self, fx_node: torch.fx.Node) -> Size | None:
        """The number that a call gives, None where it gives none."""
        if fx_node.op == "call_module":
            return None
        args, named = self._arguments(fx_node)
        if args and isinstance(args[0], Stream):
            return size_of(args[0].sizes, fx_node.target, args[1:], named)
        return of_sizes(fx_node.target, args)

    def _arguments(self, fx_node: torch.fx.Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments of a call, with numbers for the sizes and streams for the values among them."""

        def known(argument: Any) -> Any:
            if isinstance(argument, torch.fx.Node):
                return self.streams.get(argument, self.sizes.get(argument, self.constants.get(argument)))
            if isinstance(argument, tuple | list):
                return tuple(known(a) for a in argument)
            return argument

        named = {key: known(value) for key, value in fx_node.kwargs.items()}
        first = (named.pop("input"),) if "input" in named else ()
        return (*first, *(known(a) for a in fx_node.args)), named

    def _module(self, fx_node: torch.fx.Node) -> Stream | None:
        path = str(fx_node.target)
        module = self.network.get_submodule(path)
        given = [a for a in self._arguments(fx_node)[0] if isinstance(a, Stream)]
        if len(given) != 1 or len(fx_node.all_input_nodes) != 1:
            raise InputError(f"{path!r} is called with {len(fx_node.all_input_nodes)} values; a layer takes one.")
        stream = given[0]
        steps = getattr(module, "timesteps", None)
        if not isinstance(steps, int):
            steps = None
        else:
            self.timesteps.add(steps)
        own = class_of(module)
        kind = own if own in self.explained else kind_of(module, KINDS)
        build = self.explained.get(own) or (TRACE.get(kind) if kind else None)
        if kind is Frames and build is None:
            return stream.repeated(path, int(steps or 1))
        if kind in PASS_THROUGH and build is None:
            return stream
        if own not in self.explained and (kind in MOVING or kind in RESHAPES):
            name = self._name(path)
            seen = moved_by(self.growing, name, module, stream)
            self.paths |= {name: path} if name in self.nodes else {}
            return seen
        if build is None:
            parent = changed_parent(module, KINDS)
            how = f", a {parent.__name__} that computes in its own way" if parent else ""
            if ".quantized." in own.__module__:
                how = " quantised by torch: give the network from before, `quantise` makes integers of it"
            self.unknown.append(f"{path} ({own.__name__}{how}{line(fx_node)})")
            return None
        refresh_weights(path, module)
        name = self._name(path)
        self.paths[name] = path
        last_axes = kind is nn.LayerNorm  # it takes them however batch and time stand
        return self._add(build(name, module, held(stream.shape)), stream, steps, any_axes=last_axes)

    def _call(self, fx_node: torch.fx.Node) -> Stream | None:
        target, (args, named) = fx_node.target, self._arguments(fx_node)
        streams = [a for a in args if isinstance(a, Stream)]
        if target in calls.ADDITIONS and len(args) == len(streams) == 2:
            alpha = named.get("alpha", 1)
            if isinstance(alpha, int) and alpha >= 1:
                return streams[0].plus(streams[1].times(alpha), place(fx_node))
        gain = gain_of(target, args)
        if gain is not None:
            return streams[0].times(gain)
        stream = arithmetic(self.growing, target, args, named, place(fx_node))
        stream = stream or multiplied(self.growing, target, args, named, place(fx_node))
        for idiom in (*UNARY, *IDIOMS):
            stream = stream or idiom(self.growing, target, args, named)
        if stream is None:
            calls.check_decision(fx_node)
            self.unknown.append(f"{place(fx_node)} ({getattr(target, '__name__', target)}{line(fx_node)})")
        return stream

    def _add(self, node: Built, stream: Stream, timesteps: int | None = None, *, any_axes: bool = False) -> Stream:
        if isinstance(node, tuple):
            *before, node = node
            any_axes = any_axes or all(isinstance(n, Wires) for n in (before[0], node))  # a matrix of the last axis
            for one in before:
                stream = self._add(one, stream, any_axes=any_axes)
        if isinstance(node, Readout):
            self.ends[node.name] = node
            return stream.ended(node, timesteps or 1)
        summed, rest = stream.parted()
        if summed is not None and rest is None and isinstance(node, Flatten | Pool | Scale | Wires):
            return self._add(node, summed, any_axes=any_axes).added_up(stream.summed)  # these commute with the factor
        if summed is not None and rest is None and isinstance(node, Conv2d | Linear):
            node, stream = dataclasses.replace(node, weight=node.weight * stream.summed), summed
        elif summed is not None:  # on an edge the factor of a sum over time would make each spike T spikes
            scale = Scale(name=self._name("scale"), shape=held(stream.shape), scale=float(stream.summed))
            terms = (*self._add(scale, summed, any_axes=any_axes).terms, *(() if rest is None else rest.terms))
            stream = dataclasses.replace(stream, terms=terms, summed=1)
        sent = stream.through(node, any_axes=any_axes or isinstance(node, Linear))  # a matrix takes the last axis
        if stream.end is not None and isinstance(node, Conv2d | Linear | Norm):
            self.findings.append(behind_the_mean(node.name, stream.end.name))
        self.nodes[node.name] = node
        self.edges.extend(Edge(source, node.name, gain) for source, gain in stream.terms)
        return sent

    def _end(self, fx_node: torch.fx.Node) -> None:
        found = returned(type(self.network).__name__, fx_node.args[0])
        missing = next((key for key, node in found.items() if node not in self.streams), None)
        if missing is not None and not self._refused():  # else it is behind an operator that has been reported
            network = type(self.network).__name__
            raise InputError(f"{network} returns {missing or 'a size'}, which is no value; leave it out.")
        self._finish({key: self.streams[node] for key, node in found.items() if node in self.streams})

    def _finish(self, streams: Mapping[str, Stream]) -> list[str]:
        """Add the read-outs of what the forward returns; gives their names."""
        several, ends, names = len(streams) > 1, set(self.ends), []
        for key, stream in streams.items():
            if several and stream.end is None and self.timesteps - {1}:
                self.problems.append(f"{key!r} is no mean over time; end it with MeanOverTime(T), or do not return it")
                continue
            end = stream.end or readout(self._name("readout"), None, stream.shape)
            name = output_name(key, end.name, {*self.nodes, *(ends - {end.name})}) if several else end.name
            self.nodes[name] = dataclasses.replace(end, name=name, shape=held(stream.shape))
            self.edges.extend(Edge(source, name, gain) for source, gain in stream.terms)
            names.append(name)
        return names

    def _name(self, path: str) -> str:
        return node_name(self.network, path, {*self.nodes, *self.ends})

    def _refused(self) -> list[str]:
        """Everything that stands against the graph."""
        if not self.unknown:
            return self.problems
        known = "replace these by convolution, linear, norm, pool, flatten, MLF or sums, or explain them with modules="
        return [*self.problems, f"there is no node for {', '.join(dict.fromkeys(self.unknown))}; {known}"]

    def graph(self, name: str) -> Graph:
        """The finished graph."""
        if self._refused():
            raise InputError(f"{type(self.network).__name__} cannot be traced: {'; '.join(self._refused())}.")
        if len(self.timesteps) > 1:
            raise InputError(
                f"Layers of {type(self.network).__name__} last {sorted(self.timesteps)} time steps; set one T."
            )
        if not self.timesteps and any(isinstance(node, Neuron | ir.LI) for node in self.nodes.values()):
            network = type(self.network).__name__
            raise InputError(
                f"{network} says no number of steps; end it with MeanOverTime(T), or give timesteps=T, which is "
                "--timesteps T on the command line."
            )
        steps = self.timesteps.pop() if self.timesteps else 1
        paths = {node: path for node, path in self.paths.items() if node in self.nodes}
        return Graph.build(self.nodes.values(), self.edges, steps, name, tuple(self.findings), paths)
