"""Parameters that a forward method uses itself, and what it computes from them: numbers that no input changes."""

from __future__ import annotations

import operator
from collections.abc import MutableMapping
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn

from snnhw.errors import InputError

IN_PLACE = (operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow, operator.imatmul)


def constant(network: nn.Module, fx_node: torch.fx.Node, known: MutableMapping[torch.fx.Node, Any]) -> Any:
    """The value of a recorded call that depends on parameters alone, None where it depends on more.

    A call in place changes what is `known` for later readers.

    Raises:
        InputError: the call fails, gives another value each time, or changes a parameter.
    """
    if fx_node.op == "get_attr":
        return _attribute(network, str(fx_node.target))
    if fx_node.op not in ("call_function", "call_method") or not fx_node.all_input_nodes:
        return None
    if not all(node in known for node in fx_node.all_input_nodes):
        return None
    first, second = _run(fx_node, known), _run(fx_node, known)
    same = torch.equal(first, second) if isinstance(first, Tensor) else first == second
    if not same:
        raise InputError(f"{fx_node.name} draws its weights at random; fix them before the network is traced.")
    changed = fx_node.args[0] if fx_node.args else None
    in_place = fx_node.target in IN_PLACE or (isinstance(fx_node.target, str) and fx_node.target.endswith("_"))
    if in_place and isinstance(changed, torch.fx.Node):
        if changed.op == "get_attr":
            raise InputError(f"{fx_node.name} changes the parameter {changed.target} in every pass; use a copy of it.")
        known[changed] = first
    return first


@torch.no_grad()
def _run(fx_node: torch.fx.Node, known: MutableMapping[torch.fx.Node, Any]) -> Any:
    def value(node: torch.fx.Node) -> Any:
        found = known[node]
        return found.clone() if isinstance(found, Tensor) else found  # a call in place changes no parameter

    args = torch.fx.node.map_arg(fx_node.args, value)
    named = torch.fx.node.map_arg(fx_node.kwargs, value)
    try:
        if fx_node.op == "call_method":
            return getattr(args[0], str(fx_node.target))(*args[1:], **named)
        return fx_node.target(*args, **named)  # type: ignore[operator]
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{fx_node.name} fails on parameters ({reason}); mend the forward.") from error


def _attribute(network: nn.Module, path: str) -> Any:
    found: Any = network
    for name in path.split("."):
        found = getattr(found, name)
    return found.detach() if isinstance(found, Tensor) else None
