"""What a forward of a framework's modules returns: values over time, one step of a loop, states beside them.

The records of a loop may be returned as lists, which stand for what `torch.stack` makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch.fx

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.tracing.unrolled import state_of

Steps = Callable[[Sequence[object]], torch.fx.Node | None]  # the value of which a list holds all steps


@dataclass(frozen=True)
class Returned:
    """One value in what a forward returns; `at` and `listed` as in `snnhw.tracing.calling.Result`."""

    at: int | str | None
    node: torch.fx.Node  # of a list of all steps, the first of them
    listed: bool = False

    @property
    def key(self) -> str:
        """As `snnhw.tracing.outputs.returned` calls it."""
        return "" if self.at is None else self.at if isinstance(self.at, str) else f"output {self.at + 1}"


def parts(given: object, states: set[torch.fx.Node], steps: Steps) -> tuple[list[Returned], list[torch.fx.Node]] | None:
    """(the values, the states) in what a forward returns; None where something else is among them.

    Args:
        given: what it returns, of recorded calls.
        states: those that are states of neurons, or computed from such.
        steps: gives the value of which a list holds all steps.
    """
    if isinstance(given, Sequence) and not isinstance(given, str) and (whole := steps(given)) is not None:
        return [Returned(None, whole, listed=True)], []
    items: list[tuple[int | str | None, object]] = [(None, given)]
    if isinstance(given, Mapping):
        items = [(str(key), value) for key, value in given.items()]
    elif isinstance(given, tuple | list):
        items = list(enumerate(given))
    values: list[Returned] = []
    left: list[torch.fx.Node] = []
    for at, item in items:
        inside = _leaves(item)
        nodes = [leaf for leaf in inside if isinstance(leaf, torch.fx.Node)]
        if nodes and len(nodes) + inside.count(None) == len(inside) and all(node in states for node in nodes):
            left += nodes
        elif isinstance(item, torch.fx.Node):
            values.append(Returned(at, item))
        elif isinstance(item, list | tuple) and (whole := steps(item)) is not None:
            values.append(Returned(at, whole, listed=True))
        else:
            return None
    return values, left


def _leaves(item: object) -> list[object]:
    """What stands in nested tuples, lists and dicts."""
    if isinstance(item, Mapping):
        item = list(item.values())
    return [leaf for part in item for leaf in _leaves(part)] if isinstance(item, tuple | list) else [item]


def states_left_out(network: str, states: Sequence[torch.fx.Node]) -> list[Finding]:
    """What is said about states that a forward returns beside its values, but those that modules of norse give."""
    if all(state.target is state_of for state in states):
        return []
    message = f"{network} also returns states of its neurons, which are no output of the graph"
    return [Finding("states-left-out", "info", "", message, "nothing")]


def membrane_read(neuron: str, integrator: str) -> Finding:
    """What is said about a membrane that is an output, or that a layer takes."""
    return Finding(
        "membrane-read",
        "info",
        integrator,
        f"the membrane of {neuron!r} is read before its reset; in the graph that is an integrator beside the neuron, "
        "so it is updated and counted twice",
        "nothing; a chip that reads membranes needs one of them",
    )


def returns_no_value(network: str) -> InputError:
    """The error for a forward that gives nothing but states that no node sends."""
    return InputError(
        f"{network} returns a membrane that its reset sets to a value, which no node sends; return its spikes, or use "
        "reset_mechanism 'subtract' or 'none', or a leaky integrator."
    )
