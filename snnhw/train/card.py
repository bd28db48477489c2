"""The card of a trained network, `model.json` beside the weights it describes; read without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from snnhw.errors import InputError

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

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


def read_card(path: Path | str) -> tuple[Card, bytes]:
    """Card of a finished run, and the file of weights that belongs to it.

    Raises:
        InputError: the folder holds no finished run, or weights and card do not belong together.
    """
    path = Path(path)
    if not (path / CARD).is_file() or not (path / WEIGHTS).is_file():
        raise InputError(f"{path} holds no finished run ({CARD} and {WEIGHTS}); train one with snnhw train.")
    try:
        values = json.loads((path / CARD).read_text(encoding="utf-8"))
        card = Card(**{**values, "input_shape": tuple(values["input_shape"])})
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path / CARD} is not a card of this version ({error}); train the run again.") from error
    weights = (path / WEIGHTS).read_bytes()
    if hashlib.sha256(weights).hexdigest() != card.weights_checksum:
        raise InputError(f"{path / WEIGHTS} is not the file its card describes; copy both from the same run.")
    return card, weights
