"""Our own counts of a row of the table of counters, and those of the convention rate x FLOPs."""

from __future__ import annotations

from typing import Any

from counters.network import network

from snnhw.analysis.counting.count import count, dense_macs
from snnhw.analysis.counting.relay import relays
from snnhw.graph.ir import Conv2d, Linear
from snnhw.simulation.engine import simulate


def exact(levels: int, residual: bool, events: bool) -> dict[str, int]:
    """Events behind the first layer.

    `merged`: graded events on the residual sum, as tools see it; `events`: with the branches apart, as a chip sends
    them; `units`: unit synops; `rate_x_flops`: mean rate times padded FLOPs; `first`: in-bounds taps of layer one.
    """
    graph, sample = network(levels, residual, events)
    record = simulate(graph, sample, raster=True)
    counts = count(graph, record)
    behind = [edge for edge in counts.edges if edge.source != graph.input.name]
    merged = sum(edge.events for edge in behind)
    for relay in relays(graph, record):
        merged += relay.merged_low - relay.branch_events  # exact: the record has a raster
    first = next(layer for layer in counts.layers if layer.kind == "first" or layer.name == "unit0")
    return {
        "merged": merged,
        "events": sum(edge.events for edge in behind),
        "units": sum(edge.unit_synops for edge in behind),
        "rate_x_flops": round(_convention(graph, counts)),
        "first": graph.timesteps * sum(dense_macs(graph, name) for name in first.synapse_nodes),
    }


def _convention(graph: Any, counts: Any) -> float:
    """Sum of spikes per neuron times taps of a dense pass, padding included."""
    total = 0.0
    for edge in counts.edges:
        node = graph.nodes[edge.synapse]
        if edge.source == graph.input.name:
            continue
        taps = node.weight.size * (node.size // node.shape[0] if isinstance(node, Conv2d) else 1)
        assert isinstance(node, Conv2d | Linear)
        total += edge.spikes / graph.nodes[edge.source].size * taps
    return total
