"""Calls in a forward method: which torch functions have a node, and where in the source a call stands."""

from __future__ import annotations

import operator
import re
from pathlib import Path
from typing import Any

import torch
import torch.fx
import torch.nn.functional as F
from torch import nn

Calls = tuple[Any, ...]  # functions of torch and names of methods, as torch.fx gives them
ADDITIONS: Calls = (operator.add, operator.iadd, torch.add, "add", "add_")
PRODUCTS: Calls = (operator.mul, operator.imul, torch.mul, "mul", "mul_")
FLATTENS: Calls = (torch.flatten, "flatten")
VIEWS: Calls = ("view", "reshape", torch.reshape)
MEANS: Calls = (torch.mean, "mean")
SUMS: Calls = (torch.sum, "sum")
IN_PLACE: Calls = (operator.iadd, operator.imul, "add_", "mul_")  # their first argument changes too
DROPOUTS: Calls = (F.dropout, F.dropout2d)
POOLS: dict[Any, type[nn.Module]] = {F.avg_pool2d: nn.AvgPool2d, F.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d}


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


def line(fx_node: torch.fx.Node) -> str:
    """File and line of a call, behind a comma: the innermost in a method called forward that is not torch's."""
    frames = re.findall(r'File "([^"]+)", line (\d+), in forward\b', fx_node.stack_trace or "")
    torch_folder = str(Path(torch.__file__).parent)
    ours = [(file, number) for file, number in frames if not file.startswith(torch_folder)]
    return f", {Path(ours[-1][0]).name} line {ours[-1][1]}" if ours else ""
