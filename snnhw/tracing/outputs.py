"""What a forward returns: one value, or several in a tuple, a list or a dict, each of them a read-out of the graph."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

import torch.fx

from snnhw.errors import InputError
from snnhw.graph.names import free_name


def returned(network: str, result: object) -> dict[str, torch.fx.Node]:
    """The values that `network` returns, by "output 1", "output 2" or by their keys; by "" where there is one alone.

    Raises:
        InputError: something returned is no value, such as None or another tuple.
    """
    if isinstance(result, torch.fx.Node):
        return {"": result}
    if isinstance(result, Mapping):
        named = {str(key): value for key, value in result.items()}
    elif isinstance(result, tuple | list):
        named = {f"output {n}": value for n, value in enumerate(result, 1)}
    else:
        named = {"output": result}
    found = {name: value for name, value in named.items() if isinstance(value, torch.fx.Node)}
    odd = next((name for name in named if name not in found), None)
    if odd is not None or not found:
        what = f"a {type(named[odd]).__name__} as {odd!r}" if odd is not None else "nothing"
        raise InputError(f"{network} returns {what}; return one tensor, or several in a flat tuple, list or dict.")
    return found


def output_name(key: str, end: str, taken: Container[str]) -> str:
    """Name of a read-out: its key in a dict, else the name of its mean over time; free among those `taken`."""
    wanted = re.sub(r"[^A-Za-z0-9_]", "_", key)
    return free_name(end if not wanted or wanted[0].isdigit() or re.match(r"output \d+$", key) else wanted, taken)
