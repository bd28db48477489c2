import csv
import dataclasses
import json
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from snnhw.analysis.digits import count_text, range_text, typical_text
from snnhw.analysis.energy.breakeven import spikes_per_synapse
from snnhw.analysis.hardware import chips
from snnhw.analysis.hardware.profiles import MODELS, available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report import plots
from snnhw.analysis.report import report as report_module
from snnhw.analysis.report.report import make_report
from snnhw.analysis.report.verdict import precision_name
from snnhw.analysis.report.writing import plain, write_report
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.passes import DEPLOYMENTS
from tests.analysis.report_sample import ACCURACY, sample_report

SCHEMA = json.loads(Path(report_module.__file__).with_name("report.schema.json").read_text())
VOID = {"meta", "link", "br", "img"}


@pytest.fixture(scope="module")
def report():
    return sample_report()


@pytest.fixture(scope="module")
def out(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert write_report(report, folder) == folder / "report.html"
    return folder


@pytest.fixture(scope="module")
def html(out):
    return (out / "report.html").read_text()


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether every tag is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(self.words)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def test_json_keeps_the_contract(report, out):
    found = json.loads((out / "report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found == plain(report.to_dict())


@pytest.mark.parametrize("missing", ["stamp", "layers", "totals", "energy", "fidelity"])
def test_schema_refuses_a_report_that_lacks_a_block(out, missing):
    found = json.loads((out / "report.json").read_text())
    del found[missing]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_totals_are_the_sums_of_the_layers(out):
    found = json.loads((out / "report.json").read_text())
    for key in ("events", "unit_synops", "replicated_synops", "macs", "neuron_updates", "dense_macs"):
        assert found["totals"][key] == sum(layer[key] for layer in found["layers"]) > 0
    for k, total in enumerate(found["totals"]["spikes"]):
        assert total == sum(layer["spikes"][k] for layer in found["layers"] if layer["spikes"])


def test_csv_files_say_what_json_says(out):
    found = json.loads((out / "report.json").read_text())
    with (out / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["name"], int(r["unit_synops"]), int(r["events"])) for r in rows] == [
        (layer["name"], layer["unit_synops"], layer["events"]) for layer in found["layers"]
    ]
    with (out / "energy.csv").open() as file:
        parts = list(csv.DictReader(file))
    for profile, energy in found["energy"].items():
        for end in ("low", "typical", "high"):
            summed = sum(float(r[f"{end}_j"]) for r in parts if r["profile"] == profile)
            assert summed == pytest.approx(energy["per_inference"][end], rel=1e-12)


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
    assert len(html.encode()) < 2_000_000
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", re.sub(r'src="data:[^"]*"', "", html))
    for tag, attribute in (("a", "href"), ("use", "xlink:href"), ("img", "src"), ("script", "src"), ("link", "href")):
        for attrs in page.all(tag):
            assert attrs.get(attribute, "#").startswith(("#", "data:"))


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
    pictures = [attrs for _, attrs in page.tags if attrs.get("role") == "img"]
    assert len(pictures) == len(page.all("svg")) > 0
    assert all(attrs["aria-label"] for attrs in pictures)


def test_charts_take_fonts_and_colours_from_the_page(html):
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert "<text" in svg
        assert "font-family" not in svg
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", svg)) <= {"#ffffff"}


def test_narrow_charts_tell_all_layers_apart(html, report):
    narrow = re.findall(r'<div class="narrow".*?</svg>', html, re.DOTALL)[1:]
    names = [layer.name for layer in report.counts.layers if layer.spikes]
    deep = [f"stage{s}_block{b}_{u}" for s in (1, 2) for b in (1, 12) for u in ("mlf1", "mlf2", "shortcut_mlf")]
    assert all(f">{name}</text>" in narrow[-2] for name in names)
    assert len({plots._short(name, plots.NARROW) for name in deep}) == len(deep)
    assert all(len(plots._short(name, plots.NARROW)) <= plots.LABEL + 2 for name in deep)


def test_first_screen_gives_verdict_accuracy_and_fidelity(html, report):
    first = Page(html[: html.index('id="energy"')]).words
    text = " ".join(first)
    assert "98.1\u202f%" in text
    assert "97.8\u202f%" in text
    assert "spike-exact" in text
    assert all(energy.profile.title in text for energy in report.energy.values())


def test_deployments_carry_the_energy_that_the_profile_gives_them(report, out):
    found = json.loads((out / "report.json").read_text())
    assert set(found["deployments"]) == set(DEPLOYMENTS)
    assert found["deployments"]["channels"]["synops"] == found["totals"]["replicated_synops"]
    assert found["deployments"]["graded"]["synops"] == found["totals"]["events"]
    for name, estimate in report.energy.items():
        priced = found["deployments"][estimate.deployment]["energy"][name]
        assert priced == {"unit": "J", **estimate.per_inference.to_dict()}


def test_break_even_lies_where_network_and_twin_cost_the_same(report, out):
    found = json.loads((out / "report.json").read_text())["breakeven"]
    assert [bound["measured"] for bound in found["bounds"]] == [spikes_per_synapse(report.counts)] * 3
    for name, points in found["profiles"].items():
        by_spikes = sum(t.energy.typical for t in report.energy[name].terms if t.by_spikes)
        fixed = report.energy[name].per_inference.typical - by_spikes
        for precision, point in points.items():
            twin = report.ann[name][precision].per_inference.typical
            if point["break_even_rate"] is None:
                assert fixed > twin
            else:
                assert fixed + by_spikes * point["break_even_rate"] / point["rate"] == pytest.approx(twin)


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


def test_matched_quantised_twin_appears_with_the_sparsity_of_the_relu_twin(report, tmp_path):
    bits = math.ceil(math.log2(report.model.levels * report.model.timesteps + 1))
    html = write_report(sample_report(complete=False, sparsity=0.5), tmp_path).read_text()
    found = json.loads((tmp_path / "report.json").read_text())
    for name, twins in found["ann"].items():
        scopes = ("", ", with memory") if name == "loihi1-davies2018" else ("",)
        assert list(twins) == [f"{p}{s}" for p in ("fp32", "int8", f"int{bits}, matched") for s in scopes]
        assert set(found["breakeven"]["profiles"][name]) == set(twins)
    assert f"Against ANN matched INT{bits}" in html
    assert f"ANN matched INT{bits}</text>" in html
    for twin in twins.values():
        assert all(sentence in Page(html).text for sentence in twin["assumes"])


def test_sensitivity_names_every_constant_that_has_a_range(report, out):
    found = json.loads((out / "report.json").read_text())
    for name, swings in found["sensitivity"].items():
        terms = report.energy[name].terms
        assert {s["constant"] for s in swings} == {t.constant.name for t in terms}
        assert sum(s["share"] for s in swings) == pytest.approx(1)
        assert [s["width"] for s in swings] == sorted((s["width"] for s in swings), reverse=True)


def test_errors_of_the_convention_are_told_in_file_and_page(report, out, html):
    found, text = json.loads((out / "report.json").read_text())["convention"], Page(html).text
    assert found["flops"] > found["dense_macs"] == report.counts.total("dense_macs")
    assert len(found["errors"]) == 4 and all(sentence in text for sentence in found["errors"])
    profile = report.energy["horowitz45-fp32"].profile
    assert f"{range_text(Range.exact(report.convention.energy(profile)), 'J')} on horowitz45-fp32" in text


def test_levels_relays_and_sampling_are_in_file_and_page(report, out, html):
    found, text = json.loads((out / "report.json").read_text()), Page(html).text
    names = [variant["name"] for variant in found["levels"]]
    assert names[:3] == ["as it is", "without level 1", "without level 2"] and len(names) > report.model.levels + 1
    assert found["levels"][0]["energy"] == found["energy"]["loihi1-davies2018"]["per_inference"]
    assert all(name in text for name in names) and 'id="advice"' in html
    assert found["relays"]
    for relay in found["relays"]:
        assert relay["merged_low"] <= relay["merged_high"] <= relay["branch_events"]
        assert count_text(relay["branch_events"] / found["samples"]) in text
    for name, sampled in found["sampling"].items():
        whole = found["energy"][name]["per_inference"]
        assert whole["low"] <= sampled["p5"] <= sampled["p50"] <= sampled["p95"] <= whole["high"]
        assert range_text(Range(sampled["p5"], sampled["p50"], sampled["p95"]), "J") in text


def test_static_power_and_latency_have_their_footnotes(html):
    """Power, time per operation and barrier: each row of the table leads to the constants that it is made of."""
    table = html[html.index("With static = without static") :]
    rows = [row for row in table[: table.index("</table>")].split("<tr>") if "loihi1-davies2018" in row]
    notes = dict(re.findall(r'<li id="(source-\d+)"><code>loihi1-davies2018</code> ([a-z ]+) =', html))
    found = [{notes[note] for note in re.findall(r'href="#(source-\d+)"', row)} for row in rows]
    assert found == [{"static chip", "synop time", "neuron time", "barrier time"}, {"static chip", "step time"}]


def test_static_power_adds_chips_times_time_times_power(report, out):
    found = json.loads((out / "report.json").read_text())
    cases = found["static"]["loihi1-davies2018"]
    assert set(cases) == {"batch1", "realtime"}
    assert set(found["static"]) == {"loihi1-davies2018"}
    moving = found["deployments"]["channels"]["energy"]["loihi1-davies2018"]["typical"]
    for case in cases.values():
        assert case["chips"] == found["mapping"]["loihi1"]["chips"]
        watts = report.energy["loihi1-davies2018"].profile["static_chip"].typical
        added = case["chips"] * case["seconds"]["typical"] * watts
        assert case["per_inference"]["typical"] == pytest.approx(moving + added)


def test_chip_that_cannot_hold_a_neuron_is_told_and_left_out(tmp_path):
    tiny = tmp_path / "tiny.toml"
    text = (chips.FOLDER / "loihi1.toml").read_text()
    tiny.write_text(text.replace("memory_bits_per_core = 1048576", "memory_bits_per_core = 64"))
    report = sample_report(complete=False, chips=(tiny, "loihi2"))
    assert list(report.mapping) == ["loihi2"]
    assert [finding.code for finding in report.findings] == ["does-not-map"]
    assert "does-not-map" not in write_report(report, tmp_path).read_text()
    assert report.findings[0].message in Page((tmp_path / "report.html").read_text()).text


def test_raster_of_one_sample_shows_every_unit(html, report):
    pictures = [a for a in Page(html).all("img") if a["src"].startswith("data:image/png")]
    assert len(pictures) == sum(bool(layer.spikes) for layer in report.counts.layers)
    assert all(a["alt"] for a in pictures)


def test_every_model_of_energy_makes_a_page(tmp_path):
    """One profile of each in one report: the contract holds, and what prices anything is a footnote."""
    by_model = {load_profile(name).model: name for name in available_profiles()}
    assert set(by_model) == set(MODELS)
    many = sample_report(complete=False, profiles=tuple(by_model.values()), chips=())
    page = Page(write_report(many, tmp_path).read_text())
    found = json.loads((tmp_path / "report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    notes = page.text[page.text.index("Every constant that a number") :]
    for name, energy in many.energy.items():
        for constant in {t.constant.source for t in energy.terms}:
            assert constant in notes, name
    assert "a step of 1 ms" in notes  # not a factor of a term, but the length of a sample on Speck
    assert range_text(Range.exact(many.counts.timesteps * 1e-3), "s") in page.text


def test_sections_without_input_are_left_out(tmp_path):
    bare = sample_report(complete=False)
    html = write_report(bare, tmp_path).read_text()
    found = json.loads((tmp_path / "report.json").read_text())
    jsonschema.validate(found, SCHEMA)
    assert (found["accuracy"], found["fidelity"]) == (None, {})
    for section in ("fidelity", "quantisation", "strips", "advice"):
        assert f'id="{section}"' not in html and f'class="{section}"' not in html
    assert "Accuracy" not in html


def test_accuracy_of_the_contract_is_that_of_the_first_stage(report):
    assert report.to_dict()["accuracy"] == ACCURACY["float"]
    assert report.to_dict()["accuracy_by_stage"] == ACCURACY


def test_names_from_files_cannot_inject_markup(tmp_path):
    evil = "<script>alert(1)</script>"
    remark = Finding("code", "info", "node", evil, evil)
    html = write_report(sample_report(complete=False, name=evil, findings=(remark,)), tmp_path)
    assert evil not in html.read_text()
    assert "&lt;script&gt;alert(1)" in html.read_text()


def test_numbers_that_json_lacks_become_null():
    assert plain({"a": (float("nan"), float("inf"), 1.5, "x", None)}) == {"a": [None, None, 1.5, "x", None]}


def test_report_without_a_profile_is_refused():
    with pytest.raises(InputError, match="--profile"):
        sample_report(complete=False, profiles=())


def test_two_profiles_of_one_name_are_refused(report):
    real = load_profile("loihi1-davies2018")
    mine = dataclasses.replace(load_profile("loihi2"), name=real.name)
    with pytest.raises(InputError, match="Two different profiles are called 'loihi1-davies2018'"):
        make_report(report.graph, report.counts, (real, mine), report.stamp)
    assert list(make_report(report.graph, report.counts, (real, real), report.stamp, chips=()).energy) == [real.name]


def test_report_into_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"):
        write_report(sample_report(complete=False), tmp_path / "file" / "report")
