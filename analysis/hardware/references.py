"""What is known of the publications that profiles name in prose: an entry for BibTeX, and a DOI to link to.

Takes the prose of a source; gives its entries, or the prose in pieces of which some are links. Nothing is looked up in
a network: `references.toml` holds all that is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from snnhw.gates.plain_text import read_toml

FILE = Path(__file__).with_name("references.toml")
DOI = "https://doi.org/"
DOI_IN_PROSE = r"\b10\.\d{4,9}/[-._;()/:A-Za-z0-9]*[A-Za-z0-9]"
ARXIV = r"\barXiv:(\d{4}\.\d{4,5})\b"
ARXIV_DOI = "10.48550/arXiv."


@dataclass(frozen=True)
class Reference:
    """One entry; the fields are LaTeX already."""

    key: str
    type: str
    fields: Mapping[str, str]
    names: tuple[str, ...] = ()  # parts of the prose by which profiles name it

    @property
    def bibtex(self) -> str:
        """The entry as it stands in a .bib file."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.type}{{{self.key},", *lines, "}"])


class Piece(NamedTuple):
    """A part of the prose of a source."""

    text: str
    address: str  # of the publication that this part names; empty where none is known


@cache
def references() -> tuple[Reference, ...]:
    """All that are known."""
    found = cast("Mapping[str, Mapping[str, Any]]", read_toml(FILE, "bibliography", "mend the installation"))
    return tuple(
        Reference(
            key,
            entry["type"],
            {name: text for name, text in entry.items() if name not in ("names", "type")},
            tuple(entry["names"]),
        )
        for key, entry in found.items()
    )


def known_references(source: str) -> tuple[Reference, ...]:
    """The entries that a source in prose names."""
    return tuple(entry for entry in references() if any(name in source for name in entry.names))


def pieces(source: str) -> tuple[Piece, ...]:
    """The prose in pieces: known publications, and DOIs and arXiv numbers that the prose gives, have addresses."""
    with_doi = {name: entry.fields["doi"] for entry in references() if "doi" in entry.fields for name in entry.names}
    names = "|".join(map(re.escape, sorted(with_doi, key=len, reverse=True)))  # the longest that fits
    found, end = [], 0
    for match in re.finditer(f"({names})|({DOI_IN_PROSE})|{ARXIV}", source):
        name, doi, arxiv = match.groups()
        doi = with_doi[name] if name else doi or ARXIV_DOI + arxiv
        found += [Piece(source[end : match.start()], ""), Piece(match[0], DOI + quote(doi, safe="/():;.-_"))]
        end = match.end()
    return tuple(piece for piece in (*found, Piece(source[end:], "")) if piece.text)
