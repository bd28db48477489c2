"""The contents of a page: a chapter for what there is, none for what there is not, and a line that is true."""

from __future__ import annotations

import dataclasses

import pytest

from snnhw.analysis.digits import percent, range_text
from snnhw.analysis.report.chapters import CHAPTERS, chapters, differing
from snnhw.analysis.report.page import render
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import sample_report
from tests.nets import residual_net


def test_a_complete_report_has_every_chapter_in_the_order_of_the_page(report, html):
    found = chapters(report)
    assert list(found) == list(CHAPTERS)
    sections = [a["id"] for a in Page(html).all("section")]
    assert sections == ["verdict", *found]
    contents = html[html.index('<nav class="toc"') : html.index("</nav>")]
    assert [a["href"] for a in Page(contents).all("a")] == ["#top", *(f"#{key}" for key in found)]


def test_what_is_not_there_has_no_chapter_and_no_link():
    bare = dataclasses.replace(
        sample_report(complete=False, chips=()),
        graph=None,
        deployments={},
        relays=(),
        breakeven={},
        breakeven_layers={},
    )
    found = chapters(bare)
    assert list(found) == ["energy", "layers", "spikes", "limits", "sources", "stamp"]
    page = Page(render(bare))
    assert {a["href"] for a in page.all("a") if a["href"].startswith("#")} <= {
        f"#{i['id']}" for _, i in page.tags if "id" in i
    }


def test_the_lines_say_what_the_report_says(report):
    found = chapters(report)
    energy = report.energy["loihi1-davies2018"]
    (layer, most), *_ = sorted(energy.layers.items(), key=lambda item: -item[1].typical)
    assert (
        found["layers"].teaser
        == f"7 layers; {layer} takes {percent(most.typical / energy.per_inference.typical, 0)} of the energy"
    )
    cheapest = min(report.deployment_energy["loihi1-davies2018"].values(), key=lambda e: e.per_inference.typical)
    assert found["deployments"].teaser.startswith(range_text(cheapest.per_inference, "J"))
    assert found["fidelity"].teaser == "spike-exact" and found["chip"].teaser.startswith("7 cores of Loihi 1")
    assert found["energy"].teaser.endswith("% on loihi1-davies2018 is for synop")


@pytest.fixture(scope="module")
def single():
    return sample_report(complete=False, net=residual_net(levels=1, samples=2))


def test_levels_are_spoken_of_where_units_have_several_alone(single, html):
    first = render(single)
    words = Page(first).text
    for text in ("K·u", "levels K", "K binary channels", "By level", "spikes of level"):
        assert text not in words and text in Page(html).text
    assert "By layer" in words and "One sample" not in words


def test_deployments_are_a_chapter_where_they_differ_alone(report, single):
    assert differing(report.deployments)
    same = dict.fromkeys(("channels", "graded"), report.deployments["channels"])
    assert not differing(same) and not differing({}) and not differing(single.deployments)
    assert "relays" in chapters(single)
    assert "deployments" not in chapters(dataclasses.replace(single, deployments=same))
