"""Values that are changed in place and read again under another name, as a view shares its memory with what it is of.

A graph of values has no memory that two of them share, so a forward that relies on it is refused.
"""

from __future__ import annotations

import operator
from collections.abc import Container

import torch
import torch.fx
from torch import nn

from snnhw.errors import InputError
from snnhw.tracing import calls
from snnhw.tracing.calls import line, place
from snnhw.tracing.kinds import kind_of
from snnhw.tracing.modules import KINDS, PASS_THROUGH, RESHAPES

ALIASES: calls.Calls = (  # give memory of what they take
    *calls.VIEWS,
    *calls.FLATTENS,
    *calls.UNFLATTENS,
    *calls.UNSQUEEZES,
    *calls.DROPOUTS,
    *("contiguous", "detach", "expand", "transpose", "permute", "swapaxes", "narrow", operator.getitem, operator.pos),
    *(torch.transpose, torch.permute, torch.swapaxes, torch.narrow),
)


def check_in_place(network: nn.Module, recorded: torch.fx.Graph, values: Container[torch.fx.Node]) -> None:
    """Nothing, where each of the `values` that is changed in place is read again as itself alone.

    Raises:
        InputError: a view of it, or what it is a view of, is read afterwards.
    """
    position = {node: i for i, node in enumerate(recorded.nodes)}
    for node in recorded.nodes:
        changed = node.args[0] if node.target in calls.IN_PLACE and node.args else None
        if not isinstance(changed, torch.fx.Node) or changed not in values:
            continue
        for other in _sharing(network, changed) - {changed}:
            if any(position[reader] > position[node] for reader in other.users):
                call = f"{place(node)} ({getattr(node.target, '__name__', node.target)}{line(node)})"
                raise InputError(
                    f"{call} changes in place what is read as another view afterwards; add to a copy, as in x + y."
                )


def _sharing(network: nn.Module, node: torch.fx.Node) -> set[torch.fx.Node]:
    """All values that may have their memory in common with `node`."""
    found, front = {node}, [node]
    while front:
        one = front.pop()
        near = {user for user in one.users if _aliases(network, user) and user.args and user.args[0] is one}
        if _aliases(network, one) and one.args and isinstance(one.args[0], torch.fx.Node):
            near.add(one.args[0])
        front += near - found
        found |= near
    return found


def _aliases(network: nn.Module, node: torch.fx.Node) -> bool:
    if node.op == "call_module":
        kind = kind_of(network.get_submodule(str(node.target)), KINDS)
        return kind in PASS_THROUGH or kind in RESHAPES
    return node.op in ("call_function", "call_method") and node.target in ALIASES
