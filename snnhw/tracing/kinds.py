"""Which known kind a module is: its own class, or the parent of which it changes nothing that computes.

A class made from `torch.nn.Linear` that overrides `forward` computes something else and is never taken for one; a class
that adds a constructor is one. Classes that torch makes for parametrised modules are what they are made from.
"""

from __future__ import annotations

from collections.abc import Collection

from torch import nn
from torch.nn.utils import parametrize

# What a class may say anew and still compute the same; the values come from the instance.
HARMLESS = {
    "__init__",
    "__setstate__",
    "_load_from_state_dict",
    "_save_to_state_dict",
    "extra_repr",
    "reset_parameters",
    "reset_running_stats",
}


def class_of(module: nn.Module) -> type[nn.Module]:
    """The class that its author gave it: without what parametrising it adds."""
    kind = type(module)
    if parametrize.is_parametrized(module):
        kind = kind.__bases__[0]
    return kind


def kind_of(module: nn.Module, known: Collection[type[nn.Module]]) -> type[nn.Module] | None:
    """The class of `known` that `module` computes as, None where there is none."""
    own = class_of(module)
    parent = next((kind for kind in own.__mro__ if kind in known), None)
    if parent is None or _methods(parent) & set(vars(module)):  # a method that was put on this one instance
        return None
    return parent if _same_methods(own, parent) and _has_its_forward(parent) else None


def changed_parent(module: nn.Module, known: Collection[type[nn.Module]]) -> type[nn.Module] | None:
    """The class of `known` that `module` is made from and computes otherwise than, None where there is none."""
    parent = next((kind for kind in class_of(module).__mro__ if kind in known), None)
    return parent if kind_of(module, known) is None else None


def _same_methods(own: type[nn.Module], parent: type[nn.Module]) -> bool:
    """True where no function that `parent` computes with is replaced in `own`."""
    names = {*_methods(parent), "__call__", "_call_impl"}
    return all(getattr(own, name) is getattr(parent, name) for name in names)


def _methods(parent: type[nn.Module]) -> set[str]:
    """Names of the functions that `parent` computes with."""
    above = parent.__mro__[: parent.__mro__.index(nn.Module)]
    return {name for kind in above for name, value in vars(kind).items() if callable(value)} - HARMLESS | {"forward"}


def _has_its_forward(parent: type[nn.Module]) -> bool:
    """Whether the forward of `parent` comes from the file of the class that says it, and was not put there later."""
    kind = next(kind for kind in parent.__mro__ if "forward" in vars(kind))
    return str(vars(kind)["forward"].__module__) == kind.__module__
