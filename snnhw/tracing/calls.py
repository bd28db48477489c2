"""Calls in a forward method: which torch functions have a node, and where in the source a call stands."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import Any

import torch
import torch.fx
import torch.nn.functional as F

from snnhw.errors import InputError

Calls = tuple[Any, ...]  # functions of torch and names of methods, as torch.fx gives them
ADDITIONS: Calls = (operator.add, operator.iadd, torch.add, "add", "add_")
PRODUCTS: Calls = (operator.mul, operator.imul, torch.mul, "mul", "mul_")
FLATTENS: Calls = (torch.flatten, "flatten")
VIEWS: Calls = ("view", "reshape", torch.reshape)
UNFLATTENS: Calls = (torch.unflatten, "unflatten")
MEANS: Calls = (torch.mean, "mean")
SUMS: Calls = (torch.sum, "sum")
DIFFERENCES: Calls = (operator.sub, operator.isub, torch.sub, torch.subtract, "sub", "sub_", "subtract")
QUOTIENTS: Calls = (operator.truediv, operator.itruediv, torch.div, "div", "div_")
NEGATIONS: Calls = (operator.neg, torch.neg, "neg", "neg_")
UNSQUEEZES: Calls = (torch.unsqueeze, "unsqueeze")
REPEATS: Calls = ("repeat", "expand")
COPIES: Calls = ("contiguous", "clone", "detach", torch.clone, operator.pos)  # the same values
IN_PLACE: Calls = (  # their first argument changes too
    *(operator.iadd, operator.isub, operator.imul, operator.itruediv),
    *("add_", "sub_", "mul_", "div_", "neg_"),
)
DECISIONS: Calls = (  # of what a network gives: no part of it on hardware, where logits are read
    *(torch.softmax, F.softmax, "softmax", torch.log_softmax, F.log_softmax, "log_softmax"),
    *(torch.argmax, "argmax", torch.sigmoid, "sigmoid"),
)
DROPOUTS: dict[Any, bool] = {  # whether it drops where the call does not say
    F.dropout: True,
    F.dropout1d: True,
    F.dropout2d: True,
    F.dropout3d: True,
    F.alpha_dropout: False,
    F.feature_alpha_dropout: False,
}


def dims(dim: object) -> list[int]:
    """Dimensions of a reduction, as a list; empty where there are none."""
    if isinstance(dim, int):
        return [dim]
    return [int(d) for d in dim] if isinstance(dim, list | tuple) else []


def gain_of(target: object, args: tuple[object, ...]) -> int | None:
    """n of a product `n * x` with a whole number of at least 1, else None."""
    factors = [a for a in args if isinstance(a, int) and not isinstance(a, bool) and a >= 1]
    return factors[0] if target in PRODUCTS and len(args) == 2 and len(factors) == 1 else None


def place(fx_node: torch.fx.Node) -> str:
    """Path of the module whose forward makes the call; "forward" for that of the network itself."""
    stack = fx_node.meta.get("nn_module_stack") or {}
    return next(reversed(list(stack)), "forward") or "forward"


def check_decision(fx_node: torch.fx.Node) -> None:
    """Raise an `InputError` where a call makes a decision of what a network gives, or shares that add up to 1."""
    if fx_node.target in DECISIONS:
        what = getattr(fx_node.target, "__name__", fx_node.target)
        raise InputError(f"{place(fx_node)} takes the {what} of a value{line(fx_node)}; return the value itself")


def line(fx_node: torch.fx.Node) -> str:
    """File and line of a call, behind a comma: the innermost in a method called forward that is not torch's."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in forward\b', fx_node.stack_trace or "")
    torch_folder = str(Path(torch.__file__).parent)
    ours = [(file, number) for file, number in frames if not file.startswith(torch_folder)]
    return f", {Path(ours[-1][0]).name} line {ours[-1][1]}" if ours else ""
