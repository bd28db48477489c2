"""A figure as SVG: colours and fonts of the page around it, values on hover, and texts as they were given."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from snnhw.analysis.report import plots
from snnhw.analysis.report.hover import say
from snnhw.analysis.report.svg import to_svg


def test_charts_take_fonts_and_colours_from_the_page(html):
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert "<text" in svg
        assert "font-family" not in svg
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", svg)) <= {"#ffffff"}


def test_two_drawings_of_one_chart_are_the_same_text_and_ids_carry_its_name(report):
    first, second = (to_svg(plots.rates_chart(report.counts), "rates") for _ in range(2))
    assert first == second
    assert re.match(r"<svg [^>]*viewBox=", first) and not re.match(r"<svg [^>]*(width|height)=", first)
    other = to_svg(plots.rates_chart(report.counts), "other")
    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (first, other)]
    assert not ids[0] & ids[1]


def drawing(text: str) -> str:
    figure, axes = plots.canvas(200, 100)
    (bar,) = axes.barh([0], [1.0])
    say(bar, text)
    axes.text(0, 0, "0.00123 pJ")
    return to_svg(figure, "one")


@pytest.mark.parametrize("text", ["0.0347 spikes", "<b> & \"quoted\" 'one' -->", "#0072b2"])
def test_a_value_is_told_as_it_was_said(text):
    svg = drawing(text)
    (title,) = re.findall(r'<g class="v"><title>([^<]*)</title>', svg)
    assert unescape(title) == text and "<b>" not in svg
    assert ">0.00123 pJ<" in svg  # no digit of a label is lost either


PLAIN = re.findall("<(/?[a-z]+)", drawing("one"))


@settings(max_examples=10)
@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn", "Co")), min_size=1))
@example("\"'>")
def test_no_text_leaves_its_title(text):
    assert re.findall("<(/?[a-z]+)", drawing(text)) == PLAIN


def test_both_kinds_of_quotes_are_told():
    (title,) = re.findall(r"<title>([^<]*)</title>", drawing("\"a\" 'b'"))
    assert unescape(title) == "\"a\" 'b'"


def test_a_bar_is_written_as_short_as_it_can_be():
    figure, axes = plots.canvas(200, 100)
    axes.barh([0], [1.0])
    (bar,) = re.findall(r'd="M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H\1z"', to_svg(figure, "one"))
    left, bottom, right, top = map(float, bar)
    box = axes.patches[0].get_window_extent()
    assert (right - left, abs(bottom - top)) == pytest.approx((box.width, box.height), abs=0.02)
