"""Names of nodes after the modules they come from."""

from __future__ import annotations

import re
from collections.abc import Container

from torch import nn

from snnhw.nn.wrappers import inside


def node_name(network: nn.Module, path: str, taken: Container[str]) -> str:
    """A node name from a module path; a module used again gets the suffix _2, _3, and so on."""
    parts: list[str] = []
    module: nn.Module = network
    for part in path.split("."):
        if inside(module) is not None:
            module = getattr(module, part)
            continue  # a wrapper adds nothing to the name of what is inside
        named_child = isinstance(module, nn.Sequential) and not part.isdigit() and parts
        if named_child:
            parts.pop()  # a container of named stages adds nothing to the names of its children
        parts.append(part)
        module = getattr(module, part, module)
    base = re.sub(r"[^A-Za-z0-9_]", "_", "_".join(parts))
    base = base if not base[0].isdigit() else f"layer_{base}"
    name, again = base, 2
    while name in taken:
        name, again = f"{base}_{again}", again + 1
    return name
