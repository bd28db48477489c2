"""The page says what the JSON says, to every reader, from one file that asks no network."""

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from snnhw.analysis.digits import count_text, range_text, typical_text
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.profiles import MODELS, available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report import report as report_module
from snnhw.analysis.report.bill import bills
from snnhw.analysis.report.page import Family, Sources, family_name, render
from snnhw.analysis.report.verdict import precision_name
from snnhw.analysis.report.writing import write_report
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import sample_report

SCHEMA = json.loads(Path(report_module.__file__).with_name("report.schema.json").read_text())


def test_page_says_what_json_says(out, html):
    found, text = json.loads((out / "report.json").read_text()), Page(html).text
    for energy in found["energy"].values():
        assert range_text(Range(**energy["per_inference"]), "J") in text
        for sentence in (*energy["assumes"], *energy["excludes"]):
            assert sentence in text
    for layer in found["layers"]:
        assert layer["name"] in text
        assert count_text(layer["unit_synops"] / found["samples"]) in text
    for constant in (c for e in found["energy"].values() for t in e["terms"] for c in [t["constant"]]):
        assert constant.replace("_", " ") in text
    for checksum in (found["stamp"]["weights_checksum"], found["stamp"]["data_checksum"]):
        assert checksum in text


def test_page_is_well_formed_small_and_asks_no_network(html):
    page = Page(html)
    assert page.open == []
    assert len(html.encode()) < 1_000_000
    own = re.sub(r'src="data:[^"]*"|<a href="https://doi\.org/10\.[^"]*" rel="noreferrer">', "", html)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", own)
    for tag, attribute in (("a", "href"), ("use", "xlink:href"), ("img", "src"), ("script", "src"), ("link", "href")):
        for attrs in page.all(tag):
            assert attrs.get(attribute, "#").startswith(("#", "data:", "https://doi.org/10." if tag == "a" else "#"))


def test_sources_lead_to_their_publication(html):
    page = Page(html)
    links = [attrs for attrs in page.all("a") if not attrs["href"].startswith("#")]
    assert "https://doi.org/10.1109/MM.2018.112130359" in {attrs["href"] for attrs in links}
    assert {attrs["rel"] for attrs in links} == {"noreferrer"}


def test_no_paragraph_stands_twice(html):
    """Sentences of several profiles stand once; what figures say in two sizes is no paragraph."""
    blocks = re.findall(r"<(p|caption|figcaption|li)\b[^>]*>(.*?)</\1>", html, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]*>", " ", block).split()) for _, block in blocks]
    long = [text for text in texts if len(text) > 50]
    assert len(long) > 30 and len(set(long)) == len(long)


def test_everything_that_a_script_folds_is_open_in_the_file(html):
    """Readers without a script, and printers, see all of it; controls that need a script are hidden."""
    page = Page(html)
    assert len(page.all("details")) > 10 and all("open" in attrs for attrs in page.all("details"))
    controls = [attrs for _, attrs in page.tags if "tools" in attrs.get("class", "").split()]
    assert controls and all("hidden" in attrs for attrs in controls)
    kinds = [attrs["class"].split() for attrs in page.all("div") if "of" in attrs.get("class", "").split()]
    assert [("off" in kind, "block" in kind) for kind in kinds] == [(False, True), (True, True)]
    assert "<noscript><style>.block.off { display: block; }</style></noscript>" in html


def test_the_energy_of_every_layer_is_there_for_every_profile(report, html):
    for i, layer in enumerate(report.counts.layers, 1):
        start = html.index(f'<tr id="layer-{i}" data-layer="{layer.name}">')
        row = html[start : html.index("</tr>", start)]
        for name, found in report.energy.items():
            cell = re.search(rf'<td class="of n(?: off)?" data-profile="{name}"[^>]*>([^<]*)</td>', row)
            assert cell[1] == (range_text(found.layers[layer.name], "J") if layer.name in found.layers else "")
        assert html.count(f'<a href="#layer-{i}" class="v box"') == 2  # the picture for a desk and for a telephone


def test_every_link_has_its_target_and_no_id_is_used_twice(html):
    page = Page(html)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        for reference in ("href", "xlink:href"):
            if attrs.get(reference, "").startswith("#"):
                assert attrs[reference][1:] in ids
    assert set(re.findall(r"url\(#([^)]*)\)", html)) <= set(ids)


def test_page_can_be_read_without_seeing_it(html):
    page = Page(html)
    assert [a["lang"] for a in page.all("html")] == ["en"]
    assert len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all("scope" in attrs for attrs in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) >= 4
    pictures = [attrs for _, attrs in page.tags if attrs.get("role") in ("img", "group")]
    assert len(pictures) == len(page.all("svg")) > 0
    assert [a["class"] for a in pictures if a["role"] == "group"] == ["wide", "narrow"]  # it has links inside
    assert all(attrs["aria-label"] for attrs in pictures)


def test_first_screen_gives_verdict_accuracy_and_fidelity(html, report):
    first = Page(html[: html.index('id="energy"')]).words
    text = " ".join(first)
    assert "98.1\u202f%" in text
    assert "97.8\u202f%" in text
    assert "spike-exact" in text
    assert all(energy.profile.title in text for energy in report.energy.values())


def test_first_screen_sets_static_power_beside_the_work_and_says_what_binds(html, report):
    text = Page(html[: html.index('id="energy"')]).text
    (bill, other) = bills(report.energy, report.static, report.floorline)
    assert bill.sentence in text and other.note in text
    for energy in (bill.without, *bill.with_static.values()):
        assert range_text(energy, "J") in text
    floor = report.floorline["loihi1-davies2018"]
    assert floor.sentence in text and range_text(floor.sample, "s") in text
    assert "covers the work of the cores in use" in text and "core_dynamic" not in text


def test_first_screen_says_what_would_help_as_json_does(out, html, report):
    words = " ".join(Page(html[: html.index('id="energy"')]).text.split())
    first, *others = json.loads((out / "report.json").read_text())["advice"].values()
    assert [action["code"] for action in first] == [a.code for a in next(iter(report.advice.values()))] and others
    for action, shown in zip(first, next(iter(report.advice.values())), strict=True):
        for part in (action["text"], action["command"], action["accuracy"], shown.worth, shown.covers):
            assert " ".join(part.split()) in words
        if shown.worth:
            assert " ".join(f"{'Would save' if shown.warns else 'Saves'} {shown.worth}".split()) in words
        if shown.saves is not None:
            assert action["saves"]["share"] == shown.saves.share.to_dict()
    assert "deploy-shared" in [action["code"] for action in first]


def test_the_busiest_core_of_every_layer_is_on_the_page(html, report):
    floor, text = report.floorline["loihi1-davies2018"], Page(html).text
    table = html[html.index("The busiest core of each layer on loihi1-davies2018") :]
    rows = table[: table.index("</table>")].split("<tr data-layer=")[1:]
    assert len(rows) == len(floor.layers) == len(report.counts.layers)
    for row, layer in zip(rows, floor.layers, strict=True):
        assert layer.place.layer in row and range_text(Range.exact(layer.compute), "s") in row
    assert f"a step takes at least {range_text(floor.step, 's')}" in text
    assert "Not known, and taken as none: message in time, message out time." in text


def test_the_width_of_the_weights_that_synapse_memory_counts_is_said(html):
    assert "own 64-bit weights; chips store fewer bits" in Page(html).text


def test_break_even_of_every_layer_is_on_the_page(report, out, html):
    """At its rate a layer costs what the twin's layer costs; the page has one table per profile, one row per layer."""
    found, text = json.loads((out / "report.json").read_text())["breakeven"]["layers"], Page(html).text
    assert set(found) == set(report.energy)
    for name, twins in found.items():
        assert set(twins) == set(report.ann[name])
        for key, layers in twins.items():
            assert [layer["name"] for layer in layers] == [c.name for c in report.counts.layers if c.dense_macs]
            for layer in layers:
                spent = [t for t in report.energy[name].terms if t.layer == layer["name"]]
                moving = sum(t.energy.typical for t in spent if t.by_spikes)
                fixed = sum(t.energy.typical for t in spent) - moving
                twin = report.ann[name][key].layers[layer["name"]].typical
                rate = layer["break_even_rate"]
                if rate is None:
                    assert moving == 0 or fixed > twin
                else:
                    assert fixed + moving * rate / layer["rate"] == pytest.approx(twin)
                    assert layer["break_even_rate_range"]["typical"] == rate
                    steps = Range(**layer["break_even_steps_range"])
                    assert f"{typical_text(Range(**layer['break_even_rate_range']))}; {typical_text(steps)}" in text
        assert f"Break-even by layer on {name}" in html


def test_every_energy_of_the_page_is_a_sum_of_traced_terms(report, out, html):
    """Each has formula, count, constant and source; network and twins alike, and the page lists the parts."""
    found, text = json.loads((out / "report.json").read_text()), Page(html).text
    priced = [*found["energy"].values(), *(twin for twins in found["ann"].values() for twin in twins.values())]
    assert len(priced) > 6
    for one in priced:
        assert all(t["formula"] and t["source"] and t["constant"] for t in one["terms"])
        for end in ("low", "typical", "high"):
            assert sum(t["energy"][end] for t in one["terms"]) == pytest.approx(one["per_inference"][end], rel=1e-12)
    for name, twins in report.ann.items():
        for key, twin in twins.items():
            assert f"ANN twin {precision_name(key)} for {name}" in text
            assert range_text(twin.per_inference, "J") in text


def test_static_power_and_latency_have_their_footnotes(html):
    """Power, time per operation and barrier: each row of the table leads to the constants that it is made of."""
    table = html[html.index("With static = without static") :]
    rows = [row for row in table[: table.index("</table>")].split("<tr>") if "loihi1-davies2018" in row]
    notes = dict(re.findall(r'<li id="(source-\d+)"><code>loihi1-davies2018</code> ([a-z ]+) =', html))
    found = [{notes[note] for note in re.findall(r'href="#(source-\d+)"', row)} for row in rows]
    assert found == [{"static chip", "synop time", "neuron time", "barrier time"}, {"static chip", "step time"}]


def test_raster_of_one_sample_shows_every_unit(html, report):
    pictures = [a for a in Page(html).all("img") if a["src"].startswith("data:image/png")]
    assert len(pictures) == sum(bool(layer.spikes) for layer in report.counts.layers)
    assert all(a["alt"] for a in pictures)


def test_every_model_of_energy_makes_a_page(tmp_path):
    """One profile of each in one report: the contract holds, and what prices anything is a footnote."""
    by_model = {load_profile(name).model: name for name in available_profiles()}
    # Of one network alone, and of reads: tests/workflows/test_measure.py, tests/analysis/crossbar/test_pricing.py
    assert set(by_model) == set(MODELS) - {"measured", "crossbar", "crossbar_cycles"}
    many = sample_report(complete=False, profiles=tuple(by_model.values()), chips=())
    html = write_report(many, tmp_path).read_text()
    page, linkless = Page(html), Page(re.sub(r"</?a\b[^>]*>", "", html))
    found = json.loads((tmp_path / "report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    notes = linkless.text[linkless.text.index("Every constant that a number") :]
    for name, energy in many.energy.items():
        for constant in {t.constant.source for t in energy.terms}:
            assert constant in notes, name
    assert "a step of 1 ms" in notes  # not a factor of a term, but the length of a sample on Speck
    assert range_text(Range.exact(many.counts.timesteps * 1e-3), "s") in page.text


def test_names_from_files_cannot_inject_markup(tmp_path):
    evil = "<script>alert(1)</script>"
    remark = Finding("code", "info", "node", evil, evil)
    html = write_report(sample_report(complete=False, name=evil, findings=(remark,)), tmp_path)
    assert evil not in html.read_text()
    assert "&lt;script&gt;alert(1)" in html.read_text()


@pytest.mark.parametrize(
    ("constant", "name"),
    [("synop_time", "synop time"), ("access to 8192 words", "access to words"), ("sram_8k", "sram 8k"), ("mac", "mac")],
)
def test_a_family_is_called_without_the_sizes_of_its_members(constant, name):
    assert family_name(constant) == name


def constant(value, low=None, high=None, **changes):
    """In pJ, as a profile states it."""
    low, high = value if low is None else low, value if high is None else high
    values = {
        "name": "access to 64 words", "range": Range(low * 1e-12, value * 1e-12, high * 1e-12), "dimension": "J",
        "unit": "pJ", "printed": value, "technology_nm": 45.0, "source": "paper", "table": "1", "kind": "measured",
        "confidence": "high",
    }  # fmt: skip
    return Constant(**{**values, **changes})


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ([constant(23.6)], "23.6 pJ"),
        ([constant(23.6, 20, 30)], "23.6 (20\u201330) pJ"),
        ([constant(1.23456)], "1.23 pJ"),
        ([constant(1.23456, follows="a curve")], "1.2 pJ"),
        ([constant(5.0), constant(20.0, 10, 30)], "5 to 20 (5\u201330) pJ"),
        ([constant(5.0), constant(5.0)], "5 pJ"),
    ],
)
def test_a_family_shows_the_values_and_the_whole_range_of_its_members(members, text):
    assert Family("profile", "access to words", tuple(members)).text == text.replace(" pJ", "\u202fpJ")


def test_footnotes_are_numbered_by_family():
    first, second = (Family(p, "access to words", (constant(1.0),)) for p in ("a", "b"))
    sources = Sources((first, second))
    assert (sources.number(first), sources.number(second)) == (1, 2)
    assert sources.family("b", "access to 4096 words") is second


def test_a_page_without_jinja_names_the_remedy(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InputError, match=r"needs jinja2; pip install 'snnhw\[report\]'"):
        render(report)


def test_one_report_is_one_page_to_the_last_character(report, html):
    assert render(report) == html
