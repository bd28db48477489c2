"""A badge for a README: energy per inference as a range, whose constants, which day; an SVG that asks no network."""

from __future__ import annotations

from html import escape

from snnhw.analysis.digits import range_text
from snnhw.analysis.report.report import Report

LEFT, RIGHT = "#4a4f57", "#0072b2"  # white text has a contrast of 8.2 and 5.2 on them
SIGN = 6.6  # CSS pixels that a character of 11 px takes, about
PAD = 12


def badge(report: Report) -> str:
    """One line in two fields: "energy, estimated" and "32-60 µJ, loihi1-davies2018, 2026-01-31"."""
    profile, found = next(iter(report.energy.items()))
    left = "energy per inference, estimated"
    right = f"{range_text(found.per_inference, 'J')}, {profile}, {report.stamp.day}"
    widths = [round(len(text) * SIGN + PAD) for text in (left, right)]
    text = escape(f"{left}: {right}")
    shown = [
        f'<rect x="{x}" width="{width}" height="20" fill="{colour}"/>'
        f'<text x="{x + width / 2:g}" y="14" textLength="{width - PAD}">{escape(words)}</text>'
        for x, width, colour, words in ((0, widths[0], LEFT, left), (widths[0], widths[1], RIGHT, right))
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sum(widths)}" height="20" role="img" aria-label="{text}">'
        f'<title>{text}</title><g fill="#fff" text-anchor="middle" font-family="Verdana, DejaVu Sans, sans-serif" '
        f'font-size="11">{"".join(shown)}</g></svg>\n'
    )
