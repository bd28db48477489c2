"""Forward hooks: a graph has no hooks, so one that may change what a layer gets or sends is refused by name.

Whether a hook only looks on is read off its code, since running it would show it values that the user never gave: it
returns nothing, and it calls no method of torch that works in place. All others may change something.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules import module as torch_module
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from snnhw.errors import InputError

WEIGHT_HOOKS = (SpectralNorm, WeightNorm, BasePruningMethod)  # what they compute is taken by `refresh_weights`
REGISTERED = ("_forward_pre_hooks", "_forward_hooks")


def check_hooks(network: nn.Module) -> None:
    """Nothing, where all forward hooks in `network` only look on.

    Raises:
        InputError: one may change values, of one layer or of all modules of the process.
    """
    for path, module in network.named_modules():
        for hook in _hooks(module):
            if not isinstance(hook, WEIGHT_HOOKS) and not _of_lazy(hook) and may_change(hook):
                where = f"Layer {path!r}" if path else f"The network, a {type(network).__name__},"
                raise InputError(
                    f"{where} has the forward hook {_name(hook)}, which may change what it computes, and a graph has "
                    "no hooks; remove it with the handle that registering it gave, or put what it does into a forward "
                    "(a hook that only looks on is a function without a return)."
                )
    for hook in _global_hooks():
        if may_change(hook):
            raise InputError(
                f"The forward hook {_name(hook)} stands on all modules (torch.nn.modules.module) and may change what "
                "they compute, and a graph has no hooks; remove it with the handle that registering it gave."
            )


@contextmanager
def without_hooks(network: nn.Module) -> Iterator[None]:
    """Within it no forward hook of `network`, nor of all modules, runs: none of them sees the values of a trace."""
    tables = [getattr(module, name) for module in network.modules() for name in REGISTERED]
    tables += [getattr(torch_module, f"_global{name}") for name in REGISTERED]
    kept = [(table, dict(table)) for table in tables if table]
    for table, _ in kept:
        table.clear()
    try:
        yield
    finally:
        for table, hooks in kept:
            table.update(hooks)


def may_change(hook: Callable[..., Any]) -> bool:
    """Whether `hook` returns something, or changes what it is given in place, as far as its code shows."""
    function = inspect.unwrap(getattr(hook, "func", hook))  # of functools.partial
    function = getattr(function, "__func__", function)
    if not inspect.isfunction(function):
        function = vars(type(hook)).get("__call__")
    code = getattr(function, "__code__", None)
    if code is None or inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        return True
    in_place = any(name.endswith("_") and not name.endswith("__") for name in code.co_names)
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    before: dis.Instruction | None = None
    for now in dis.get_instructions(code):
        if now.opname == "RETURN_CONST" and now.argval is not None:
            return True
        nothing = before is not None and before.opname == "LOAD_CONST" and before.argval is None
        if now.opname == "RETURN_VALUE" and (now.is_jump_target or not nothing):
            return True
        if before is not None and _is_augmented(before) and now.opname.startswith("STORE_FAST"):
            stored = now.argval if isinstance(now.argval, tuple) else (now.argval,)  # with what follows, from 3.13
            if stored[0] in given:
                return True
        before = now
    return in_place


def _is_augmented(instruction: dis.Instruction) -> bool:
    """Whether it is the operation of `x += y` and the like, by its name up to Python 3.10 and by its sign from 3.11."""
    return instruction.opname.startswith("INPLACE_") or (
        instruction.opname == "BINARY_OP" and instruction.argrepr.endswith("=")
    )


def _hooks(module: nn.Module) -> list[Callable[..., Any]]:
    return [hook for name in REGISTERED for hook in getattr(module, name).values()]


def _global_hooks() -> list[Callable[..., Any]]:
    return [hook for name in REGISTERED for hook in getattr(torch_module, f"_global{name}").values()]


def _of_lazy(hook: Callable[..., Any]) -> bool:
    """Whether torch has put it on a layer that waits for its first input."""
    return getattr(hook, "__func__", None) is LazyModuleMixin._infer_parameters


def _name(hook: Callable[..., Any]) -> str:
    return str(getattr(hook, "__qualname__", type(hook).__name__)).rsplit(".", 1)[-1]
