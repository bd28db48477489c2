"""FILE.py:NAME or module:NAME: a network, a ReLU twin or data that a Python file of the user's own builds.

NAME is what is wanted, such as a torch module, or a class or a function without arguments that gives it. The file is
run, as Python would run it under another name; what it prints goes to standard error. How large a frame of a network is
and how many steps a sample lasts say, in this order: the command line, the attributes `input_shape` and `timesteps` of
the network, the constants INPUT_SHAPE and TIMESTEPS of the file.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from snnhw.errors import InputError
from snnhw.gates.regular import open_regular


def is_script(source: str) -> bool:
    """Whether a user names a Python file, or a name in a file or in a module."""
    place, colon, name = source.rpartition(":")
    if source.endswith(".py") or place.endswith(".py"):
        return True
    return bool(colon) and name.isidentifier() and all(part.isidentifier() for part in place.split("."))


@dataclass(frozen=True)
class Script:
    """What a Python file holds after it was run, and what the user names in it."""

    source: str  # as the user names it
    name: str
    module: ModuleType
    found: Any

    def said(self, option: Any, key: str) -> Any:
        """What the command line, the network or a constant of the file says; None where none of them does."""
        values = (option, getattr(self.found, key, None), getattr(self.module, key.upper(), None))
        return next((value for value in values if value), None)

    def frame(self, option: Any) -> tuple[int, ...]:
        """The size of a frame.

        Raises:
            InputError: nothing says it.
        """
        shape = self.said(option, "input_shape")
        if not isinstance(shape, tuple | list) or not all(isinstance(n, int) and n > 0 for n in shape):
            raise InputError(
                f"{self.source} does not say how large a frame is; give --input-shape C,H,W, or write "
                "INPUT_SHAPE = (C, H, W) in the file."
            )
        return tuple(shape)


def run_script(source: str, kinds: tuple[type, ...], wanted: str = "a torch module") -> Script:
    """The script that `source` names, run, and one of `kinds` from it: what NAME is, or what it gives when called.

    Args:
        source: FILE.py:NAME or module:NAME.
        kinds: what it may be.
        wanted: the same in words.

    Raises:
        InputError: there is no such file or name, its code fails, or it gives something else.
    """
    place, _, name = (source, "", "") if source.endswith(".py") else source.rpartition(":")
    with redirect_stdout(sys.stderr):
        script = _run(place)
        found = _built(source, script, name, kinds)
    if not isinstance(found, kinds):
        raise InputError(f"{source} is of type {type(found).__name__}; name {wanted}, or what gives it.")
    return Script(source, name, script, found)


def _run(place: str) -> ModuleType:
    """The module of a file or of a dotted name, after its code has run."""
    if not place.endswith(".py"):
        with _found_from(Path.cwd()), _told(place):
            if importlib.util.find_spec(place.partition(".")[0]) is None:
                raise InputError(
                    f"There is no Python module {place}; give FILE.py:NAME or the name of a module that is there."
                )
            return importlib.import_module(place)
    path = Path(place)
    open_regular(path, "Python file", "give the path of a .py file").close()
    spec = importlib.util.spec_from_file_location(f"snnhw_script_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{place} cannot be run; give a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where pickles and dataclasses look for it
    with _found_from(path.resolve().parent), _told(place):
        spec.loader.exec_module(module)
    return module


def _built(source: str, script: ModuleType, name: str, kinds: tuple[type, ...]) -> Any:
    """What `name` is in `script`, called where it is a class or a function."""
    if not name or not hasattr(script, name):
        known = ", ".join(_candidates(script, kinds)) or "nothing of that kind"
        what = f"has no {name}" if name else "is a file, of which one name is needed, as in FILE.py:NAME"
        raise InputError(f"{source} {what}; it has {known}.")
    found = getattr(script, name)
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return found
    needed = _needed(found)
    if needed:
        raise InputError(f"{source} needs the arguments {', '.join(needed)}; name a function without arguments.")
    with _told(source):
        return found()


def _candidates(script: ModuleType, kinds: tuple[type, ...]) -> list[str]:
    """Names in a script that may be asked for."""

    def fits(value: Any) -> bool:
        own = getattr(value, "__module__", None) == script.__name__
        built = inspect.isfunction(value) or (isinstance(value, type) and issubclass(value, kinds))
        return isinstance(value, kinds) or (built and own and not _needed(value))

    return [name for name, value in vars(script).items() if not name.startswith("_") and fits(value)]


def _needed(found: Callable[..., Any]) -> list[str]:
    """Arguments without a default."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    given = inspect.signature(found).parameters.values()
    return [p.name for p in given if p.default is p.empty and p.kind not in kinds]


@contextmanager
def _found_from(folder: Path) -> Iterator[None]:
    """Within it, imports also find what lies in `folder`."""
    sys.path.insert(0, os.fspath(folder))
    try:
        yield
    finally:
        sys.path.remove(os.fspath(folder))


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Whatever the user's code raises within it, as one sentence that names the line."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
        own = [f for f in frames if "importlib" not in f.filename]
        where = f"{Path(own[-1].filename).name} line {own[-1].lineno}, " if own else ""
        reason = str(error).strip().splitlines() or [""]
        raise InputError(f"{place} fails ({where}{type(error).__name__}: {reason[0]}); mend it.") from error
