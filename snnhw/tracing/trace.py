"""A torch module into the typed graph, through torch.fx: one node per module call, residual sums as fan-in.

Takes a network whose layers see [T*B, ...] (see `snnhw.nn.time`) in evaluation mode and the shape of its input; gives a
multi-level graph in float64 with every parameter as stored. `a + b` becomes two edges, `x + x` and `2 * x` one edge of
gain 2; a module called twice becomes two nodes. Layers of the user's own become what `modules` says.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass

import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Edge, Flatten, Graph, Input, Neuron, Node, Pool, Readout
from snnhw.nn.wrappers import eager, inside, unwrapped
from snnhw.tracing.calls import ADDITIONS, DROPOUTS, FLATTENS, MEANS, POOLS, VIEWS, dims, gain_of, line, place
from snnhw.tracing.kinds import changed_parent, class_of, kind_of
from snnhw.tracing.modules import KINDS, PASS_THROUGH, TRACE, Modules, readout
from snnhw.tracing.tracer import Tracer, untraceable
from snnhw.tracing.weights import refresh_weights


@dataclass(frozen=True)
class Stream:
    """What an fx value is in the graph: a sum of node outputs with integer gains."""

    terms: tuple[tuple[str, int], ...]
    shape: tuple[int, ...]

    def __add__(self, other: Stream) -> Stream:
        gains = dict(self.terms)
        for name, gain in other.terms:
            gains[name] = gains.get(name, 0) + gain
        return Stream(tuple(gains.items()), self.shape)

    def __mul__(self, gain: int) -> Stream:
        return Stream(tuple((name, gain * g) for name, g in self.terms), self.shape)


def trace(
    network: nn.Module, input_shape: tuple[int, ...], *, name: str = "network", modules: Modules | None = None
) -> Graph:
    """Typed graph of `network`, not yet folded.

    Args:
        network: module whose forward is free of branches on data; compiled, or in DataParallel, what is inside.
        input_shape: (C, H, W) of one frame.
        name: of the graph.
        modules: for module classes of your own, such as a neuron with a loop over time: (node name, module, shape that
            arrives) -> node. Spikes of a node that does not compute what its module does are found by `verify`.

    Raises:
        InputError: operators that have no node, all at once, each with its module path.
    """
    tracer, network = Tracer(modules or {}), unwrapped(network)
    if "forward" in vars(network):
        raise InputError(f"The forward of this one {type(network).__name__} was replaced; write a class that has it.")
    try:
        with eager(network):
            traced = tracer.trace(network)
    except (torch.fx.proxy.TraceError, TypeError) as error:
        raise untraceable(network, tracer, error) from error
    walk = _Walk(network, tuple(input_shape), modules or {})
    for fx_node in traced.nodes:
        walk.visit(fx_node)
    return walk.graph(name)


class _Walk:
    """The graph as it grows while the fx nodes are visited in order."""

    def __init__(self, network: nn.Module, input_shape: tuple[int, ...], modules: Modules) -> None:
        self.network, self.input_shape, self.explained = network, input_shape, modules
        self.streams: dict[torch.fx.Node, Stream] = {}
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.paths: dict[str, str] = {}
        self.unknown: list[str] = []  # modules and calls without a node
        self.problems: list[str] = []  # known ones that do not fit
        self.sizes: set[torch.fx.Node] = set()  # x.size(0), x.shape and their items
        self.timesteps: set[int] = set()

    def visit(self, fx_node: torch.fx.Node) -> None:
        """Add what `fx_node` stands for."""
        if fx_node.op == "placeholder":
            node = Input(name="input", shape=self.input_shape)
            self.nodes[node.name] = node
            self.streams[fx_node] = Stream(((node.name, 1),), node.shape)
        elif fx_node.op == "output":
            self._end(fx_node)
        elif self._is_size(fx_node):
            self.sizes.add(fx_node)
        else:
            inputs = [a for a in fx_node.all_input_nodes if a not in self.sizes]
            streams = [self.streams[a] for a in inputs if a in self.streams]
            if len(streams) < len(inputs):
                return  # behind an operator that has already been reported
            try:
                stream = self._module(fx_node, streams) if fx_node.op == "call_module" else self._call(fx_node, streams)
            except InputError as error:  # reported with all others
                self.problems.append(str(error).rstrip("."))
                return
            if stream is not None:
                self.streams[fx_node] = stream

    def _is_size(self, fx_node: torch.fx.Node) -> bool:
        named = fx_node.target is getattr and fx_node.args[1:] == ("shape",)
        item = fx_node.target is operator.getitem and fx_node.args[0] in self.sizes
        return fx_node.target == "size" or named or item

    def _module(self, fx_node: torch.fx.Node, streams: list[Stream]) -> Stream | None:
        path = str(fx_node.target)
        module = self.network.get_submodule(path)
        steps = getattr(module, "timesteps", None)
        if isinstance(steps, int):
            self.timesteps.add(steps)
        own = class_of(module)
        kind = own if own in self.explained else kind_of(module, KINDS)
        build = self.explained.get(own) or (TRACE.get(kind) if kind else None)
        if kind in PASS_THROUGH and build is None:
            return streams[0]
        if build is None:
            parent = changed_parent(module, KINDS)
            how = f", a {parent.__name__} that computes in its own way" if parent else ""
            self.unknown.append(f"{path} ({own.__name__}{how}{line(fx_node)})")
            return None
        refresh_weights(path, module)
        name = self._name(path)
        self.paths[name] = path
        return self._add(build(name, module, streams[0].shape), streams[0])

    def _call(self, fx_node: torch.fx.Node, streams: list[Stream]) -> Stream | None:
        target = fx_node.target
        if target in ADDITIONS and len(fx_node.args) == 2 and all(isinstance(a, torch.fx.Node) for a in fx_node.args):
            first, second = (self.streams[a] for a in fx_node.args if isinstance(a, torch.fx.Node))
            if first.shape != second.shape:
                raise InputError(f"A sum in {place(fx_node)} adds {first.shape} and {second.shape}; make them equal.")
            alpha = fx_node.kwargs.get("alpha", 1)
            if isinstance(alpha, int) and alpha >= 1:
                return first + second * alpha
        gain = gain_of(fx_node)
        if gain is not None:
            return streams[0] * gain
        if target in DROPOUTS:
            return streams[0]
        if target in POOLS:
            module = POOLS[target](*fx_node.args[1:], **{k: v for k, v in fx_node.kwargs.items() if k != "input"})
            return self._add(TRACE[type(module)](self._name("pool"), module, streams[0].shape), streams[0])
        if target in VIEWS and self._flattens(fx_node, streams[0]):
            return self._flat(streams[0])
        options = {**dict(zip(("input", "dim"), fx_node.args, strict=False)), **fx_node.kwargs}
        if target in FLATTENS and options.get("dim", options.get("start_dim")) == 1:
            return self._flat(streams[0])
        if target in MEANS and sorted(d % 4 for d in dims(options.get("dim"))) == [2, 3]:
            return self._mean(streams[0], keepdim=bool(options.get("keepdim", False)))
        self.unknown.append(f"{place(fx_node)} ({getattr(target, '__name__', target)}{line(fx_node)})")
        return None

    def _flattens(self, fx_node: torch.fx.Node, stream: Stream) -> bool:
        """True for a view of [T*B, ...] as [T*B, everything]."""
        sizes = fx_node.args[1:]
        if len(sizes) == 1 and isinstance(sizes[0], tuple | list):
            sizes = tuple(sizes[0])
        if len(sizes) != 2:
            return False
        everything = math.prod(stream.shape)
        known = isinstance(sizes[0], torch.fx.Node) and sizes[0] in self.sizes
        return (known and sizes[1] in (-1, everything)) or sizes == (-1, everything)

    def _flat(self, stream: Stream) -> Stream:
        return self._add(Flatten(name=self._name("flatten"), shape=(math.prod(stream.shape),)), stream)

    def _mean(self, stream: Stream, keepdim: bool) -> Stream:
        channels, height, width = stream.shape
        kernel = (height, width)
        pool = Pool(name=self._name("pool"), shape=(channels, 1, 1), kind="avg", kernel=kernel, stride=kernel)
        pooled = self._add(pool, stream)
        return pooled if keepdim else self._add(Flatten(name=self._name("flatten"), shape=(channels,)), pooled)

    def _add(self, node: Node, stream: Stream) -> Stream:
        self.nodes[node.name] = node
        self.edges.extend(Edge(source, node.name, gain) for source, gain in stream.terms)
        return Stream(((node.name, 1),), node.shape)

    def _end(self, fx_node: torch.fx.Node) -> None:
        result = fx_node.args[0]
        if not isinstance(result, torch.fx.Node) or (result not in self.streams and not self._refused()):
            raise InputError(f"{type(self.network).__name__} returns more than one tensor; return the logits alone.")
        if result in self.streams and not any(isinstance(n, Readout) for n in self.nodes.values()):
            stream = self.streams[result]
            self._add(readout(self._name("readout"), None, stream.shape), stream)

    def _name(self, path: str) -> str:
        """A node name from a module path; a module used again gets the suffix _2, _3, and so on."""
        parts: list[str] = []
        module: nn.Module = self.network
        for part in path.split("."):
            if inside(module) is not None:
                module = getattr(module, part)
                continue  # a wrapper adds nothing to the name of what is inside
            named_child = isinstance(module, nn.Sequential) and not part.isdigit() and parts
            if named_child:
                parts.pop()  # a container of named stages adds nothing to the names of its children
            parts.append(part)
            module = getattr(module, part, module)
        base = re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts))
        base = base if not base[0].isdigit() else f"layer_{base}"
        name, again = base, 2
        while name in self.nodes:
            name, again = f"{base}_{again}", again + 1
        return name

    def _refused(self) -> list[str]:
        """Everything that stands against the graph."""
        if not self.unknown:
            return self.problems
        known = "replace these by convolution, linear, norm, pool, flatten, MLF or sums, or explain them with modules="
        return [*self.problems, f"there is no node for {', '.join(self.unknown)}; {known}"]

    def graph(self, name: str) -> Graph:
        """The finished graph."""
        if self._refused():
            raise InputError(f"{type(self.network).__name__} cannot be traced: {'; '.join(self._refused())}.")
        if len(self.timesteps) > 1:
            raise InputError(
                f"Layers of {type(self.network).__name__} last {sorted(self.timesteps)} time steps; set one T."
            )
        if not self.timesteps and any(isinstance(node, Neuron) for node in self.nodes.values()):
            raise InputError(f"{type(self.network).__name__} says no number of steps; end it with MeanOverTime(T).")
        steps = self.timesteps.pop() if self.timesteps else 1
        return Graph.build(self.nodes.values(), self.edges, steps, name, modules=self.paths)
