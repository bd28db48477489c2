"""Sentences that several profiles or twins share, each once, under the names of those that it holds for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The sentences of exactly these names."""

    names: tuple[str, ...]
    of_all: bool
    texts: tuple[str, ...]


def said_once(texts: Mapping[str, Iterable[str]]) -> tuple[Said, ...]:
    """Every different sentence of `texts` once: those of all first, then by names in the order in which they come."""
    by_text: dict[str, list[str]] = {}
    for name, sentences in texts.items():
        for sentence in dict.fromkeys(sentences):
            by_text.setdefault(sentence, []).append(name)
    by_names: dict[tuple[str, ...], list[str]] = {}
    for text, names in by_text.items():
        by_names.setdefault(tuple(names), []).append(text)
    said = [Said(names, len(names) == len(texts), tuple(found)) for names, found in by_names.items()]
    return tuple(sorted(said, key=lambda one: not one.of_all))
