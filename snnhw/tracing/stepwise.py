"""The walk over networks of other frameworks: one step at a time, an explicit loop over time, or all steps at once.

Their neurons keep a state from call to call, so the calls of a loop are steps (`unrolled.py`); their layers know
whether time stands first, second or not at all (`frameworks/`).
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from fractions import Fraction
from typing import Any

import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Edge, Reduction
from snnhw.tracing.calls import line
from snnhw.tracing.cells import cell_of
from snnhw.tracing.derived import held
from snnhw.tracing.frameworks.adapter import Adapter
from snnhw.tracing.frameworks.cell import Cell
from snnhw.tracing.frameworks.registry import adapter_of, refusal_of
from snnhw.tracing.kinds import class_of
from snnhw.tracing.membranes import Membranes
from snnhw.tracing.modules import Modules, readout
from snnhw.tracing.neurons import ZEROS, check_alone
from snnhw.tracing.reductions import PAIRS, ended, first_of_pair, largest, last_taken
from snnhw.tracing.sequences import REPEATS, shown, stacked
from snnhw.tracing.sizes import Rows, Size
from snnhw.tracing.streams import Axes, Stream
from snnhw.tracing.unrolled import Unrolled, state_of, step_taken
from snnhw.tracing.walk import Walk
from snnhw.tracing.weights import refresh_weights

QUOTIENTS = (operator.truediv, operator.itruediv, torch.div, "div", "div_")


class SteppedWalk(Walk):
    """A walk that knows steps; `entering` says how time and batch stand in the input, None: it has no time."""

    def __init__(
        self,
        network: nn.Module,
        input_shape: tuple[int, ...],
        modules: Modules,
        entering: Axes | None = None,
        timesteps: int | None = None,
    ) -> None:
        super().__init__(network, input_shape, modules)
        self.entering, self.told = entering, timesteps
        if timesteps is not None:
            self.timesteps.add(timesteps)
        neurons = [a for m in network.modules() if (a := self._adapter(m)) is not None and a.cell is not None]
        self.unrolled = Unrolled(looping=bool(neurons))
        self.states: set[torch.fx.Node] = set()  # states of neurons, and what is computed from them
        self.membranes = Membranes()
        self.pairs: set[torch.fx.Node] = set()  # calls that give (largest values, indices)
        self._reported: set[str] = set()  # lines
        self.asks_for_time = ""  # where the forward takes a step of its input, which has no time
        self.counts_steps = False  # the forward counts up to the size of an axis that is taken for the batch

    def _adapter(self, module: nn.Module) -> Adapter | None:
        return None if class_of(module) in self.explained else adapter_of(module)

    def _visit(self, fx_node: torch.fx.Node) -> None:
        if fx_node.op == "output":
            super()._visit(fx_node)
            return
        try:
            first = fx_node if fx_node.op == "placeholder" else self._first(fx_node)
        except InputError as error:  # reported with all others, once for all steps
            if (where := line(fx_node)) not in self._reported:
                self.problems.append(str(error).rstrip("."))
            self._reported.add(where)
            return
        if first is fx_node:
            if fx_node not in self.streams:
                super()._visit(fx_node)
        elif first in self.streams:
            self.streams[fx_node] = self.streams[first]
        elif first in self.sizes:
            self.sizes[fx_node] = self.sizes[first]
        elif first in self.constants:
            self.constants[fx_node] = self.constants[first]
        if fx_node.op == "placeholder" and fx_node in self.streams:
            self.streams[fx_node] = self._entering(self.streams[fx_node])

    def _entering(self, stream: Stream) -> Stream:
        if self.entering in (None, "step"):
            return stream
        (steps,) = self.timesteps
        leads: dict[Axes, tuple[Size, ...]] = {
            "time": (steps, Rows()),
            "batch": (Rows(), steps),
            "rows": (Rows(Fraction(steps)),),
        }
        return dataclasses.replace(stream, lead=leads[self.entering or "time"], batch_first=self.entering != "time")

    def _first(self, fx_node: torch.fx.Node) -> torch.fx.Node | None:
        """The call that this one repeats, itself where there is none; None where it has no value of its own yet."""
        given = fx_node.all_input_nodes
        check_alone(fx_node)
        if fx_node.target is state_of and (found := self._membrane(fx_node)) is not None:
            return found
        if fx_node.target is state_of or fx_node.target in ZEROS or any(a in self.states for a in given):
            self.states.add(fx_node)
            return None
        known = {*self.streams, *self.sizes, *self.constants, *self.unrolled.sums}
        if not all(a in known for a in given):
            return fx_node  # behind something that has been reported
        if self.unrolled.added(fx_node):
            return None
        for source in given:
            self._complete(source)
        pair = first_of_pair(fx_node, self.pairs)
        if pair is not None:
            return pair
        if fx_node.op == "call_module":
            adapter = self._adapter(self.network.get_submodule(str(fx_node.target)))
            stream = self.streams.get(given[0]) if given else None
            if adapter is not None and adapter.cell is not None and stream is not None:
                return self.unrolled.called(fx_node) if stream.axes == "step" else self.unrolled.called_once(fx_node)
        if fx_node.target is torch.stack:
            return fx_node
        taken = self._taken(fx_node)
        return self.unrolled.repeats(fx_node) if taken is None else self.unrolled.taken(fx_node, taken)

    def _taken(self, fx_node: torch.fx.Node) -> int | None:
        """The step that a call takes out of a sequence."""
        at = step_taken(fx_node)
        stream = self.streams.get(fx_node.all_input_nodes[0]) if at is not None else None
        if at is None or stream is None or not self.unrolled.looping or at[1] == -1:
            return None
        if stream.time_axis is None and at[0] < 2 and stream.terms == ((self.input.name, 1),):
            self.asks_for_time = self.asks_for_time or line(fx_node) or ", in its forward"
        if stream.time_axis != at[0]:
            return None
        self.unrolled.sequences |= {stream.steps} if isinstance(stream.steps, int) else set()
        return at[1]

    def _complete(self, source: torch.fx.Node) -> None:
        """Make a sum over steps a value: the read-out of what was added up."""
        if source in self.streams or source not in self.unrolled.sums:
            return
        value, steps = self.unrolled.sums[source]
        self.timesteps.add(steps)
        stream = self.streams[value]
        summed = stream.all_steps(steps).added_up(steps)
        self.streams[source] = self._add(readout(self._name("readout"), None, stream.shape), summed, steps)

    def _membrane(self, fx_node: torch.fx.Node) -> torch.fx.Node | None:
        """The first call that gives this membrane, which is a value; None of another state."""
        neuron, state = fx_node.all_input_nodes[0], fx_node.args[1]
        first, step = self.unrolled.value(neuron)
        path = str(neuron.target)
        adapter = self._adapter(self.network.get_submodule(path))
        if first not in self.streams or adapter is None or adapter.membrane != state or path not in self.membranes:
            return None
        same = self.unrolled.state(fx_node, path, step)
        if same is fx_node:
            self.streams[fx_node] = dataclasses.replace(self.streams[first], terms=((self.membranes[path], 1),))
        return same

    def _module(self, fx_node: torch.fx.Node) -> Stream | None:
        path = str(fx_node.target)
        module = self.network.get_submodule(path)
        adapter = self._adapter(module)
        given = [a for a in self._arguments(fx_node)[0] if isinstance(a, Stream)]
        if adapter is not None and len(given) == len(fx_node.all_input_nodes) == 1:
            return self._cell(path, module, adapter, given[0])
        refusal = None if class_of(module) in self.explained else refusal_of(module)
        if refusal is not None:
            self.unknown.append(f"{path} ({class_of(module).__name__}{refusal}{line(fx_node)})")
            return None
        return super()._module(fx_node)

    def _cell(self, path: str, module: nn.Module, adapter: Adapter, stream: Stream) -> Stream:
        refresh_weights(path, module)
        name = self._name(path)
        arriving = dataclasses.replace(stream, shape=held(stream.shape))
        cell = cell_of(name, path, module, adapter, arriving, {*self.nodes, *self.ends})
        if cell is None:
            return stream
        if (steps := adapter.timesteps(module)) is not None:
            self.timesteps.add(steps)
        self.paths[cell.sent] = path
        if adapter.cell is None:  # a layer, which may stand behind the read-out
            return functools.reduce(lambda sent, node: self._add(node, sent, any_axes=True), cell.nodes, stream)
        if len(cell.nodes) == 1:
            sent = self._add(cell.sender, stream, any_axes=True)
        else:
            sent = stream.through(cell.sender, any_axes=True)
            self._wire(cell, stream)
        beside = self.membranes.beside(path, cell, {*self.nodes, *self.ends}) if adapter.membrane else None
        if beside is not None:
            self._wire(beside, stream)
        return sent

    def _wire(self, cell: Cell, stream: Stream) -> None:
        self.nodes.update({node.name: node for node in cell.nodes})
        self.edges.extend(Edge(source, cell.entry, gain) for source, gain in stream.terms if cell.entry)
        self.edges.extend(cell.edges)

    def _call(self, fx_node: torch.fx.Node) -> Stream | None:
        args, named = self._arguments(fx_node)
        made = self._over_time(fx_node, args, named)
        return made if made is not None else super()._call(fx_node)

    def _over_time(self, fx_node: torch.fx.Node, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
        """What a call that takes steps apart or puts them together gives; None of another call."""
        target = fx_node.target
        if target is torch.stack:
            value, steps = self.unrolled.stacked(fx_node), len(args[0]) if args and isinstance(args[0], tuple) else 0
            dim = args[1] if len(args) > 1 else named.get("dim", 0)
            return None if value is None else self._lasting(stacked(self.streams[value], steps, dim))
        stream, *rest = args or (None,)
        if not isinstance(stream, Stream):
            return None
        last = last_taken(fx_node, stream, self.unrolled.looping)
        if last is not None:
            return self._ended(stream, "last", last)
        most = largest(target, stream, tuple(rest), named)
        if most is not None:
            self.pairs |= {fx_node} if target in PAIRS else set()
            return self._ended(stream, "max", most)
        if fx_node in self.unrolled.values and step_taken(fx_node) is not None and stream.time_axis is not None:
            return stream.one_step()
        if target in QUOTIENTS and len(rest) == 1 and isinstance(rest[0], int | float) and rest[0] == int(rest[0]):
            return stream.over(int(rest[0]))
        repeated = shown(target, stream, (*rest, *named.values()))
        return self._lasting(repeated) if target in REPEATS else repeated

    def _lasting(self, stream: Stream | None) -> Stream | None:
        """A sequence, whose number of steps is that of the network."""
        if stream is not None and isinstance(stream.steps, int):
            self.timesteps.add(stream.steps)
        return stream

    def _ended(self, stream: Stream, reduction: Reduction, steps: int | None = None) -> Stream:
        """`stream` behind a read-out of its own; `steps` None: as many as the network has."""
        self.timesteps |= set() if steps is None else {steps}
        made = ended(stream, self._name, reduction, steps or 1)
        self.ends |= {} if made.end is None else {made.end.name: made.end}
        return made
