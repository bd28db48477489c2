"""Fields of a raw NIR node, checked: numeric, finite, whole numbers where they must be; and what parsers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.finding import Finding, Severity
from snnhw.graph.firing import Reset
from snnhw.graph.ir import Array
from snnhw.graph.names import free_name
from snnhw.graph.shapes import Shape
from snnhw.nir.conventions import Form
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION, Convention

LONGEST = 100  # characters of a value in a message


@dataclass
class Context:
    """How a file is read, and the findings that parsers add to.

    `reset` is what was asked for, whatever the file says; `lift`: (channels, length) means (channels, 1, length);
    `currents`: neuron -> name of its synaptic current, where the file says it; `gain_per_step`: r = 1 of integrators
    is the gain of one step; `writer`: the framework that seems to have written the file, "" where it is not asked for;
    `written_by`: the one that the user names, "" for none.
    """

    dt: float
    form: Form = "euler"
    convention: Convention = CONVENTIONS[DEFAULT_CONVENTION]
    reset: Reset | None = None
    predates_reset: bool = False
    dt_assumed: bool = False
    gain_per_step: bool = False
    writer: str = ""
    written_by: str = ""
    lift: bool = False
    currents: Mapping[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)  # names of nodes, in the file and in the graph

    def find(self, code: str, severity: Severity, node: str, message: str, remedy: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, severity, node, message, remedy))

    def made_up(self, name: str) -> str:
        """A name for a node that the file does not hold, like `name` and free; it is taken from now on."""
        found = free_name(name, self.taken)
        self.taken.add(found)
        return found

    def lifted(self, shape: Shape) -> Shape:
        """`shape` as the typed graph has it."""
        return (shape[0], 1, shape[1]) if self.lift and len(shape) == 2 else shape


def shown(value: object) -> str:
    """What a file says, on one line of bounded length, for a message."""
    text = repr(value.ravel()[:LONGEST].tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def array_of(raw: RawNode, key: str, name: str, *, limits: bool = False) -> Array:
    """A numeric field, finite; with `limits` it may be positive infinity, which is the limit of a long time constant.

    Raises:
        InputError: missing, not numeric, or NaN or infinite somewhere.
    """
    if key not in raw.fields:
        raise InputError(f"Node {name!r} of type {shown(raw.type)} has no field {key!r}; write the file again.")
    value = np.asarray(raw.fields[key])
    if value.dtype.kind not in "fiub":
        raise InputError(f"Node {name!r}: field {key!r} is not numeric; write the file again.")
    value = value.astype(_usual(value.dtype), copy=False)
    if value.dtype.kind != "f":
        return value
    if np.isnan(value).any():
        raise InputError(f"Node {name!r}: field {key!r} holds NaN; export the trained weights again.")
    infinite = np.isneginf(value) if limits else np.isinf(value)
    if infinite.any():
        raise InputError(
            f"Node {name!r}: field {key!r} is infinite in {int(infinite.sum())} of {value.size} places; only a time "
            "constant together with its r may be, for a neuron that does not leak."
        )
    return value


def _usual(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of this machine that holds the values: torch takes no other byte order and no long doubles."""
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    native: np.dtype[Any] = dtype.newbyteorder("=")
    return native


def whole(raw: RawNode, key: str, name: str, least: int, default: int | None = None) -> int:
    """An integer field of at least `least`."""
    if key not in raw.fields and default is not None:
        return default
    return _integers(raw, key, name, 1, least)[0]


def pair(raw: RawNode, key: str, name: str, least: int) -> tuple[int, int]:
    """An integer field for (height, width); a single number counts for both."""
    found = _integers(raw, key, name, 2, least)
    return found[0], found[1]


def _integers(raw: RawNode, key: str, name: str, count: int, least: int) -> list[int]:
    value = array_of(raw, key, name)
    flat = value.reshape(-1)
    if flat.size not in (1, count) or (flat != np.round(flat)).any() or (flat < least).any() or (flat > 2**31).any():
        wanted = "a whole number" if count == 1 else f"one or {count} whole numbers"
        raise InputError(f"Node {name!r}: {key} is {shown(value)}; it must be {wanted} of at least {least}.")
    return [int(n) for n in np.broadcast_to(flat, (count,))]


def fitting(value: Array, key: str, name: str, arriving: Shape, context: Context) -> Array:
    """`value` as a single number or an array of the shape that arrives; [C, 1, 1] is spread over space.

    Raises:
        InputError: the shapes do not fit.
    """
    if value.size == 1:
        return value.reshape(())
    shape = context.lifted(value.shape)
    if shape == arriving or (value.shape[0] == 1 and context.lifted(value.shape[1:]) == arriving):  # a batch of one
        return value.reshape(arriving)
    if len(shape) == len(arriving) and shape == (arriving[0],) + (1,) * (len(arriving) - 1):
        return np.array(np.broadcast_to(value.reshape(shape), arriving))
    raise InputError(
        f"Node {name!r} has {key} of shape {list(value.shape)} but gets the shape {list(arriving)}; check the edges."
    )
