"""Which cores of a mesh the spikes of each neuron reach: a packet goes to each of them, once for each spike.

Takes a decomposed graph and the core of every neuron; only synapses that are stored carry a spike. A core is asked for
with the channels that lie on it, so that all cores together cost about as much as one pass over the layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from snnhw.analysis.counting.fanout import fanout, with_every_synapse
from snnhw.graph.ir import SYNAPSES, Conv2d, Flatten, Graph, Input, Linear, Neuron, Node

Cores = Mapping[str, npt.NDArray[np.int64]]  # sender or population -> core of every neuron [*shape]


@dataclass(frozen=True)
class Reached:
    """Where the spikes of one sender go."""

    sender: str
    homes: npt.NDArray[np.int64]  # core of every neuron [N]
    targets: npt.NDArray[np.int64]  # cores [C]
    meets: npt.NDArray[np.bool_]  # [N, C]


def paths(graph: Graph, sender: str) -> list[tuple[tuple[Node, ...], str]]:
    """(synapse node or nothing, population) that the spikes of `sender` take."""
    found: list[tuple[tuple[Node, ...], str]] = []
    for edge in graph.out_of(sender):
        node = graph.nodes[edge.target]
        if isinstance(node, SYNAPSES):
            found += [((node,), after.target) for after in graph.out_of(node.name)]
        else:
            found.append(((), node.name))
    return found


def senders(graph: Graph) -> tuple[Node, ...]:
    """Neurons, and the input where it sends events."""
    return tuple(
        node
        for node in graph.nodes.values()
        if isinstance(node, Neuron) or (isinstance(node, Input) and node.levels is not None)
    )


def reached(graph: Graph, cores: Cores, *, zeros: bool = False) -> Iterator[Reached]:
    """Every sender with the cores that it reaches; `zeros`: synapses of weight zero are stored too."""
    for sender in senders(graph):
        met: dict[int, npt.NDArray[np.bool_]] = {}
        for path, population in paths(graph, sender.name):
            for core, meets in met_by_core(path, sender.shape, cores[population], zeros=zeros):
                met[core] = met[core] | meets if core in met else meets
        targets = sorted(core for core, meets in met.items() if meets.any())
        meets = np.zeros((len(targets), sender.size), dtype=bool)
        for row, core in enumerate(targets):
            meets[row] = met[core].ravel()
        yield Reached(sender.name, cores[sender.name].ravel(), np.array(targets, dtype=np.int64), meets.T)


def met_by_core(
    path: Sequence[Node], shape: tuple[int, ...], cores: npt.NDArray[np.int64], *, zeros: bool = False
) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    """(core, which positions of the source [*shape] meet a synapse on it).

    Args:
        path: what the spikes pass, as for `fanout`; empty: identity.
        shape: of the source.
        cores: of every target.
        zeros: synapses of weight zero are stored too.
    """
    alone = bool(path) and all(isinstance(node, Flatten) for node in path[:-1])
    node = (with_every_synapse(path[-1]) if zeros else path[-1]) if alone else None
    known: dict[bytes, npt.NDArray[np.bool_]] = {}  # cores that see the source alike are asked for once
    for core in np.unique(cores):
        mask = cores == core
        if isinstance(node, Linear):
            yield int(core), (node.weight[mask.ravel()] != 0).any(axis=0).reshape(shape)
        elif isinstance(node, Conv2d) and node.groups == 1:
            channels = np.flatnonzero(mask.any(axis=(1, 2)))
            inside, stored = mask[channels], node.weight[channels] != 0
            if (inside == inside[:1]).all():  # which of the channels a spike meets does not matter
                inside, stored = inside[:1], stored.any(axis=0, keepdims=True)
            key = inside.tobytes() + stored.tobytes()
            if key not in known:
                known[key] = _seen(node, shape, inside, stored)
            yield int(core), known[key]
        else:
            yield int(core), fanout(path, shape, mask, zeros=zeros) > 0


def _seen(
    node: Conv2d, shape: tuple[int, ...], inside: npt.NDArray[np.bool_], stored: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Positions of the source from which a stored synapse leads to an output that is inside, by transposing."""
    kernel = stored.shape[2:]
    rest = tuple(
        shape[axis + 1]
        - ((inside.shape[axis + 1] - 1) * node.stride[axis] - 2 * node.padding[axis])
        - node.dilation[axis] * (kernel[axis] - 1)
        - 1
        for axis in (0, 1)
    )
    x, weight = (torch.from_numpy(found.astype(np.float32)) for found in (inside[None], stored))
    found = F.conv_transpose2d(x, weight, None, node.stride, node.padding, rest, 1, node.dilation)[0]
    return (found > 0.5).numpy()
