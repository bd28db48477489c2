"""Rules about a graph as it is given, without which the passes for hardware cannot begin."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, Delay, Graph, LoihiLIF, Neuron, Product, Readout
from snnhw.passes import DEPLOYMENTS, run_passes
from snnhw.passes.decompose import SHARED_MEMBRANE, TRAIN_OTHERWISE, inseparable
from snnhw.passes.fold_norm import shared_norms
from snnhw.passes.identity_synapses import not_a_current


def norms(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each synapse that cannot take a normalisation because something else takes its sums too."""
    for synapse, norm in shared_norms(graph):
        message = f"it feeds {norm.name} and other nodes, so it cannot take the normalisation"
        yield Finding("shared-norm", "error", synapse.name, message, "give the norm a layer of its own")


def recurrence(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each delay whose values come back to it; `structure` finds loops without one."""
    for delay in graph.of_type(Delay):
        if delay.name in graph.reached([edge.target for edge in graph.out_of(delay.name)]):
            message = f"what it sends comes back to it, and recurrence is not brought to {title}"
            yield Finding("recurrent", "error", delay.name, message, "remove the loop")


def products(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each product of two values, as attention has them."""
    for node in graph.of_type(Product):
        message = (
            f"it multiplies two values that both change over time, and {title} has products with stored weights alone"
        )
        yield Finding("product", "error", node.name, message, node.remedy)


def levels(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each unit whose levels differ in more than their threshold, or do not share their input."""
    for unit, nodes in graph.units().items():
        if len({(type(node), node.shape) for node in nodes}) > 1:
            message = "its levels differ in kind or shape"
        elif len({_inputs(graph, node) for node in nodes}) > 1:
            message = "its levels have different inputs"
        else:
            continue
        yield Finding("levels-differ", "error", unit, message, "connect all of them to the same nodes")


def separate_membranes(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each integer neuron whose levels feel each other's reset, so that they are no channels."""
    for unit in inseparable(graph):
        here = " or ".join(_runs_whole(graph))
        remedy = f"{TRAIN_OTHERWISE}: {title} runs it in no deployment, and simulate runs it as {here}"
        yield Finding("shared-membrane", "error", unit.name, SHARED_MEMBRANE, remedy)


def _runs_whole(graph: Graph) -> Iterator[str]:
    """The deployments of the engine that take a graph with its units whole."""
    for name, kind in DEPLOYMENTS.items():
        if kind.passes is not None:
            with contextlib.suppress(InputError):
                run_passes(graph, kind.passes)
                yield name


def one_arithmetic(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each float neuron among integers."""
    for node in graph.of_type(Neuron):
        if graph.is_integer and not isinstance(node, LoihiLIF):
            kind = "floats" if isinstance(node, LIF) else f"floats ({type(node).__name__})"
            message = f"it computes in {kind} among neurons in Loihi integers"
            yield Finding("mixed-arithmetic", "error", node.name, message, "quantise the whole network at once")


def reads_every_step(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each read-out that is no sum or mean over the steps."""
    for end in graph.of_type(Readout):
        if end.reduction not in ("mean", "sum"):
            what = "the last step alone" if end.reduction == "last" else "the largest value of all steps"
            message = f"it reads {what}, and what is read from {title} is a sum over the steps"
            remedy = "return the sum or the mean over the steps, and train with that"
            yield Finding("readout-of-a-step", "error", end.name, message, remedy)


def input_as_current(graph: Graph, title: str) -> Iterator[Finding]:
    """One error where the input cannot enter neurons as a current."""
    for name in not_a_current(graph):
        message = f"the input reaches it, and it is no neuron fed by {graph.input.name} alone, so it takes no current"
        remedy = "let it enter as messages, or make the current of the first neurons the input of the network"
        yield Finding("input-as-current", "error", name, message, remedy)


def _inputs(graph: Graph, node: Neuron) -> frozenset[tuple[str, int]]:
    return frozenset((edge.source, edge.gain) for edge in graph.into(node.name))
