"""Modules that can be called: `snnhw.simulate(graph, inputs)`, where `snnhw.simulate` is also a package.

Importing `snnhw.simulate.engine` binds the package to the name `simulate` of `snnhw`, before or after anybody asks for
the function of that name. Calling the module makes both orders mean the same.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def call_as(module: str, function: str) -> None:
    """Make the loaded `module` callable: a call is one of `function`, given as "module:name"."""
    home, name = function.split(":")

    class Verb(ModuleType):
        def __call__(self, *arguments: Any, **options: Any) -> Any:
            return getattr(import_module(home), name)(*arguments, **options)

    sys.modules[module].__class__ = Verb
