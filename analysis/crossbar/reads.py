"""How often the word lines of each layer are driven: every read, and those that are left where silent ones are skipped.

Takes a mapping and samples; gives whole numbers that add up over samples. A group of word lines (those that one read
drives) is silent in a read where none of its lines has a pulse; a controller that sees that may skip the read, its
conversions included. The twin's numbers are those of an ANN whose activations are the spike counts of this network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from snnhw.analysis.counting.twin_passes import TwinPasses, twin_passes
from snnhw.analysis.crossbar.coding import Coding, twin_coding
from snnhw.analysis.crossbar.mapping import CrossbarMapping, LayerMapping
from snnhw.analysis.crossbar.reading import windows_of
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Synapse
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.frames import has_steps
from snnhw.simulation.record import SpikeRecord
from snnhw.simulation.recurrent import is_recurrent

TOGETHER = 4  # samples whose windows lie in memory at once


@dataclass(frozen=True)
class Reads:
    """One layer; a vector is what its word lines get at one position of one group in one step."""

    vectors: int = 0
    groups: int = 0  # reads of groups of word lines, over vectors and planes
    active_groups: int = 0  # of these, not silent
    lines: int = 0  # word lines in those reads, each with the longest pulse that it may get
    active_lines: int = 0  # those with a pulse, one of n levels n times

    def __add__(self, other: Reads) -> Reads:
        """Over two sets of samples."""
        return Reads(*(a + b for a, b in zip(self.numbers, other.numbers, strict=True)))

    def scaled(self, factor: int) -> Reads:
        """The same, so many times."""
        return Reads(*(factor * n for n in self.numbers))

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of them, in their order."""
        return (self.vectors, self.groups, self.active_groups, self.lines, self.active_lines)

    def to_dict(self) -> dict[str, int]:
        """Plain values for JSON."""
        return dict(self.__dict__)


def all_reads(layer: LayerMapping, vectors: int, coding: Coding) -> Reads:
    """The reads of so many vectors in which nothing is skipped; lines with a pulse are not known, and taken as all."""
    groups = vectors * coding.reads * len(layer.group_spans)
    lines = vectors * coding.reads * layer.matrix.inputs * coding.largest
    return Reads(vectors, groups, groups, lines, lines)


def reads_of(layer: LayerMapping, vectors: Tensor, coding: Coding) -> Reads:
    """The reads of vectors [N, inputs] of integers."""
    dense = all_reads(layer, len(vectors), coding)
    groups = lines = 0
    for _, plane in coding.planes(vectors):
        lines += int(plane.sum(dtype=torch.float64))
        groups += sum(int((plane[:, a:b] != 0).any(dim=1).sum()) for a, b in layer.group_spans)
    return replace(dense, active_groups=groups, active_lines=lines)


@dataclass(frozen=True)
class NetworkReads:
    """The reads of a network over so many samples, and those of its matched twin, by layer."""

    samples: int
    layers: dict[str, Reads]
    twin: dict[str, Reads]
    record: SpikeRecord
    passes: TwinPasses

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"samples": self.samples, "layers": {name: reads.to_dict() for name, reads in self.layers.items()}}


def count_reads(mapping: CrossbarMapping, inputs: Array, progress: Callable[[int], None] | None = None) -> NetworkReads:
    """Reads of `inputs`, which the engine runs exactly.

    Args:
        mapping: of an integer graph.
        inputs: [N, *shape] or [N, T, *shape].
        progress: called with the number of samples finished in each batch.

    Raises:
        InputError: the graph is in floats, or the inputs do not fit it.
    """
    graph = mapping.graph
    if not graph.is_integer:
        raise InputError(f"Graph {graph.name!r} is in floats and crossbars hold integers; quantise it first.")
    passes = twin_passes(graph, graph.timesteps, stepped=has_steps(graph, inputs))
    counted = _Counted(mapping, passes, by_steps=is_recurrent(graph))
    record = simulate(graph, inputs, execution=Execution(batch_size=TOGETHER, synapses=counted), progress=progress)
    return NetworkReads(record.samples, counted.reads, counted.twin, record, passes)


@dataclass
class _Counted:
    """Counts what arrives at each layer, and leaves the layer to the engine."""

    mapping: CrossbarMapping
    passes: TwinPasses
    by_steps: bool  # a network with loops, whose steps come one after the other
    reads: dict[str, Reads] = field(default_factory=dict)
    twin: dict[str, Reads] = field(default_factory=dict)
    waiting: dict[str, list[Tensor]] = field(default_factory=dict)  # steps of a batch that is not yet through

    def __post_init__(self) -> None:
        self.layers = {layer.name: layer for layer in self.mapping.layers}

    def __call__(self, node: Synapse, x: Tensor) -> None:
        """Add what x [T, B, *shape] drives; of a static input, which is the same in every step, T is 1."""
        layer = self.layers.get(node.name)
        if layer is None:
            return
        steps, passes = self.mapping.graph.timesteps, self.passes.of(node.name)
        if self.by_steps:
            so_far = self.waiting.setdefault(node.name, [])
            so_far.append(x)
            if len(so_far) < steps:
                return
            x = torch.cat(self.waiting.pop(node.name))
        same = steps // len(x)  # steps that each frame stands for
        self._add(self.reads, layer, x, layer.coding, same)
        coding = twin_coding(layer.coding, steps // passes)
        if passes > 1:
            self._add(self.twin, layer, x, coding, same)
        elif layer.coding.kind == "serial":
            self._add(self.twin, layer, x[:1], coding, 1)
        else:
            self._add(self.twin, layer, x.sum(dim=0, keepdim=True) * same, coding, 1)

    def _add(self, where: dict[str, Reads], layer: LayerMapping, x: Tensor, coding: Coding, times: int) -> None:
        vectors = windows_of(self.mapping.graph.nodes[layer.name], x).flatten(0, 1)
        where[layer.name] = where.get(layer.name, Reads()) + reads_of(layer, vectors, coding).scaled(times)
