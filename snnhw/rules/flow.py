"""Rules about what travels between the layers of a compiled graph: sums stay in front of neurons, values keep an order.

A synapse of hardware takes spikes or the integers of an input, and what it sums ends in a neuron or in the read-out.
"""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.currents import current_before, feeding, is_current
from snnhw.graph.finding import Finding
from snnhw.graph.ir import (
    LI,
    SYNAPSES,
    Delay,
    Flatten,
    Graph,
    Input,
    Linear,
    Neuron,
    Node,
    Norm,
    Pool,
    Readout,
    Scale,
    Wires,
)
from snnhw.graph.shapes import Shape
from snnhw.passes.balance_delays import mixed_delays, quickest_loop


def layers_on_sums(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each synapse node that takes what another one sums, also through what only passes it on.

    Lava would run such a chain with other spikes.
    """
    for node in graph.nodes.values():
        source = _sums_before(graph, node) if isinstance(node, SYNAPSES) else None
        if source is not None:
            message = f"it takes the sums of {source}, for which {title} has no synapse"
            yield Finding("layer-on-sums", "error", node.name, message, "make them one, or put a neuron between")


def passed_sums(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each pool or flattening that passes sums on to the read-out: their biases are in neither."""
    for node in graph.nodes.values():
        source = _sums_before(graph, node) if isinstance(node, Pool | Flatten) else None
        if source is not None:
            message = f"it takes the sums of {source}, which {title} adds up in neurons and read-outs alone"
            yield Finding("sums-passed-on", "error", node.name, message, f"put a neuron behind {source}")


def integrators_before_neurons(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each leaky integrator whose values enter neurons that it is not the one current of.

    A compartment has one current in front of its membrane; another integrator would be a population that sends values.
    """
    for node in graph.of_type(LI):
        fed = _neurons_behind(graph, node)
        if not all(current_before(graph, neuron) is node for neuron in fed):
            names = ", ".join(neuron.name for neuron in fed)
            message = f"its membranes enter {names}, and {title} has a current in front of neurons that take it alone"
            yield Finding("no-counterpart", "error", node.name, message, "put spiking neurons in its place")


def _neurons_behind(graph: Graph, node: Node) -> list[Neuron]:
    """Neurons that the values of `node` reach with no synapse between."""
    found, ahead, seen = [], [edge.target for edge in graph.out_of(node.name)], set()
    while ahead:
        target = graph.nodes[ahead.pop(0)]
        if target.name in seen:
            continue
        seen.add(target.name)
        if isinstance(target, Neuron):
            found.append(target)
        elif isinstance(target, Norm | Pool | Flatten | Delay | Scale | Wires):
            ahead += [edge.target for edge in graph.out_of(target.name)]
    return found


def _sums_before(graph: Graph, node: Node) -> str | None:
    """A synapse node, or a leaky integrator, whose sums reach `node` with no neuron between."""
    sources, seen = [edge.source for edge in graph.into(node.name)], set()
    while sources:
        source = graph.nodes[sources.pop()]
        if isinstance(source, SYNAPSES) or (isinstance(source, LI) and not is_current(source)):
            return source.name
        if isinstance(source, Norm | Pool | Flatten | Delay | Scale | Wires) and source.name not in seen:
            seen.add(source.name)
            sources += [edge.source for edge in graph.into(source.name)]
    return None


def delays_in_time(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each delay that synapses cannot make up for, each of which takes a step."""
    for name in mixed_delays(graph):
        message = f"it delays its neurons by different numbers of steps, and {title} delays populations"
        yield Finding("mixed-delay", "error", name, message, "use one delay per population")
    name, synapses, steps = quickest_loop(graph)
    if name:
        message = f"its loop has {synapses} synapses and {steps} steps, and on {title} each synapse takes a step"
        yield Finding("recurrent", "error", name, message, "lead back through one synapse, or delay by more steps")


def delays_of_spikes(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each delay of anything else than spikes or events."""
    for node in graph.of_type(Delay):
        sources = [graph.nodes[edge.source] for edge in graph.into(node.name)]
        odd = [s.name for s in sources if not isinstance(s, Neuron | Delay) and not _sends_events(s)]
        if odd:
            message = f"it delays {', '.join(odd)}, and {title} delays spikes alone"
            yield Finding("delay", "error", node.name, message, "put it behind neurons")


def _sends_events(node: Node) -> bool:
    return isinstance(node, Input) and node.levels is not None


def one_kind_of_source(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each synapse node that takes analogue values and spikes, whose integers have different scales."""
    for node in graph.nodes.values():
        analogue = [edge.source == graph.input.name for edge in graph.into(node.name)]
        if isinstance(node, SYNAPSES) and graph.input.levels is None and len(set(analogue)) > 1:
            message = f"it takes {graph.input.name} together with spikes, and their integers have different scales"
            yield Finding("mixed-input", "error", node.name, message, "give each a layer of its own")


def layers_once(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each neuron that takes a layer several times: the bias of that layer would count once."""
    for node in graph.of_type(Neuron):
        for edge in feeding(graph, node):
            if edge.gain != 1 and isinstance(graph.nodes[edge.source], SYNAPSES):
                message = f"it takes {edge.source} {edge.gain} times, and integers are made of layers that count once"
                yield Finding("gain-of-layer", "error", node.name, message, "give the graph of compile_channels")


def flattened_behind_neurons(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each flattening that is not between neurons and the read-out, where it puts counts in a row."""
    for node in graph.of_type(Flatten):
        before = [graph.nodes[edge.source] for edge in graph.into(node.name)]
        behind = [graph.nodes[edge.target] for edge in graph.out_of(node.name)]
        if not all(isinstance(n, Neuron | Flatten) for n in before) or not all(
            isinstance(n, Readout | Flatten) for n in behind
        ):
            yield _flattened(node, behind, title)


def flattened_into_weights(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each flattening that no weights take in: Lava counts values in another order than torch."""
    for node in graph.of_type(Flatten):
        behind = [graph.nodes[edge.target] for edge in graph.out_of(node.name)]
        if not all(isinstance(n, Linear | Flatten | Readout) for n in behind):
            yield _flattened(node, behind, title)


def _flattened(node: Flatten, behind: list[Node], title: str) -> Finding:
    names = ", ".join(n.name for n in behind)
    message = f"what it flattens meets {names}, whose weights {title} cannot put into that order"
    return Finding("flatten", "error", node.name, message, "let it lead to one linear layer that takes nothing else")


def one_layout(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node where values meet that are laid out in different orders."""
    found = layouts(graph)
    for node in graph.nodes.values():
        shapes = {found[edge.source] for edge in graph.into(node.name)}
        if len(shapes) > 1:
            message = f"values that are laid out as {' and '.join(str(list(s)) for s in sorted(shapes))} meet in it"
            yield Finding("layout", "error", node.name, message, "flatten neither or both, or give each its own layer")


def layouts(graph: Graph) -> dict[str, Shape]:
    """Node -> shape (C, H, W) or (N,) in whose order a pipeline keeps what it sends: a flattening moves nothing."""
    return {name: _layout(graph, name) for name in graph.nodes}


def _layout(graph: Graph, name: str) -> Shape:
    node, into = graph.nodes[name], graph.into(name)
    seen = {name}
    while isinstance(node, Flatten | Delay) and into and into[0].source not in seen:
        node, into = graph.nodes[into[0].source], graph.into(into[0].source)
        seen.add(node.name)
    return node.shape


def fits_a_message(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where events are larger than a message holds, or would enter neurons as a current."""
    node, largest = graph.input, LARGEST_EVENT
    if node.levels is not None and node.levels > largest:
        message = f"it sends events of up to {node.levels}, and messages hold {largest}"
        remedy = "take shorter time steps, or --input-kind analogue, which scales them"
        yield Finding("event-size", "error", node.name, message, remedy)
    behind = [graph.nodes[edge.target] for edge in graph.out_of(node.name)]
    if node.levels is not None and any(isinstance(n, Neuron) for n in behind):
        message = "its events would enter neurons as a current"
        yield Finding("events-as-current", "error", node.name, message, "leave out --input-as")


LARGEST_EVENT = 127  # of a message of 8 bits, two's complement as all inputs


def binary_events(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where an input sends events larger than 1."""
    for node in graph.of_type(Input):
        if node.levels not in (None, 1):
            message = f"{title} takes binary events, and it sends 0..{node.levels}"
            remedy = "put the events into more and shorter time steps, or run them on torch or Lava"
            yield Finding("graded-events", "error", node.name, message, remedy)
