"""Pass: levels, channels and branches that provably never fire are removed, each with the bound that proves it.

A level is dead if the bound on its membrane (`proofs/membrane_bound.py`: at most x_max/(1 - decay), finite in T) is at
most its threshold; firing is strict. Dead levels lose their threshold (MLF, ILIF) or their node (LIF, LoihiLIF). A
channel whose levels are all dead is cut out of the unit, of the synapses before it and of those behind it
(`remove_channels.py` says where the graph allows that); elsewhere it stays, and the weights into it become 0. A unit
that is dead altogether goes, with what only fed it, if everything behind it has another source; else it keeps a level.

Precondition: inputs stay in their range (events 0..levels; analogue ones within `input_range`, if given) and runs last
at most `graph.timesteps` steps (`Graph.longest`). Postcondition: another round finds nothing to remove; every spike of
what is left and the logits are unchanged (in floats up to the order in which a shorter sum is added).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, MLF, SYNAPSES, Array, Conv2d, Graph, Input, Linear, Neuron, Node, Readout
from snnhw.passes.remove_channels import keep_channels, zero_rows
from snnhw.proofs.membrane_bound import Bounds, bounds

InputRange = tuple[float, float] | None


@dataclass(frozen=True)
class Removed:
    """One thing that was removed and why it never fires."""

    what: Literal["level", "channel", "weights", "unit", "unread"]
    name: str  # unit; of "unread", the node that only removed units read
    level: int = 0  # 1..K; 0: all
    channel: int = -1  # as numbered before the pass; -1: all
    bound: float | None = None  # the membrane never exceeds it (membrane units in Loihi integers)
    threshold: float | None = None

    def reason(self) -> str:
        """The proof in words."""
        if self.bound is None or self.threshold is None:
            return "only what was removed read it"
        return f"its membrane stays at or below {self.bound:.6g}, its threshold is {self.threshold:.6g}"

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Pruned:
    """The smaller graph, and what is gone."""

    graph: Graph
    removed: tuple[Removed, ...]


def remove_dead(graph: Graph, *, input_range: InputRange = None) -> Pruned:
    """`graph` without what provably never fires in its T steps.

    Args:
        graph: floats or Loihi integers, multi-level or decomposed.
        input_range: lowest and highest value of an analogue input; without it, only what lies behind the first units
            can be proven.

    Raises:
        InputError: the range is no range.
    """
    kept = {unit: np.arange(nodes[0].shape[0]) for unit, nodes in graph.units().items()}
    removed: list[Removed] = []
    while True:
        proof = bounds(graph, input_range)
        for step in (_levels, _units, _channels, _weights):
            smaller, found = step(graph, proof, kept, input_range)
            if found:
                graph = smaller
                removed.extend(found)
                break  # the bounds are of the graph before
        else:
            return Pruned(graph.replace(longest=graph.timesteps) if removed else graph, tuple(removed))


def never_fires(graph: Graph, proof: Bounds) -> tuple[Finding, ...]:
    """One finding for each level of which no neuron can fire, and one for the dead channels of each other unit."""
    findings = []
    for unit, nodes in graph.units().items():
        dead, bound, theta = _of_unit(nodes, proof)
        for k in np.flatnonzero(dead.all(axis=1)):
            worst = int(np.argmin(theta[k] - bound[k]))
            message = (
                f"level {k + 1} never fires: in {graph.timesteps} steps its membrane stays at or below "
                f"{bound[k, worst]:.6g}, its threshold is {theta[k, worst]:.6g}"
            )
            findings.append(Finding("never-fires", "warning", unit, message, "remove it with export --prune-dead"))
        channels = int(dead.all(axis=0).sum())
        if channels and not dead.all():
            message = f"{channels} of its {dead.shape[1]} channels never fire on any level"
            remedy = "export --prune-dead removes them; in front of a residual sum it sets their weights to 0"
            findings.append(Finding("dead-channels", "warning", unit, message, remedy))
    return tuple(findings)


def _of_unit(nodes: tuple[Neuron, ...], proof: Bounds) -> tuple[Array, Array, Array]:
    """(dead, bound, threshold), each [K, C]; nothing is known of nodes without a bound."""
    known = [n for n in nodes if n.name in proof.membranes]
    if len(known) < len(nodes):
        channels = nodes[0].shape[0]
        return np.zeros((1, channels), dtype=bool), np.full((1, channels), np.inf), np.zeros((1, channels))
    theta = np.concatenate([proof.thresholds[n.name] for n in known])
    rows = [np.broadcast_to(proof.membranes[n.name], proof.thresholds[n.name].shape) for n in known]
    return np.concatenate([proof.dead(n.name) for n in known]), np.concatenate(rows), theta


def _levels(graph: Graph, proof: Bounds, kept: dict[str, Array], _: InputRange) -> tuple[Graph, list[Removed]]:
    """Without the dead levels at the top of every unit; a unit keeps one, and so does a target that takes no other."""
    found: list[Removed] = []
    nodes: dict[str, Node] = dict(graph.nodes)
    for unit, members in graph.units().items():
        dead, bound, theta = _of_unit(members, proof)
        levels, leaving = len(dead), set[str]()
        while levels > 1 and dead[levels - 1].all():
            if len(members) > 1:
                leaving.add(members[levels - 1].name)
                if not _others_feed(graph, leaving, members[levels - 1].name):
                    break
                del nodes[members[levels - 1].name]
            levels -= 1
            worst = int(np.argmin(theta[levels] - bound[levels]))
            found.append(
                Removed("level", unit, levels + 1, -1, float(bound[levels, worst]), float(theta[levels, worst]))
            )
        if isinstance(members[0], MLF | ILIF):
            nodes[unit] = dataclasses.replace(members[0], thresholds=members[0].thresholds[:levels])
    return _without(graph, nodes), found


def _units(graph: Graph, proof: Bounds, kept: dict[str, Array], _: InputRange) -> tuple[Graph, list[Removed]]:
    """Without the first unit that is dead altogether and not the only source of anything."""
    for unit, members in graph.units().items():
        dead, bound, theta = _of_unit(members, proof)
        names = {n.name for n in members}
        if dead.all() and all(_others_feed(graph, names, name) for name in names):
            worst = np.unravel_index(np.argmin(theta - bound), theta.shape)
            found = [Removed("unit", unit, 0, -1, float(bound[worst]), float(theta[worst]))]
            smaller = _without(graph, {n: node for n, node in graph.nodes.items() if n not in names})
            ends = [n.name for n in smaller.of_type(Input, Readout)]
            used = smaller.reached(ends, forward=False)
            found += [Removed("unread", n) for n in smaller.nodes if n not in used]
            return _without(smaller, {n: node for n, node in smaller.nodes.items() if n in used}), found
    return graph, []


def _channels(graph: Graph, proof: Bounds, kept: dict[str, Array], _: InputRange) -> tuple[Graph, list[Removed]]:
    """Without the dead channels of every unit in a plain chain; a unit keeps one."""
    found: list[Removed] = []
    for unit, members in graph.units().items():
        dead, bound, theta = _of_unit(members, proof)
        gone = [int(c) for c in np.flatnonzero(dead.all(axis=0))]
        gone = gone[1:] if len(gone) == dead.shape[1] else gone
        smaller = keep_channels(graph, unit, np.setdiff1d(np.arange(dead.shape[1]), gone)) if gone else None
        if smaller is not None:
            graph = smaller
            found += [_removed_channel("channel", unit, kept, bound, theta, c) for c in gone]
            kept[unit] = np.delete(kept[unit], gone)
    return graph, found


def _weights(graph: Graph, proof: Bounds, kept: dict[str, Array], given: InputRange) -> tuple[Graph, list[Removed]]:
    """With zeros for the weights into dead channels that have to stay, of the first unit where that proves as much."""
    for unit, members in graph.units().items():
        dead, bound, theta = _of_unit(members, proof)
        names = {n.name for n in members}
        before = [graph.nodes[e.source] for e in graph.into(members[0].name)]
        synapses = [n for n in before if isinstance(n, SYNAPSES) and {e.target for e in graph.out_of(n.name)} <= names]
        channels = [int(c) for c in np.flatnonzero(dead.all(axis=0))]
        gone = [c for c in channels if any(_row_used(s, c) for s in synapses)]
        if not gone or len(synapses) < len(before):
            continue
        nodes = {**graph.nodes, **{s.name: zero_rows(s, gone) for s in synapses}}
        zeroed = graph.replace(nodes=nodes)
        still, _bound, _theta = _of_unit(members, bounds(zeroed, given))
        if still[:, gone].all():
            return zeroed, [_removed_channel("weights", unit, kept, bound, theta, c) for c in gone]
    return graph, []


def _removed_channel(
    what: Literal["channel", "weights"], unit: str, kept: dict[str, Array], bound: Array, theta: Array, c: int
) -> Removed:
    k = int(np.argmin(theta[:, c] - bound[:, c]))
    return Removed(what, unit, 0, int(kept[unit][c]), float(bound[k, c]), float(theta[k, c]))


def _row_used(synapse: Conv2d | Linear, row: int) -> bool:
    return bool(synapse.weight[row].any()) or (synapse.bias is not None and bool(synapse.bias[row]))


def _others_feed(graph: Graph, leaving: set[str], name: str) -> bool:
    """Whether everything that takes `name` also takes something that stays."""
    return all(any(e.source not in leaving for e in graph.into(out.target)) for out in graph.out_of(name))


def _without(graph: Graph, nodes: dict[str, Node]) -> Graph:
    edges = tuple(e for e in graph.edges if e.source in nodes and e.target in nodes)
    return graph.replace(nodes=nodes, edges=edges)
