"""Pass: given channels of units go, as if they were known never to fire.

In a plain chain a channel is cut out of everything that has an axis for it (`remove_channels.py`). In front of a
residual sum it keeps its place, and the weights into it become 0: nothing arrives there, and its membranes are updated
all the same.

Precondition: every unit keeps a channel. Postcondition: where those channels were silent before, because their weights
and biases were 0, every other spike and the logits are unchanged, and `remove_dead` finds no more to cut among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Conv2d, Graph, Linear
from snnhw.passes.remove_channels import keep_channels, zero_rows

Channels = Mapping[str, Sequence[int]]  # unit -> channel numbers


@dataclass(frozen=True, eq=False)
class Cut:
    """The graph without the channels, and what is left of each unit that lost some."""

    graph: Graph
    kept: Mapping[str, Array]  # unit of a plain chain -> the channels that it still has, as numbered before
    silent: Mapping[str, Array]  # unit in front of a sum -> its channels at which nothing arrives any more


def cut_channels(graph: Graph, channels: Channels) -> Cut:
    """`graph` without `channels`.

    Args:
        graph: folded, multi-level or decomposed.
        channels: to remove; units that are not named keep all.

    Raises:
        InputError: a unit is not in the graph, would keep no channel, or is fed by more than synapses of its own.
    """
    kept: dict[str, Array] = {}
    silent: dict[str, Array] = {}
    for unit, numbers in channels.items():
        if not len(numbers):
            continue
        members = graph.units().get(unit)
        if members is None:
            raise InputError(f"Graph {graph.name!r} has no unit {unit!r}; it has {', '.join(graph.units())}.")
        gone = np.unique(numbers)
        stay = np.setdiff1d(np.arange(members[0].shape[0]), gone)
        if not len(stay):
            raise InputError(f"All channels of unit {unit!r} would go; leave one.")
        smaller = keep_channels(graph, unit, stay)
        if smaller is not None:
            graph, kept[unit] = smaller, stay
        else:
            graph, silent[unit] = _silenced(graph, unit, gone), gone
    return Cut(graph, kept, silent)


def _silenced(graph: Graph, unit: str, gone: Array) -> Graph:
    names = {n.name for n in graph.units()[unit]}
    before = {e.source for name in names for e in graph.into(name)}
    nodes = dict(graph.nodes)
    for source in before:
        node = graph.nodes[source]
        if not isinstance(node, Conv2d | Linear) or not {e.target for e in graph.out_of(source)} <= names:
            raise InputError(f"Unit {unit!r} is fed by {source!r}, which others read too; leave its channels.")
        nodes[source] = zero_rows(node, gone.tolist())
    return graph.replace(nodes=nodes)
