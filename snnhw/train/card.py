"""The card of a trained network, `model.json` beside the weights it describes; read without torch."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from snnhw.errors import InputError
from snnhw.gates.plain_text import read_json, shown
from snnhw.gates.regular import read_bytes

LARGEST_INPUT = 2**24  # values of one frame, as of 2,048 x 2,048 pixels in four channels
WEIGHTS, CARD = "model.safetensors", "model.json"


@dataclass(frozen=True)
class Card:
    """The origin of a trained network: model, data, recipe, versions and accuracy."""

    model: str  # name in snnhw.nn.models.MODELS
    arguments: Mapping[str, object]
    relu: bool
    parameters: int
    input_shape: tuple[int, ...]  # (C, H, W)
    timesteps: int
    classes: int
    data: str
    data_checksum: str  # sha256 of the training split
    test_checksum: str
    accuracy: float  # on the test split, measured once at the end
    validation_accuracy: float | None
    seed: int
    seconds: float
    command: str
    recipe: Mapping[str, object]
    versions: Mapping[str, str] = field(default_factory=dict)
    weights_checksum: str = ""  # sha256 of model.safetensors
    note: str = ""
    pruned: Mapping[str, object] = field(default_factory=dict)  # of a pruned network: from what, which channels, why

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


KINDS: Mapping[str, tuple[type, ...]] = {  # of the values in the file
    **dict.fromkeys(("model", "data", "data_checksum", "test_checksum", "command", "weights_checksum", "note"), (str,)),
    **dict.fromkeys(("arguments", "recipe", "versions", "pruned"), (dict,)),
    **dict.fromkeys(("parameters", "timesteps", "classes", "seed"), (int,)),
    **dict.fromkeys(("accuracy", "seconds"), (int, float)),
    "validation_accuracy": (int, float, type(None)),
    "relu": (bool,),
    "input_shape": (tuple,),
}


def read_card(path: Path | str) -> tuple[Card, bytes]:
    """Card of a finished run, and the file of weights that belongs to it.

    Raises:
        InputError: the folder holds no finished run, or weights and card do not belong together.
    """
    path = Path(path)
    if not os.path.exists(path / CARD) or not os.path.exists(path / WEIGHTS):
        raise InputError(f"{path} holds no finished run ({CARD} and {WEIGHTS}); train one with snnhw train.")
    remedy = "train the run again"
    try:
        card = _card_from(read_json(path / CARD, "card", remedy))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path / CARD} is not a card of this version ({error}); {remedy}.") from error
    weights = read_bytes(path / WEIGHTS, "file of weights", remedy)
    if hashlib.sha256(weights).hexdigest() != card.weights_checksum:
        raise InputError(f"{path / WEIGHTS} is not the file its card describes; copy both from the same run.")
    return card, weights


def read_own_card(path: Path) -> None:
    """Nothing, where the file is a card, of whatever version.

    Raises:
        InputError: it is something else, which a run must not replace.
    """
    try:
        values = read_json(path, "card", "choose another folder")
    except InputError as error:
        raise InputError(f"{path} is no card of a run ({error}); choose another folder.") from error
    if not isinstance(values, dict) or not {"model", "weights_checksum"} <= set(values):
        raise InputError(f"{path} is no card of a run; choose another folder.")


def _card_from(values: object) -> Card:
    """Card from plain values.

    Raises:
        ValueError: they are no table, a value is of another type, or the input is larger than any camera's.
        TypeError: a key is missing or unknown.
    """
    if not isinstance(values, dict):
        raise ValueError("it is no table")
    shape = values.get("input_shape")
    if isinstance(shape, list):
        values = {**values, "input_shape": tuple(shape)}
    for key, kinds in KINDS.items():
        value = values.get(key)
        if key in values and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise ValueError(f"{key} is {shown(value)}")
    card = Card(**values)
    sizes = card.input_shape
    if len(sizes) != 3 or not all(type(n) is int and n > 0 for n in sizes) or math.prod(sizes) > LARGEST_INPUT:
        raise ValueError(f"input_shape is {shown(list(sizes))}")
    return card
