"""K LIF nodes that are the levels of one unit become one MLF node again, so that counts per level survive a file.

Levels of a unit: plain hard-reset LIFs of one shape and decay, with the same incoming and the same outgoing edges and
different thresholds (Feng et al., IJCAI 2022). Channels that already name their unit keep that name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Set

from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, Graph
from snnhw.graph.names import free_name
from snnhw.passes.decompose import recompose


def recognise_units(graph: Graph) -> tuple[Graph, tuple[Finding, ...]]:
    """(graph with MLF nodes, one finding per unit that was recognised without being named in metadata)."""
    groups: dict[object, list[LIF]] = {}
    for node in graph.of_type(LIF):
        if node.is_level and not node.unit:
            groups.setdefault(_surroundings(graph, node), []).append(node)
    labelled = dict(graph.nodes)
    findings: list[Finding] = []
    for group in groups.values():
        channels = sorted(group, key=lambda n: float(n.threshold))
        if len(channels) < 2 or len({float(n.threshold) for n in channels}) < len(channels):
            continue
        unit = _unit_name([n.name for n in channels], labelled.keys())
        for level, node in enumerate(channels, start=1):
            labelled[node.name] = dataclasses.replace(node, unit=unit, level=level)
        findings.append(
            Finding(
                "unit-recognised",
                "info",
                unit,
                f"{', '.join(n.name for n in channels)} share their input: read as {len(channels)} levels of one unit",
                "read with recognise=False to keep them apart",
            )
        )
    return recompose(graph.replace(nodes=labelled)), tuple(findings)


def _surroundings(graph: Graph, node: LIF) -> object:
    into = frozenset((e.source, e.gain, e.delay) for e in graph.into(node.name))
    out = frozenset((e.target, e.gain, e.delay) for e in graph.out_of(node.name))
    return node.shape, float(node.decay), into, out


def _unit_name(channels: list[str], taken: Set[str]) -> str:
    first, last = min(channels), max(channels)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    stem = first[:same].rstrip("_0123456789")
    for ending in ("_l", "_level", "_lif"):
        stem = stem.removesuffix(ending)
    return free_name(stem or "unit", taken - set(channels))
