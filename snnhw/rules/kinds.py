"""Rules about the kinds of nodes that a compiled graph may hold, and about the sizes of convolutions."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.currents import is_current
from snnhw.graph.finding import Finding
from snnhw.graph.ir import (
    LI,
    LIF,
    SYNAPSES,
    Conv2d,
    Delay,
    Flatten,
    Graph,
    HostNode,
    Input,
    LoihiLIF,
    MaxPool,
    Node,
    Pool,
    Readout,
    SlotMLF,
    Wires,
)
from snnhw.graph.loihi import INT8_LIMIT

INTEGERS = (Input, *SYNAPSES, LI, LIF, Delay, Flatten, Readout)  # what `quantise` knows
LAVA = (Input, *SYNAPSES, LI, LIF, LoihiLIF, Delay, Pool, Flatten, Readout)
C = (Input, *SYNAPSES, LoihiLIF, Delay, Pool, Flatten, Readout)
SANAFE = (Input, *SYNAPSES, LIF, LoihiLIF, Readout)


def kinds_of_integers(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node that has no Loihi integers."""
    yield from _others(graph, title, INTEGERS)


def kinds_of_lava(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node that has no Lava process, and for a mean in integers."""
    yield from _others(graph, title, LAVA)
    yield from _means(graph)


def kinds_of_c(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node that has no loop in C nor logic behind crossbars, and for a mean in integers."""
    yield from _others(graph, title, C)
    yield from _means(graph)


def _means(graph: Graph) -> Iterator[Finding]:
    for node in graph.of_type(Pool):
        if graph.is_integer and node.kind == "avg":
            message = "it divides, which integers cannot"
            yield Finding("pool", "error", node.name, message, "use a sum pool, or let it lead to one matrix")


def kinds_of_sanafe(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node that SANA-FE has nothing for."""
    yield from _others(graph, title, SANAFE)


def host_nodes(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each node that a host computes, or that moves values between layers."""
    for node in graph.of_type(HostNode, Wires):
        yield _no_counterpart(node, title)


def _others(graph: Graph, title: str, known: tuple[type[Node], ...]) -> Iterator[Finding]:
    for node in graph.nodes.values():
        if isinstance(node, (SlotMLF, *known)) and (is_current(node) or not isinstance(node, LI)):
            continue  # `deployment` speaks of time slots, `currents` of those of neurons
        if isinstance(node, Pool):
            message = "the pool cannot be folded into the weights behind it"
            yield Finding("pool", "error", node.name, message, "let it lead to one matrix or to convolutions alone")
        elif isinstance(node, Flatten):
            message = f"the flattening cannot be folded into weights behind it, and {title} has none of its own"
            yield Finding("flatten", "error", node.name, message, "let it lead to one matrix that takes nothing else")
        elif isinstance(node, LI) and is_current(node):
            message = f"the current of {node.current_of!r} lasts longer than a step, which is not brought to {title}"
            remedy = "train with a synaptic time constant of one step"
            yield Finding("no-counterpart", "error", node.name, message, remedy)
        else:
            ends = [graph.nodes[edge.target] for edge in graph.out_of(node.name)]
            read = isinstance(node, LI) and bool(ends) and all(isinstance(end, Readout) for end in ends)
            yield _no_counterpart(node, title, read=read)


def _no_counterpart(node: Node, title: str, *, read: bool = False) -> Finding:
    message, remedy = f"a {type(node).__name__} has no counterpart on {title}", node.remedy
    if read:
        message = f"its membranes are read out, to which steps add with weights of their own, and {title} sums steps up"
        remedy = "return what the layer in front of it gives, whose sum over the steps is read, and train with that"
    if isinstance(node, MaxPool):
        message = f"a MaxPool of analogue values has no counterpart on {title}, where neurons can be the OR of spikes"
    return Finding("no-counterpart", "error", node.name, message, remedy)


def kernels(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each convolution whose sizes Lava would wrap."""
    for node in graph.of_type(Conv2d):
        largest = max(*node.weight.shape[2:], *node.stride, *node.padding, *node.dilation)
        if largest > INT8_LIMIT:
            message = f"a kernel, stride, padding or dilation of {largest} is beyond {INT8_LIMIT}"
            yield Finding("kernel-size", "error", node.name, message, "use smaller windows")
