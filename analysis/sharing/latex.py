"""The tables of a report for a paper: LaTeX with booktabs, every number a range, every source cited.

The keys of citations are those of `bibliography.py`. What was assumed and what an energy covers stands in the caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from snnhw.analysis.report.overview import COLUMNS, UNITS, Overview
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.verdict import lines, twin_sentence
from snnhw.analysis.sharing.bibliography import TOOL, cited
from snnhw.analysis.sharing.tex import tex

HEAD = "% Tables by snnhw. They need \\usepackage{booktabs}; the references are in sources.bib (--bibtex).\n"


def latex(report: Report) -> str:
    """The .tex file: energies beside the twins, then the layers; to be taken into a document as it is."""
    return HEAD + "\n" + _energies(report) + "\n" + _layers(report)


def _energies(report: Report) -> str:
    rows, said = [], []
    for line in lines(report):
        keys = ",".join(entry.key for entry in cited(term.constant for term in report.energy[line.profile].terms))
        constants = f", constants of~\\cite{{{keys}}}" if keys else ""
        said.append(f"{tex(line.profile)}: {tex(line.covers)}{constants}")
        first = [tex(line.profile), tex(line.energy)]
        for rival in line.rivals or (None,):
            twin = ("",) * 3 if rival is None else (f"{rival.precision}, {rival.covers}", rival.energy, rival.ratio)
            rows.append([*first, *(tex(text) for text in twin)])
            first = ["", ""]
    caption = (
        f"{tex(_what(report))} Energy per inference, low to high, estimated with snnhw~\\cite{{{TOOL}}}. "
        f"{'; '.join(said)}. {tex(twin_sentence(report))}"
    )
    heads = ("Profile", "SNN", "ANN twin", "Twin", "SNN over ANN")
    return _table(caption, f"{_label(report)}-energy", "lrlrr", heads, rows)


def _layers(report: Report) -> str:
    found = Overview(report)
    rows = [[tex(cell) for cell in row.cells] for row in found.rows]
    caption = f"{tex(_what(report))} {tex(UNITS)} Energies: {tex(found.profile)}."
    spec = "".join("r" if column.right else "l" for column in COLUMNS)
    last = [tex(cell) for cell in found.totals]
    return _table(caption, f"{_label(report)}-layers", spec, [column.name for column in COLUMNS], rows, last)


def _what(report: Report) -> str:
    """What was run, and what had to be assumed."""
    counts = report.counts
    assumed = "; ".join(f"{found.subject}: {found.text}" for found in report.assumptions)
    run = f"{report.model.name} on {counts.samples:,} samples of {report.stamp.data}, T = {counts.timesteps}."
    return f"{run} Assumed: {assumed}." if assumed else run


def _label(report: Report) -> str:
    return "tab:" + (re.sub(r"[^A-Za-z0-9]+", "-", report.model.name).strip("-") or "network")


def _table(
    caption: str,
    label: str,
    columns: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    last: Sequence[str] = (),
) -> str:
    shown = [
        r"\begin{table}",
        r"  \centering",
        r"  \footnotesize",
        r"  \setlength{\tabcolsep}{4pt}",
        f"  \\caption{{{caption}}}",
        f"  \\label{{{label}}}",
    ]
    shown += [f"  \\begin{{tabular}}{{{columns}}}", r"    \toprule", f"    {' & '.join(heads)} \\\\", r"    \midrule"]
    shown += [f"    {' & '.join(row)} \\\\" for row in rows]
    if last:
        shown += [r"    \midrule", f"    {' & '.join(last)} \\\\"]
    return "\n".join([*shown, r"    \bottomrule", r"  \end{tabular}", r"\end{table}"]) + "\n"
