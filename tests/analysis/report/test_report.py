import dataclasses
import gzip
import json
import math
from pathlib import Path

import jsonschema
import pytest

from snnhw.analysis.digits import count_text, range_text
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report import report as report_module
from snnhw.analysis.report.report import assemble
from snnhw.analysis.report.writing import plain, write_report
from snnhw.errors import InputError
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import ACCURACY, sample_report

EARLIEST = Path(__file__).parents[2] / "golden" / "report_2026_11.json.gz"
SCHEMA = json.loads(Path(report_module.__file__).with_name("report.schema.json").read_text())


def test_json_keeps_the_contract(report, out):
    found = json.loads((out / "report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert found == plain(report.to_dict())


def test_a_report_of_the_first_schema_is_valid_still():
    """Written by the code of that time, with every section; keys have only been added since."""
    found = json.loads(gzip.decompress(EARLIEST.read_bytes()))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert set(SCHEMA["required"]) <= set(found)
    assert all(found[key] for key in ("fidelity", "quantisation", "levels", "relays", "breakeven", "static"))


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


def test_report_without_a_profile_is_refused():
    with pytest.raises(InputError, match="--profile"):
        sample_report(complete=False, profiles=())


def test_two_profiles_of_one_name_are_refused(report):
    real = load_profile("loihi1-davies2018")
    mine = dataclasses.replace(load_profile("loihi2"), name=real.name)
    with pytest.raises(InputError, match="Two different profiles are called 'loihi1-davies2018'"):
        assemble(report.graph, report.counts, (real, mine), report.stamp)
    assert list(assemble(report.graph, report.counts, (real, real), report.stamp, chips=()).energy) == [real.name]
