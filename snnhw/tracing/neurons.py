"""Calls of a framework's neurons while a forward is recorded: what comes in, and which states go round.

A neuron gives its value, or (value, states). Its states may only go back into its own next call: then the states of a
loop over time are those that the graph keeps in the neuron's node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.tracing.frameworks.adapter import Adapter
from snnhw.tracing.unrolled import state_of

ZEROS = (torch.zeros_like, "new_zeros")  # states at the start, as forwards write them


class Neurons:
    """What the last call of each neuron module gave."""

    def __init__(self) -> None:
        self.given: dict[str, tuple[torch.fx.Proxy, ...]] = {}

    def called(self, tracer: torch.fx.Tracer, module: nn.Module, adapter: Adapter, values: Sequence[Any]) -> Any:
        """Record a call of `module` with its input and states, `values`; gives what the module would.

        Raises:
            InputError: a state is not that of its last call, or at the first call not zero.
        """
        path = tracer.path_of_module(module)
        sent, *states = values
        before = self.given.get(path)
        if before is None:
            wrong = [s for s in states if not _is_zero(s)]
            how = "starts in a state of its own; start it at zero, with the reset of its framework"
        else:
            last = before[-len(states) :] if states else ()
            pairs = zip(states, last, strict=False)
            wrong = [s for s, b in pairs if s is not b and not (s is None and adapter.keeps_state)]
            wrong += [None] if not states and not adapter.keeps_state else []
            how = "does not go on from its call before; give it the states that its last call gave, in every step"
        if wrong:
            raise InputError(f"Neuron {path!r} {how}.")
        proxy = tracer.create_proxy("call_module", path, (sent,), {})
        given = [tracer.create_proxy("call_function", state_of, (proxy, name), {}) for name in adapter.states(module)]
        self.given[path] = (proxy, *given)
        return (proxy, *given) if given else proxy


def check_alone(fx_node: torch.fx.Node) -> None:
    """Raise an `InputError` where a module gets what another gives with its states beside it, as one value."""
    states = [a for a in fx_node.all_input_nodes if a.target is state_of]
    if fx_node.op == "call_module" and states and any(isinstance(a, tuple | list) for a in fx_node.args):
        raise InputError(
            f"{str(fx_node.target)!r} gets the spikes of {str(states[0].all_input_nodes[0].target)!r} with its "
            "states; give it the spikes alone (in snnTorch: make that neuron with init_hidden=True)"
        )


def _is_zero(state: Any) -> bool:
    """True for no state, and for one of zeros."""
    if isinstance(state, tuple | list):
        return all(_is_zero(part) for part in state)
    if isinstance(state, torch.fx.Proxy):  # zeros of the shape of a value, with which nothing else has been done
        return state.node.target in ZEROS and not state.node.users
    return state is None or (isinstance(state, Tensor) and not bool(state.any()))
