"""What the arguments of a network may be, before anything is built: their types, and the size they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.gates.memory import check_size
from snnhw.gates.plain_text import shown

MOST_TIMESTEPS = 10_000
MOST_CHANNELS = 65_536  # also of classes and of neurons in a layer
MOST_ENTRIES = 1_000  # of a list, and of blocks in all stages
WORDS: Mapping[object, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def check_arguments(name: str, network: type[nn.Module], arguments: Mapping[str, object]) -> None:
    """Nothing, where `network(**arguments)` is a network that this machine can hold.

    Raises:
        InputError: an argument is of another type, or larger than any network needs or than the memory allows.
    """
    hints = get_type_hints(network.__init__)
    for key, value in arguments.items():
        wanted = _fault(key, value, hints[key])
        if wanted is not None:
            raise InputError(f"Model {name!r} cannot be built with {key} = {shown(value)}; give {wanted}.")
    with torch.device("meta"):  # shapes without content
        made = network(**arguments)
    check_size(sum(tensor.numel() * tensor.element_size() for tensor in made.state_dict().values()), f"Model {name!r}")


def _fault(key: str, value: object, hint: Any) -> str | None:
    """What `value` should be; None where it is."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        return None if isinstance(value, str) and value in choices else " or ".join(map(repr, choices))
    if get_origin(hint) is Mapping:
        _, entry = get_args(hint)
        if not isinstance(value, Mapping) or len(value) > MOST_ENTRIES or not all(isinstance(at, str) for at in value):
            return f"a table of at most {MOST_ENTRIES} names"
        fault = next((wanted for item in value.values() if (wanted := _fault(key, item, entry)) is not None), None)
        return None if fault is None else f"a table of which each entry is {fault}"
    if get_origin(hint) is Sequence:
        (entry,) = get_args(hint)
        if not isinstance(value, list | tuple) or len(value) > MOST_ENTRIES:
            return f"a list of at most {MOST_ENTRIES}"
        fault = next((wanted for item in value if (wanted := _fault(key, item, entry)) is not None), None)
        if fault is None and key == "blocks" and sum(value) > MOST_ENTRIES:
            return f"at most {MOST_ENTRIES} blocks"
        return None if fault is None else f"a list of which each is {fault}"
    if not isinstance(value, _kind(hint)) or (isinstance(value, bool) and hint is not bool):
        return WORDS[hint]
    most = MOST_TIMESTEPS if key == "timesteps" else MOST_CHANNELS
    if isinstance(value, Integral) and hint is int and int(value) > most:
        return f"a whole number of at most {most}"
    return None


def _kind(hint: object) -> type:
    return {int: Integral, float: Real}.get(hint, hint)  # type: ignore[call-overload, no-any-return]
