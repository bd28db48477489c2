"""Sentences that several profiles or twins share, each once with the names of those that it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One sentence."""

    text: str
    names: tuple[str, ...]  # of whom it is said
    of_all: bool


def said_once(texts: Mapping[str, Iterable[str]]) -> tuple[Said, ...]:
    """Every different sentence of `texts`, those of all first, otherwise in the order in which they come."""
    found: dict[str, list[str]] = {}
    for name, sentences in texts.items():
        for sentence in dict.fromkeys(sentences):
            found.setdefault(sentence, []).append(name)
    said = [Said(text, tuple(names), len(names) == len(texts)) for text, names in found.items()]
    return tuple(sorted(said, key=lambda one: not one.of_all))
