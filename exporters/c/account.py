"""What a network takes of a processor, in words: bytes of constants and of RAM, and operations of a step."""

from __future__ import annotations

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.fanout import dense_taps
from snnhw.exporters.c.program import Program
from snnhw.graph.ir import SYNAPSES, Graph, LoihiLIF
from snnhw.simulation.record import SpikeRecord


def dense_operations(graph: Graph) -> int:
    """Multiply-accumulates of one step where every layer runs through everything, inside the image."""
    layers = (node for node in graph.nodes.values() if isinstance(node, SYNAPSES))
    return sum(dense_taps(node, graph.nodes[graph.into(node.name)[0].source].shape) for node in layers)


def neuron_updates(graph: Graph) -> int:
    """Membranes that are updated in one step."""
    return sum(node.size for node in graph.of_type(LoihiLIF))


def account(graph: Graph, program: Program, record: SpikeRecord, *, events: bool) -> str:
    """For the comment at the head of the program; `record` is of the example, whose operations are counted."""
    dense, updates, steps = dense_operations(graph), neuron_updates(graph), record.samples * record.timesteps
    lines = [
        f"{updates:,} neurons in {len(program.populations)} populations, {graph.timesteps} steps a sample.",
        f"Constants: {program.constant_bytes:,} bytes, weights as {' and '.join(sorted(program.weight_types))}.",
        f"RAM: {program.state_bytes:,} bytes of states, and {program.scratch_bytes:,} that a step uses.",
        f"A step updates {updates:,} neurons and makes {'at most ' if events else ''}{dense:,}"
        " multiply-accumulates, weights of 0 included.",
    ]
    if events:
        rows = count(graph, record).layers
        synaptic, analogue = sum(row.events for row in rows) / steps, sum(row.macs for row in rows) / steps
        lines.append(
            f"Layers run through what is not 0; in the example these are {synaptic:,.0f} synaptic events a step, "
            f"beside {analogue:,.0f} multiply-accumulates on the input if all of it is other than 0."
        )
    return "\n".join(lines)
