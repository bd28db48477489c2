"""A figure of matplotlib as SVG that takes its colours and fonts from the page around it, with values on hover."""

from __future__ import annotations

import io
import re

from snnhw.analysis.report.hover import titled
from snnhw.analysis.report.plots import ANN, INK, LEVELS, MUTED, RULE, SNN, Figure

VARIABLES = {
    INK: "--ink", MUTED: "--muted", RULE: "--rule", SNN: "--snn", ANN: "--ann",
    **{colour: f"--level{k + 1}" for k, colour in enumerate(LEVELS)},
}  # fmt: skip
NUMBER = r"(-?[\d.]+)"
RECTANGLE = rf'd="M {NUMBER} {NUMBER} L {NUMBER} \2 L \3 {NUMBER} L \1 \4 z ?"'  # as matplotlib writes a bar


def to_svg(figure: Figure, name: str) -> str:
    """The figure as an <svg> element without fixed size, font or colours; `name` keeps its ids apart from others'."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for artist in figure.findobj(Text):
        artist.set_parse_math(False)  # a dollar in a name begins no formula
    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = titled(text.getvalue())
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<g) id="[^"]*"', r"\1", svg)
    svg = re.sub(r"<g>\s*<path[^>]*style=\"fill: none\"/>\s*</g>|<g/>", "", svg)
    svg = re.sub(r' (xmlns|xmlns:xlink|version)="[^"]*"', "", svg)
    svg = re.sub(r"<[^>]*>", _tag, svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _tag(match: re.Match[str]) -> str:
    """A tag with the fonts and colours of the page and no more decimals than a screen shows; texts stay as they are."""
    tag = re.sub(r"font-family: [^;\"]*;?|font: (?:bold )?(?=\d)", _font, match[0])
    tag = re.sub(r"(\d+px) (?:'[^']*'(?:, )?|[A-Za-z-]+(?:, )?)+(?=;|\")", r"\1", tag)
    for colour, variable in VARIABLES.items():
        tag = tag.replace(colour, f"var({variable})")
    tag = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", re.sub(r"(\d+\.\d\d)\d+", r"\1", tag))
    return re.sub(RECTANGLE, r'd="M\1 \2H\3V\4H\1z"', re.sub(r"\s*\n\s*", " ", tag))


def _font(match: re.Match[str]) -> str:
    return "font-weight: bold; font-size: " if "bold" in match[0] else "font-size: " if "font: " in match[0] else ""
