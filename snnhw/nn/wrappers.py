"""Wrappers that run a module as it is, on compiled code or on several devices: what is inside, and running that.

`torch.compile` keeps the module as `_orig_mod`, `torch.nn.DataParallel` and its distributed form as `module`; a
module's own method compile keeps compiled code in the module itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel


def inside(module: nn.Module) -> nn.Module | None:
    """The module that a wrapper runs, None where `module` is no wrapper."""
    # by name: importing torch._dynamo for its class takes seconds
    compiled = type(module).__module__.startswith("torch._dynamo") and "_orig_mod" in module._modules
    if compiled:
        return module.get_submodule("_orig_mod")
    return module.get_submodule("module") if isinstance(module, DataParallel | DistributedDataParallel) else None


def unwrapped(module: nn.Module) -> nn.Module:
    """The module below all wrappers around it."""
    while (inner := inside(module)) is not None:
        module = inner
    return module


@contextmanager
def eager(network: nn.Module) -> Iterator[None]:
    """Within it every wrapper in `network` calls what is inside, and no compiled code runs."""
    changed: list[tuple[dict[str, object], dict[str, object]]] = []  # attributes of a module now, and before
    for module in network.modules():
        inner, attributes = inside(module), vars(module)
        changed.append((attributes, dict(attributes)))
        attributes["_compiled_call_impl"] = None
        if inner is not None:
            attributes["forward"] = inner.__call__
    try:
        yield
    finally:
        for attributes, before in changed:
            for name in ("_compiled_call_impl", "forward"):
                attributes.pop(name, None)
            attributes.update({n: before[n] for n in ("_compiled_call_impl", "forward") if n in before})
