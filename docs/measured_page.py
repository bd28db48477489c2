"""The page measured.md, made when the documents are built: measurements of chips beside what the profiles predict."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.measured.bench import Held, goal, hold, misses, reasons, scores
from snnhw.analysis.measured.points import GRADES, measured_points
from snnhw.analysis.ranges import Range


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated page."""
    files.append(File.generated(config, "measured.md", content=measured_page()))
    return files


def measured_page() -> str:
    """Every measurement with its source, beside what the profiles predict of it."""
    rows = hold(measured_points(), [load_profile(name) for name in available_profiles()])
    found = scores(rows)
    lines = [
        "# Measured chips",
        "",
        f"{found['all'].points} measurements on {found['all'].chips} chips, from `analysis/measured/*.toml`,",
        "held against the profiles by `snnhw profiles --measured` (`--json`, `--plot FILE`). A prediction comes from",
        "the constants of the profile and the counts of the measured network; measurement and profile cover the same",
        "part of the machine, or they are not compared. A range wider than tenfold counts as a miss.",
        "",
        f"- Points that the profile owes nothing to: {found['independent'].sentence}",
        f"- All, with points that a constant was read off (*own*), which prove nothing: {found['all'].sentence}",
        "",
        goal(rows),
        "",
        *(f"- {sentence}." for sentence in misses(rows)),
        "",
        "Grades: " + "; ".join(f"`{grade}`, {text}" for grade, text in GRADES.items()) + ".",
        "",
        "| measurement | grade | covers | profile | measured | predicted | measured over typical | width | answer |",
        "|---|---|---|---|---:|---:|---:|---:|---|",
        *(_held(row) for row in rows if row.predicted is not None),
        "",
        "## Not predictable",
        "",
        *(f"- {reason}: {', '.join(point.id for point in points)}" for reason, points in reasons(rows).items()),
        "",
        "## Sources",
        "",
        "| measurement | chip | workload | value | covers | conditions | grade | source |",
        "|---|---|---|---:|---|---|---|---|",
    ]
    for point in dict.fromkeys(row.point for row in rows):
        of = f"{_cell(point.workload)} | {point.quantity} {point.printed:g} {point.unit} | {point.scope}"
        source = _cell(f"{point.source}; {point.table}")
        lines.append(f"| {point.id} | {point.chip} | {of} | {_cell(point.conditions)} | {point.grade} | {source} |")
    return "\n".join([*lines, ""])


def _held(row: Held) -> str:
    point, predicted = row.point, row.predicted or Range.exact(0.0)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    width = "" if row.width is None else f"{row.width:.1f}"
    cells = [point.id, point.grade, point.scope, f"`{row.profile}`", f"{point.printed:.3g} {point.unit}"]
    cells += [range_text(predicted, point.dimension), ratio, width, row.answer + ("" if row.independent else " (own)")]
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
