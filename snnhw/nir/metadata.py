"""What NIR has no field for, as one JSON string in the graph's metadata under the key `snnhw`.

Names of nodes are those of the typed graph. A reader that ignores the string still runs the network; ours uses it to
get exact parameters, units and levels, integers, the read-out and edge gains back.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from snnhw.graph.ir import LI, LIF, REDUCTIONS, Array, Input, LoihiLIF, Reduction, Window

KEY = "snnhw"
VERSION = 1
PARAMETERS = ("decay", "gain", "leak", "threshold", "v_reset")


@dataclass(frozen=True)
class Metadata:
    """Everything beside arrays and edges."""

    name: str
    timesteps: int
    dt: float
    dialect: str
    order: tuple[str, ...]  # of the nodes in the graph
    names: Mapping[str, str]  # name in the file -> name in the graph, where they differ
    input: Mapping[str, Any]
    reduction: Reduction
    neurons: Mapping[str, Mapping[str, Any]]
    carriers: Mapping[str, int] = field(default_factory=dict)  # node in the file that stands for edges -> their gain
    delays: tuple[tuple[str, str, int, int], ...] = ()  # edges (source, target, gain, delay) of pipelined hardware
    no_bias: tuple[str, ...] = ()  # synapses whose bias array stands for none
    bias_of: Mapping[str, str] = field(default_factory=dict)  # synapse whose bias is that of an integer neuron
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # convolutions written dense and square
    integers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # synapse -> dtypes of weight and bias
    folded_pool: Mapping[str, int] = field(default_factory=dict)  # linear -> inputs it had behind the pool it took in
    folded_conv: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # convolution -> `window_numbers`
    identities: tuple[str, ...] = ()  # synapses that only hardware needs
    currents: Mapping[str, str] = field(default_factory=dict)  # neuron of a CubaLIF -> its current in the graph
    longest: int | None = None  # the largest T for which the file is the network; None: any

    def to_json(self) -> str:
        """The string that goes into the file."""
        return json.dumps({"format": "snnhw-nir", "version": VERSION, **asdict(self)}, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Metadata:
        """The inverse of `to_json`.

        Raises:
            ValueError: not this format, a newer version, or a field is missing or of the wrong kind.
        """
        try:
            raw = json.loads(text)
            if raw["format"] != "snnhw-nir" or int(raw["version"]) > VERSION:
                raise ValueError("another format or a newer version")
            meta = Metadata(**{key: raw[key] for key in Metadata.__dataclass_fields__ if key in raw})
            return _checked(meta)
        except (TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            raise ValueError(f"incomplete or of the wrong kind ({error})") from error


def _checked(meta: Metadata) -> Metadata:
    levels, scale = meta.input["levels"], meta.input["scale"]
    described = {
        "levels": None if levels is None else int(levels),
        "scale": None if scale is None else float(scale),
        "bits": int(meta.input["bits"]),
    }
    timesteps, dt = int(meta.timesteps), float(meta.dt)
    if described["levels"] is not None and described["levels"] < 1:
        raise ValueError("events of at most 0 are none")
    longest = None if meta.longest is None else int(meta.longest)
    if timesteps < 1 or not 0 < dt < np.inf or meta.reduction not in REDUCTIONS:
        raise ValueError("a value is out of range")
    if longest is not None and longest < timesteps:
        raise ValueError("it holds for fewer steps than it says to last")
    return Metadata(
        name=str(meta.name),
        timesteps=timesteps,
        dt=dt,
        dialect=str(meta.dialect),
        order=tuple(str(n) for n in meta.order),
        names={str(k): str(v) for k, v in meta.names.items()},
        input=described,
        reduction=meta.reduction,
        neurons={str(k): dict(v) for k, v in meta.neurons.items()},
        carriers={str(k): int(v) for k, v in meta.carriers.items()},
        delays=tuple((str(a), str(b), int(gain), int(delay)) for a, b, gain, delay in meta.delays),
        no_bias=tuple(str(n) for n in meta.no_bias),
        bias_of={str(k): str(v) for k, v in meta.bias_of.items()},
        forms={str(k): dict(v) for k, v in meta.forms.items()},
        integers={str(k): {str(a): str(b) for a, b in v.items()} for k, v in meta.integers.items()},
        folded_pool={str(k): int(v) for k, v in meta.folded_pool.items()},
        folded_conv={str(k): _ten(v) for k, v in meta.folded_conv.items()},
        identities=tuple(str(n) for n in meta.identities),
        currents={str(k): str(v) for k, v in meta.currents.items()},
        longest=longest,
    )


def _ten(values: Sequence[Any]) -> tuple[int, ...]:
    if len(values) != 10:
        raise ValueError("a folded convolution is told by ten numbers")
    return tuple(int(v) for v in values)


def window_numbers(window: Window) -> tuple[int, ...]:
    """Size, kernel, stride, padding and dilation, each height before width: ten numbers."""
    return (*window.size, *window.kernel, *window.stride, *window.padding, *window.dilation)


def window_of(numbers: tuple[int, ...]) -> Window:
    """The inverse of `window_numbers`."""
    size, kernel, stride, padding, dilation = zip(numbers[::2], numbers[1::2], strict=True)
    return Window(size, kernel, stride, padding, dilation)


REGISTERS = ("threshold", "du", "dv")  # of integer neurons, numbers or arrays
UNSAID = ("taken_off", "start", "current_start")  # what a spike takes off, and first states, which NIR cannot say


def describe_input(node: Input) -> dict[str, Any]:
    """Fields of the input node beside its name and shape."""
    return {"levels": node.levels, "scale": node.scale, "bits": node.bits}


def describe_neuron(node: LIF | LI | LoihiLIF) -> dict[str, Any]:
    """Exact parameters; arrays of float neurons are left to the file, which holds them."""
    described: dict[str, Any] = {"kind": type(node).__name__}
    if isinstance(node, LIF | LoihiLIF):
        described |= {"unit": node.unit, "level": node.level}
    if isinstance(node, LoihiLIF):
        return described | {
            **{key: _written(getattr(node, key)) for key in REGISTERS},
            "bias_mant": _packed(node.bias_mant),
            "bias_exp": node.bias_exp,
            **({} if node.reset == "hard" else {"reset": node.reset}),
            **{key: _written(getattr(node, key)) for key in UNSAID if np.any(getattr(node, key))},
        }
    numbers = {key: getattr(node, key, None) for key in PARAMETERS}
    return described | {k: float(v) for k, v in numbers.items() if isinstance(v, float | int)}


def neuron_described(parsed: LIF | LI, entry: Mapping[str, Any]) -> LIF | LI | LoihiLIF:
    """The inverse of `describe_neuron`; `parsed` is the neuron as the file's arrays give it.

    Raises:
        ValueError: a field is missing or of the wrong kind.
    """
    try:
        if entry["kind"] == "LoihiLIF":
            if entry.get("reset", "hard") not in ("hard", "subtract"):
                raise ValueError("another reset")
            return LoihiLIF(
                name=parsed.name,
                shape=parsed.shape,
                **{key: _read(entry[key]) for key in REGISTERS},
                bias_mant=_unpacked(entry["bias_mant"]),
                bias_exp=int(entry["bias_exp"]),
                reset=entry.get("reset", "hard"),
                **{key: _read(entry[key]) for key in UNSAID if key in entry},
                unit=str(entry["unit"]),
                level=int(entry["level"]),
            )
        if entry["kind"] != type(parsed).__name__:
            raise ValueError("another kind of neuron")
        numbers: dict[str, Any] = {key: float(entry[key]) for key in PARAMETERS if key in entry}
        if isinstance(parsed, LIF):
            numbers |= {"unit": str(entry["unit"]), "level": int(entry["level"])}
        return dataclasses.replace(parsed, **numbers)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"the entry of {parsed.name} is incomplete or of the wrong kind ({error})") from error


def _written(value: int | Array) -> int | dict[str, Any]:
    return _packed(value) if isinstance(value, np.ndarray) else int(value)


def _read(entry: Any) -> int | Array:
    return _unpacked(entry) if isinstance(entry, Mapping) else int(entry)


def _packed(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "dtype": array.dtype.name, "values": array.ravel().tolist()}


def _unpacked(entry: Mapping[str, Any]) -> Array:
    values: Array = np.asarray(entry["values"], dtype=np.dtype(str(entry["dtype"])))
    if values.dtype.kind not in "iu":
        raise ValueError("integers are needed")
    return values.reshape([int(n) for n in entry["shape"]])
