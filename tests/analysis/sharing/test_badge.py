"""The badge: one line of SVG with range, profile and day, that lets no markup in and asks nothing of a network."""

from __future__ import annotations

from xml.etree import ElementTree

from snnhw.analysis.digits import range_text
from snnhw.analysis.sharing.badge import badge
from tests.analysis.report_sample import sample_report

SVG = "{http://www.w3.org/2000/svg}"


def test_it_says_how_much_by_whom_and_when():
    report = sample_report(complete=False)
    root = ElementTree.fromstring(badge(report))
    left, right = (text.text for text in root.iter(f"{SVG}text"))
    joules = range_text(report.energy["loihi1-davies2018"].per_inference, "J")
    assert left == "energy per inference, estimated"
    assert right == f"{joules}, loihi1-davies2018, {report.stamp.date[:10]}"
    assert root.get("aria-label") == root.find(f"{SVG}title").text == f"{left}: {right}"
    boxes = [(float(box.get("x")), float(box.get("width"))) for box in root.iter(f"{SVG}rect")]
    assert boxes[0][0] + boxes[0][1] == boxes[1][0] and sum(width for _, width in boxes) == float(root.get("width"))
    assert "href" not in badge(report)


def test_a_profile_of_any_name_is_text():
    report = sample_report(complete=False)
    (first, found), *_ = report.energy.items()
    object.__setattr__(report, "energy", {'<b>&"': found, first: found})
    assert '<b>&"' in [text.text for text in ElementTree.fromstring(badge(report)).iter(f"{SVG}text")][1]
