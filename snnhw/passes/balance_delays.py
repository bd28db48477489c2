"""Pass: explicit delays on the edges that are early, so that pipelined hardware adds values of the same time step.

On Loihi-style hardware every synapse costs one step: depth(synapse) = depth(its sources) + 1, neurons and sums cost
none; a unit in S time slots decides at the end of its window, S - 1 sub-steps late. A `Delay` of n steps is part of the
function, so what it sends is n steps less late than what it takes, and hardware has those steps for synapses: the loop
of a recurrent population, one synapse and a delay of one step, is a synapse that leads back. Nothing is earlier than
the input.

Postcondition: all edges into a node have equal depth(source) + delay (`check_balance`). A graph with a loop that has
more synapses than steps, or with a delay that differs between neurons, is given back as it is; `quickest_loop` and
`mixed_delays` find those.
"""

from __future__ import annotations

import dataclasses

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Delay, Graph, Node, SlotMLF
from snnhw.passes.identity_synapses import identity_synapses


def balance_delays(graph: Graph) -> Graph:
    """Graph whose edges carry the missing steps; delays that are already there are replaced.

    Raises:
        InputError: the graph has a cycle without a delay.
    """
    plain = graph.replace(edges=tuple(dataclasses.replace(edge, delay=0) for edge in graph.edges))
    arrival = None if mixed_delays(graph) else _arrivals(plain)
    if arrival is None:
        return graph
    sent = {name: arrival[name] + _cost(graph.nodes[name]) for name in graph.nodes}
    return check_balance(
        graph.replace(
            edges=tuple(dataclasses.replace(e, delay=arrival[e.target] - sent[e.source]) for e in graph.edges)
        )
    )


def depths(graph: Graph) -> dict[str, int]:
    """Steps from the input to the output of every node, delays included.

    Raises:
        InputError: edges of unequal depth meet in a node, and the edge that is early is named; or delays differ between
            neurons, or a loop has more synapses than steps.
    """
    odd, arrival = mixed_delays(graph), _arrivals(graph)
    if odd or arrival is None:
        name = odd[0] if odd else quickest_loop(graph)[0]
        raise InputError(f"The delay {name!r} has no step for each synapse of its loop, or several; see snnhw check.")
    sent = {name: arrival[name] + _cost(graph.nodes[name]) for name in graph.nodes}
    for name in graph.order(loops=True):
        for edge in graph.into(name):
            early = arrival[name] - sent[edge.source] - edge.delay
            if early:
                raise InputError(
                    f"Edge {edge.source} -> {edge.target} arrives {early} steps early; "
                    "give the graph of compile_channels or compile_loihi, which has the delays that make up for it."
                )
    return sent


def depth(graph: Graph) -> int:
    """Steps from the input to the read-out that comes last: what a value takes in a pipelined chip.

    The depth of `balance_delays`, whatever delays the edges have, with the synapses that neurons get where something
    reaches them without one (`identity_synapses`). Graphs that this pass gives back as they are run on
    no such chip: of these it is the largest number of synapses on a way, loops cut behind their delays, whose steps
    make up for nothing.
    """
    plain = graph.replace(edges=tuple(dataclasses.replace(edge, delay=0) for edge in graph.edges))
    plain = plain if graph.is_integer else identity_synapses(plain)  # integers have passed through that
    arrival = None if mixed_delays(graph) else _arrivals(plain)
    return max((_without_time(plain) if arrival is None else arrival)[end.name] for end in graph.readouts)


def _without_time(graph: Graph) -> dict[str, int]:
    """As `_arrivals`, of a graph whose delays are free of cost and send nothing back."""
    loops = {
        node.name
        for node in graph.of_type(Delay)
        if node.name in graph.reached([edge.target for edge in graph.out_of(node.name)])
    }
    found: dict[str, int] = {}
    once = graph.replace(edges=tuple(edge for edge in graph.edges if edge.source not in loops))
    for name in once.order():
        found[name] = max((found[e.source] + max(0, _cost(once.nodes[e.source])) for e in once.into(name)), default=0)
    return found


def mixed_delays(graph: Graph) -> list[str]:
    """Delays whose neurons are not all delayed alike."""
    return [node.name for node in graph.of_type(Delay) if not node.uniform]


def quickest_loop(graph: Graph) -> tuple[str, int, int]:
    """(a delay, synapses, steps) of a loop that has more synapses than steps, ("", 0, 0) where there is none."""
    for delay in graph.of_type(Delay):
        behind = graph.reached([edge.target for edge in graph.out_of(delay.name)])
        if delay.name not in behind:
            continue
        inside = behind & graph.reached([delay.name], forward=False)
        longest = _longest(graph, delay, inside)
        if longest > delay.longest:
            return delay.name, longest, delay.longest
    return "", 0, 0


def _longest(graph: Graph, delay: Delay, inside: frozenset[str]) -> int:
    """Most synapses on a way from a delay back to it, less the steps of other delays on that way."""
    found: dict[str, int] = {delay.name: 0}
    for _ in inside:
        for edge in graph.edges:
            if edge.source in found and edge.target in inside:
                cost = 0 if edge.target == delay.name else _cost(graph.nodes[edge.target])
                key = "" if edge.target == delay.name else edge.target
                found[key] = max(found.get(key, found[edge.source] + cost), found[edge.source] + cost)
    return found.get("", 0)


def _arrivals(graph: Graph) -> dict[str, int] | None:
    """Step in which the youngest values of a sample's first step arrive at each node; None where a loop has no time.

    The longest ways through the graph (Bellman 1958), which settle in as many rounds as there are nodes.
    """
    order = graph.order(loops=True)
    arrival = dict.fromkeys(order, 0)
    for _ in range(len(order) + 1):
        before = dict(arrival)
        for name in order:
            node, into = graph.nodes[name], graph.into(name)
            ends = [arrival[e.source] + _cost(graph.nodes[e.source]) + e.delay for e in into]
            arrival[name] = max(ends, default=0) if isinstance(node, Delay) else max([0, *ends])
        if arrival == before:
            return arrival
    return None


def _cost(node: Node) -> int:
    if isinstance(node, SlotMLF):
        return node.slots - 1
    if isinstance(node, Delay):
        return -node.longest
    return 1 if isinstance(node, SYNAPSES) else 0


def check_balance(graph: Graph) -> Graph:
    """`graph` itself.

    Raises:
        InputError: edges of unequal depth meet in a node.
    """
    depths(graph)
    return graph
