"""Any text as LaTeX that prints it: what LaTeX would read as a command is spelt out."""

from __future__ import annotations

SPECIAL = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\u2013": "--",
    "\u2019": "'",
    "\u00d7": r"$\times$",
    "\u00b5": r"$\mu$",
    "\u00b7": r"$\cdot$",
    "\u00b2": r"$^2$",
    "\u202f": r"\,",
    '"': "''",
    "\n": " ",
}


def tex(text: str) -> str:
    """`text` for the body of a LaTeX document in UTF-8; what is no ASCII beyond `SPECIAL` stays as it is."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)
