"""BibTeX of every source that a price in a report rests on, of snnhw itself, and of nothing else.

A profile names its sources in prose; `hardware/references.py` holds what is known of each. A source that is not in it
becomes an entry whose title is that prose, so that none is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.references import Reference, known_references, references
from snnhw.analysis.report.report import Report
from snnhw.analysis.sharing.tex import tex

HEAD = "% References by snnhw: every source of a price in the report."  # BibTeX skips what stands between entries
TOOL = "snnhw"  # key of the entry of this program


def references_of(source: str) -> tuple[Reference, ...]:
    """The entries that a source in prose names, or one made of the prose."""
    known = known_references(source)
    if known:
        return known
    key = "-".join(re.findall(r"[a-z0-9]+", source.lower())[:4]) or "source"
    return (Reference(key, "misc", {"key": key, "title": f"{{{tex(source)}}}"}),)


def constants(report: Report) -> tuple[Constant, ...]:
    """Every constant that prices the network or a twin, with static power and without."""
    estimates = [*report.energy.values()]
    estimates += [case.energy for cases in report.static.values() for case in cases.values()]
    terms = [term for found in estimates for term in found.terms]
    terms += [term for twins in report.ann.values() for twin in twins.values() for term in twin.terms]
    return tuple(dict.fromkeys(term.constant for term in terms))


def cited(used: Iterable[Constant]) -> tuple[Reference, ...]:
    """The entries of several constants, each once: of their values, then of where their ranges come from."""
    found: dict[str, Reference] = {}
    every = tuple(used)
    for constant in every:
        found |= {entry.key: entry for entry in references_of(constant.source) if entry.key not in found}
    for entry in references():
        if entry.key not in found and any(name in c.spread for name in entry.names for c in every):
            found[entry.key] = entry
    return tuple(found.values())


def bibtex(report: Report) -> str:
    """The .bib file: snnhw, then every source of `constants`."""
    version = report.stamp.versions.get("snnhw", "")
    fields = {
        "author": "{the snnhw authors}",
        "title": "{snnhw}: multi-level-firing spiking networks from {PyTorch} to neuromorphic hardware",
        "note": f"Version {tex(version)}",
        "year": report.stamp.date[:4],
    }
    entries = (Reference(TOOL, "misc", fields), *cited(constants(report)))
    return "\n\n".join((HEAD, *(entry.bibtex for entry in entries))) + "\n"
