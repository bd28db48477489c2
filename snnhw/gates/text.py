"""Text from files on its way out: one function for each place where some characters mean more than themselves."""

from __future__ import annotations

import re
import unicodedata

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - what spreadsheets calculate
LONGEST_NAME = 160  # bytes of a file's name, which may have 255 with its ending
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, direction and half characters, separators of lines
SAFE_HIDDEN = "\n\u200d\ufe0f"  # ends of lines, and what joins the parts of a picture


def visible(text: str) -> str:
    r"""For a terminal: what would move the cursor, colour the screen or turn the direction is spelt out, as "\\x1b"."""
    return "".join(
        c if c in SAFE_HIDDEN or unicodedata.category(c) not in HIDDEN else c.encode("unicode_escape").decode()
        for c in text
    )


def csv_cell(text: str) -> str:
    """For CSV: a text that a spreadsheet would calculate gets an apostrophe in front."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def file_name(text: str) -> str:
    """For a path: letters, digits, blanks, dots and dashes of `text`, not hidden and not leading elsewhere."""
    kept = re.sub(r"[^\w .-]", "_", text).lstrip(".- ")
    return kept.encode()[:LONGEST_NAME].decode(errors="ignore").rstrip(" .") or "unnamed"
