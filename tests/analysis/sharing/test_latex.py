"""The tables of a paper: a structure that LaTeX takes, the texts of the report in it, keys that the .bib file has."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from snnhw.analysis.report.overview import COLUMNS, Overview
from snnhw.analysis.report.verdict import lines
from snnhw.analysis.sharing.bibliography import bibtex
from snnhw.analysis.sharing.latex import latex
from snnhw.analysis.sharing.tex import tex
from snnhw.graph.finding import Finding
from tests.analysis.report_sample import sample_report
from tests.analysis.sharing.bib import entries

TOLD = (Finding("dt-assumed", "warning", "", "the file does not say dt_x; 5 % & <more>", "give --dt"),)


@pytest.fixture(scope="module")
def report():
    profiles = ("loihi1-davies2018", "horowitz45-fp32", "speck", "lemaire45")
    return sample_report(complete=False, name="net_1 & 50 % #{more}", profiles=profiles, findings=TOLD)


def tabulars(text: str) -> list[tuple[int, list[list[str]]]]:
    """(columns, rows of cells) of each table; environments must nest and braces must close."""
    body = re.sub(r"(?<!\\)%.*", "", text)
    signs = re.findall(r"(?<!\\)[{}]", body)
    depth = 0
    for sign in signs:
        depth += 1 if sign == "{" else -1
        assert depth >= 0
    assert depth == 0
    open_ones = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", body):
        if kind == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []
    found = []
    for columns, inside in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end\{tabular\}", body, re.DOTALL):
        assert re.findall(r"\\\w*rule", inside)[:2] == [r"\toprule", r"\midrule"] and inside.strip().endswith("rule")
        rows = [row for row in re.sub(r"\\\w*rule", "", inside).split(r"\\") if row.strip()]
        found.append((len(columns), [[cell.strip() for cell in re.split(r"(?<!\\)&", row)] for row in rows]))
    return found


def test_every_row_has_as_many_cells_as_its_table_columns(report):
    (width, energies), (columns, layers) = tabulars(latex(report))
    assert all(len(row) == width for row in energies) and all(len(row) == columns for row in layers)
    assert columns == len(COLUMNS) and len(layers) == len(Overview(report).rows) + 2


def test_the_numbers_are_those_of_the_report(report):
    (_, (_, *energies)), (_, (_, *layers)) = tabulars(latex(report))
    shown = [row for row in energies if row[0]]
    assert [row[:2] for row in shown] == [[tex(line.profile), tex(line.energy)] for line in lines(report)]
    rivals = [(tex(rival.energy), tex(rival.ratio)) for line in lines(report) for rival in line.rivals]
    assert [tuple(row[3:]) for row in energies] == rivals
    found = Overview(report)
    assert layers == [[tex(cell) for cell in cells] for cells in (*(row.cells for row in found.rows), found.totals)]


def test_every_citation_is_in_the_bibliography_and_assumptions_are_said(report):
    text = latex(report)
    keys = {key for group in re.findall(r"\\cite\{([^}]*)\}", text) for key in group.split(",")}
    assert {"snnhw", "davies2018loihi", "horowitz2014computing", "yao2024spike"} <= keys <= set(entries(bibtex(report)))
    assert text.count(r"Assumed: time step: the file does not say dt\_x; 5 \% \& \textless{}more") == 2


@pytest.mark.very_slow  # for machines with TeX, which CI is none of: what it would refuse, the tests above find
def test_tex_sets_it_without_a_line_that_is_too_wide(report, tmp_path):
    assert shutil.which("pdflatex") and shutil.which("bibtex"), "install TeX with BibTeX and booktabs (texlive)"
    (tmp_path / "tables.tex").write_text(latex(report))
    (tmp_path / "sources.bib").write_text(bibtex(report))
    (tmp_path / "main.tex").write_text(
        "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\\input{tables}"
        "\\bibliographystyle{plain}\\bibliography{sources}\\end{document}"
    )
    run = ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex")
    for command in (run, ("bibtex", "main"), run, run):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout and "undefined" not in done.stdout
