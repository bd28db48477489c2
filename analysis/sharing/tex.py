"""Any text as LaTeX that prints it: what LaTeX would read as a command is spelt out."""

from __future__ import annotations

import re

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
LIGATURES = re.compile(r"(?<=[-\u2013])(?=[-\u2013])|(?<=['\"\u2019])(?=['\"\u2019])|(?<=[`!?])(?=`)|(?<=,)(?=,)")
BREAK = "{}"  # between two signs that a font would draw as one: -- is a dash, ?` a Spanish question mark


def tex(text: str) -> str:
    """`text` for the body of a LaTeX document in UTF-8; what is no ASCII beyond `SPECIAL` stays as it is."""
    return BREAK.join("".join(SPECIAL.get(sign, sign) for sign in part) for part in LIGATURES.split(text))
