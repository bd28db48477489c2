"""Values that hold large arrays show themselves in a few lines, and in notebooks as a small table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Summary:
    """What is worth knowing of a value at a glance: a title and rows of a word and its value."""

    title: str
    rows: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The title, and below it one line per row."""
        width = max((len(word) for word, _ in self.rows), default=0)
        return "\n".join([self.title, *(f"  {word:<{width}}  {value}" for word, value in self.rows)])

    @property
    def html(self) -> str:
        """The same as a table."""
        rows = "".join(
            f'<tr><th style="text-align: left">{escape(word)}</th>'
            f'<td style="text-align: left">{escape(value)}</td></tr>'
            for word, value in self.rows
        )
        return f'<table><caption style="text-align: left">{escape(self.title)}</caption>{rows}</table>'


class Summarised(ABC):
    """A value that shows its summary wherever Python or a notebook prints it; a dataclass needs `repr=False` for it."""

    @abstractmethod
    def summary(self) -> Summary:
        """Shapes and totals, at most eleven rows."""

    def __repr__(self) -> str:
        return self.summary().text

    def _repr_html_(self) -> str:
        return self.summary().html


def shape_text(shape: tuple[int, ...]) -> str:
    """Sizes as people write them: "359 x 1 x 8 x 8"."""
    return " x ".join(map(str, shape)) or "one number"
