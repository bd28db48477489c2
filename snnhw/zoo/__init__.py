"""Small trained networks: one run folder each, weights and card, so that nobody must train to try."""

from __future__ import annotations

from pathlib import Path

from snnhw.errors import unknown
from snnhw.train.card import CARD, Card, read_card

FOLDER = Path(__file__).parent


def zoo_names() -> tuple[str, ...]:
    """Networks that come with the package."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob(f"*/{CARD}")))


def zoo_path(name: str) -> Path:
    """Run folder of a network, for `load_run`.

    Raises:
        InputError: there is no such network.
    """
    if name not in zoo_names():
        raise unknown("zoo network", name, zoo_names())
    return FOLDER / name


def zoo_cards() -> tuple[Card, ...]:
    """Cards of all networks, by name."""
    return tuple(read_card(zoo_path(name))[0] for name in zoo_names())
