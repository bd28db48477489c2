"""From an integer graph to the parts of a C program: constants, states, and the calls of one step.

Takes a graph that `snnhw.rules.ways.C` lets pass; gives a `Program`. Layers run in the order of the reference engine,
in aligned time: a value of step t is used in step t, whatever hardware would delay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from snnhw.exporters.c.arrays import array, packed, parameter, size_of
from snnhw.exporters.c.memory import Arena, aliases, last_uses
from snnhw.exporters.c.values import output_type, value_type
from snnhw.graph.ir import Array, Conv2d, Delay, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.graph.loihi import UNITS_PER_WEIGHT
from snnhw.graph.shapes import Shape
from snnhw.simulation.plan import Step, plan_of


@dataclass(frozen=True)
class Population:
    """One level of a unit, as the harness sees it."""

    unit: str
    level: int  # place in its unit, from 0
    size: int


@dataclass
class Program:
    """The parts of the program, in the order in which they are written."""

    value: str  # C type of what travels between layers
    output: str  # C type of the output
    constants: list[str] = field(default_factory=list)  # definitions
    weight_types: set[str] = field(default_factory=set)
    tables: list[str] = field(default_factory=list)  # of windows and neurons
    states: list[str] = field(default_factory=list)
    resets: list[str] = field(default_factory=list)  # statements that begin a sample
    calls: list[str] = field(default_factory=list)  # statements of a step
    populations: list[Population] = field(default_factory=list)
    constant_bytes: int = 0
    state_bytes: int = 0
    scratch_bytes: int = 0


def program_of(graph: Graph, *, events: bool = False) -> Program:
    """The program of `graph`; with `events` its layers run through what is not 0, else through everything."""
    return _Writer(graph, events).program()


class _Writer:
    """The program so far, and where each value lies."""

    def __init__(self, graph: Graph, events: bool) -> None:
        self.graph, self.events = graph, events
        self.plan = plan_of(graph, loops=True)
        self.same = aliases(self.plan)
        self.last = last_uses(self.plan, self.same)
        self.made = Program(value_type(graph), output_type(graph))
        self.sums, self.values = Arena("sums"), Arena("values")
        self.at: dict[str, str] = {}  # value -> C expression of where it lies
        self.holds_sums: set[str] = set()
        self.pushes: list[str] = []
        self.now = 0

    def program(self) -> Program:
        for now, step in enumerate(self.plan):
            self.now = now
            self._step(step)
        self.now = len(self.plan)
        for step in self.plan:
            if isinstance(step.nodes[0], Delay) and step.name not in self.same:
                self._push(step)
        self.made.scratch_bytes = 4 * self.sums.size + size_of(self.made.value) * self.values.size
        self.made.states += [
            f"static int32_t sums[{max(1, self.sums.size)}];",
            f"static value_t values[{max(1, self.values.size)}];",
        ]
        return self.made

    def _step(self, step: Step) -> None:
        node = step.nodes[0]
        if isinstance(node, Input):
            self.at[node.name] = "input"
        elif isinstance(node, Conv2d | Linear):
            self._synapse(step, node)
        elif isinstance(node, LoihiLIF):
            self._unit(step, [n for n in step.nodes if isinstance(n, LoihiLIF)])
        elif isinstance(node, Pool):
            window = self._window(node, self._arriving_shape(node.name), node.kernel, (1, 1), node.shape[0])
            self._call("pool", f"&{window}", self._arriving_values(step), self._new_value(step.name, node.size))
        elif isinstance(node, Delay):
            self._delayed(step, node)
        elif isinstance(node, Readout):
            self._output(step, node)
        elif step.name not in self.same:  # a flattening of several values
            self._join(step, self._new_value(step.name, node.size))

    def _synapse(self, step: Step, node: Conv2d | Linear) -> None:
        weights = packed(node, events=self.events)
        self.made.weight_types.add(weights.ctype)
        self._constant(weights.ctype, f"weights_{node.name}", weights.values)
        source = self._arriving_values(step)
        to = self._new_sums(step.name, node.size)
        kind = f"{'_events' if self.events else ''}_{weights.ctype}"
        if isinstance(node, Conv2d):
            kernel = (node.weight.shape[2], node.weight.shape[3])
            window = self._window(node, self._arriving_shape(node.name), kernel, node.dilation, node.groups)
            spread = [self.sums.place(node.size, self.now, self.now)] if self.events else []
            self._call(f"convolution{kind}", f"weights_{node.name}", f"&{window}", source, to, *spread)
        else:
            self._call(f"matrix{kind}", f"weights_{node.name}", source, node.weight.shape[1], to, node.size)
        bias = "NULL"
        if node.bias is not None and node.bias.any():
            bias = f"biases_{node.name}"
            self._constant("int32_t", bias, node.bias.astype(np.int64))
        if bias != "NULL" or weights.scale != 1:
            self._call("finish", to, weights.scale, bias, node.shape[0], node.size // node.shape[0])

    def _unit(self, step: Step, levels: list[LoihiLIF]) -> None:
        size = levels[0].size
        arriving = self._arriving_sums(step, size)
        joined = len(levels) > 1 and not step.levels_used
        sent = self._new_value(step.name, size) if joined else ""
        spikes = self.values.place(size, self.now, self.now) if joined else ""
        if joined:
            self._call("clear_values", sent, size)
        for level, node in enumerate(levels):
            if not joined:
                spikes = self._new_value(node.name if step.levels_used else step.name, size)
            self._call("fire", f"&{self._neurons(node)}", arriving, self._current(node), f"v_{node.name}", spikes)
            self.made.calls.append(f"OBSERVE({len(self.made.populations)}, {spikes}, {size});")
            self.made.populations.append(Population(step.name, level, size))
            if joined:
                self._call("join_values", sent, spikes, 1, size)

    def _neurons(self, node: LoihiLIF) -> str:
        rows = _rows(node.shape)
        values: dict[str, int | Array] = {
            "threshold": np.asarray(node.threshold, np.int64) * UNITS_PER_WEIGHT,
            "bias": node.bias,
            "kept": node.kept,
            "current_kept": node.current_kept,
            "taken_off": node.taken_off,
        }
        parts = [self._parameter(f"{key}_{node.name}", value, node.shape) for key, value in values.items()]
        parts.append(str(int(node.reset == "subtract")))
        self.made.tables.append(
            f"static const neurons_t neurons_{node.name} = {{{rows[0]}, {rows[1]}, {', '.join(parts)}}};"
        )
        self._state(f"v_{node.name}", node.start, node.shape)
        return f"neurons_{node.name}"

    def _current(self, node: LoihiLIF) -> str:
        """The state of the current; NULL where it lasts one step."""
        if not node.current_lasts:
            return "NULL"
        self._state(f"u_{node.name}", node.current_start, node.shape)
        return f"u_{node.name}"

    def _state(self, name: str, start: int | Array, shape: Shape) -> None:
        rows = _rows(shape)
        size = rows[0] * rows[1]
        self.made.states.append(f"static int32_t {name}[{size}];")
        self.made.state_bytes += 4 * size
        if np.any(start):
            begin = self._parameter(f"start_of_{name}", start, shape)
            self.made.tables.append(f"static const parameter_t begin_{name} = {begin};")
            self.made.resets.append(f"set_states({name}, begin_{name}, {rows[0]}, {rows[1]});")
        else:
            self.made.resets.append(f"memset({name}, 0, sizeof {name});")

    def _parameter(self, name: str, value: int | Array, shape: Shape) -> str:
        full = np.broadcast_to(np.asarray(value, dtype=np.int64), shape).reshape(_rows(shape))
        definition, initialiser, size = parameter(name, full, _rows(shape))
        self.made.constants.append(definition)
        self.made.constant_bytes += size
        return initialiser

    def _delayed(self, step: Step, node: Delay) -> None:
        """What comes out of a delay; what goes in is written when the step ends (`_push`)."""
        slots = min(node.longest, self.graph.timesteps)  # what is later than a sample lasts never comes
        arriving = "NULL" if node.late else self._arriving_values(step)
        steps = self._parameter(f"steps_{node.name}", np.minimum(node.steps, slots), node.shape)
        rows, size = _rows(node.shape), node.size
        self.made.tables.append(f"static const parameter_t delays_{node.name} = {steps};")
        self.made.states.append(f"static value_t ring_{node.name}[{max(1, slots) * size}];")
        self.made.states.append(f"static int32_t slot_{node.name};")
        self.made.state_bytes += size_of(self.made.value) * max(1, slots) * size + 4
        self.made.resets += [f"memset(ring_{node.name}, 0, sizeof ring_{node.name});", f"slot_{node.name} = 0;"]
        to = self._new_value(step.name, size)
        ring = f"ring_{node.name}", arriving, f"delays_{node.name}", slots, f"slot_{node.name}"
        self._call("delay", to, *ring, *rows)

    def _push(self, step: Step) -> None:
        node = step.nodes[0]
        assert isinstance(node, Delay)
        slots = max(1, min(node.longest, self.graph.timesteps))
        self._join(step, f"ring_{node.name} + slot_{node.name} * {node.size}")
        self.made.calls.append(f"slot_{node.name} = (slot_{node.name} + 1) % {slots};")

    def _output(self, step: Step, node: Readout) -> None:
        arriving, size = self._arriving_sums(step, node.size), node.size
        self.made.states.append(f"static network_output_t outputs[{size}];")
        self.made.state_bytes += size_of(self.made.output) * size
        self.made.resets.append("memset(outputs, 0, sizeof outputs);")
        self.made.calls.append(f"const int32_t *const read = {arriving};")
        takes = {"sum": "outputs[i] += read[i];", "last": "outputs[i] = read[i];"}
        largest = "outputs[i] = first || read[i] > outputs[i] ? read[i] : outputs[i];"
        if node.reduction == "max":
            self.made.states.append("static int32_t first;")
            self.made.state_bytes += 4
            self.made.resets.append("first = 1;")
        self.made.calls.append(f"for (int32_t i = 0; i < {size}; i++)\n        {takes.get(node.reduction, largest)}")
        if node.reduction == "max":
            self.made.calls.append("first = 0;")

    def _arriving_values(self, step: Step) -> str:
        """Where the sum of what arrives lies: where its one source lies, or a buffer of its own."""
        if len(step.sources) == 1 and step.sources[0][1] == 1:
            return self._where(step.sources[0][0])
        buffer = self.values.place(self._arriving_size(step), self.now, self.now)
        self._join(step, buffer)
        return buffer

    def _join(self, step: Step, to: str) -> None:
        size = self._arriving_size(step)
        self._call("clear_values", to, size)
        for source, gain in step.sources:
            self._call("join_values", to, self._where(source), gain, size)

    def _arriving_sums(self, step: Step, size: int) -> str:
        alone = step.sources[0] if len(step.sources) == 1 else ("", 0)
        if alone[1] == 1 and alone[0] in self.holds_sums:
            return self._where(alone[0])
        buffer = self.sums.place(size, self.now, self.now)
        self._call("clear_sums", buffer, size)
        for source, gain in step.sources:
            kind = "add_sums" if source in self.holds_sums else "add_values"
            self._call(kind, buffer, self._where(source), gain, size)
        return buffer

    def _arriving_size(self, step: Step) -> int:
        return int(np.prod(self._arriving_shape(step.nodes[0].name), dtype=np.int64))

    def _arriving_shape(self, name: str) -> Shape:
        return self.graph.nodes[self.graph.into(name)[0].source].shape

    def _where(self, source: str) -> str:
        return self.at[self.same.get(source, source)]

    def _new_value(self, name: str, size: int) -> str:
        self.at[name] = self.values.place(size, self.now, self.last.get(name, self.now))
        return self.at[name]

    def _new_sums(self, name: str, size: int) -> str:
        self.holds_sums.add(name)
        self.at[name] = self.sums.place(size, self.now, self.last.get(name, self.now))
        return self.at[name]

    def _window(
        self, node: Conv2d | Pool, arriving: Shape, kernel: tuple[int, int], dilation: tuple[int, int], groups: int
    ) -> str:
        sizes = ", ".join(map(str, (*arriving, *node.shape)))
        pairs = ", ".join(f"{{{a}, {b}}}" for a, b in (kernel, node.stride, node.padding, dilation))
        self.made.tables.append(f"static const window_t window_{node.name} = {{{sizes}, {pairs}, {groups}}};")
        return f"window_{node.name}"

    def _constant(self, ctype: str, name: str, values: Array) -> None:
        self.made.constants.append(array(ctype, name, values))
        self.made.constant_bytes += size_of(ctype) * values.size

    def _call(self, function: str, *arguments: object) -> None:
        self.made.calls.append(f"{function}({', '.join(map(str, arguments))});")


def _rows(shape: Shape) -> tuple[int, int]:
    """(channels, neurons of each); a vector is one channel."""
    return (shape[0], int(np.prod(shape[1:]))) if len(shape) > 1 else (1, shape[0])
